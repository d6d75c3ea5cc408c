"""Did a case agree only thanks to what was known after its day was closed? Then it is told as `after_close`: open, and no break, until the next close.

The last word of the ladder: it looks at agreements only, so a break is never made milder by it. An item is late when a signed close of its PSP holds the
day it was booked on and had its watermark before the item was known, and no later close of that PSP has a watermark that covers it. The trap: a closed
day that quietly becomes better than what two people signed.
Source: reference LR §5.7.
"""

from __future__ import annotations

from assets.reconciliation.bench import Bench

_LATE = """
insert into finding
with late as (
    select a.case_id, min(i.item_key) as item_key, arg_min(i.source || ' line booked on the closed ' || cast(i.booked_on as varchar), i.item_key) as said
    from agreement a join ending e using (case_id) join open_item i on i.n = e.n
        join closed c on c.psp = a.psp and c.day = i.booked_on and i.known_at > c.watermark_at
    where i.known_at > (select max(m.watermark_at) from closed m where m.psp = a.psp)
    group by a.case_id
)
select a.case_id, 'after_close', null, a.psp, a.account, a.currency, a.amount_minor, null, a.batch_id, null, l.item_key, l.said, null, null, null
from agreement a join late l using (case_id)
"""


def apply(bench: Bench) -> None:
    """Turn agreements that came too late into findings."""
    if bench.count("select count(*) from closed"):
        bench.run(_LATE, "delete from agreement where case_id in (select case_id from finding where break_class = 'after_close')")
