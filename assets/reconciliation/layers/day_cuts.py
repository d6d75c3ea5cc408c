"""Do our books and the PSP put an agreeing movement on the same business day? The last word on transaction cases, with after_close.

It looks at agreements only, so that no real difference hides behind a day. Our books and the PSP's activity report both tell when a movement happened; a
settlement line's day is its batch's and says nothing. Told as `cut_off`: the PSP's day is before ours (no lag explains that: sub class `early`),
after ours by more days than its lag (`late`), or another day for the very same instant (`zone`: one of the two cuts its days elsewhere).
The trap: a day's totals that differ by money that is on both sides, only on two days, and nobody can say which movements they are.
Source: reference LR §5.6; docs/decisions/0011-cut-off-reserves-negative-payouts.md.
"""

from __future__ import annotations

import polars as pl

from assets.reconciliation.bench import Bench
from assets.reconciliation.context import RunContext

_SHIFTED = """
create table shifted as
with apart as (
    select c.case_id, c.ledger_on, c.activity_on, c.kind, c.reference, l.days from tx_case c join lag l on l.psp = c.psp and l.account = c.account
    where c.ledger_on <> c.activity_on
),
timed as (
    select m.case_id, min(m.occurred_at) filter (where m.source = 'ledger') = min(m.occurred_at) filter (where m.source = 'activity') as is_same_instant
    from member m where m.case_id in (select case_id from apart) group by m.case_id
)
select a.*, case
    when t.is_same_instant then 'zone'
    when a.activity_on < a.ledger_on then 'early'
    when a.activity_on > a.ledger_on + a.days then 'late' end as why
from apart a join timed t using (case_id)
"""

_FINDINGS = """
insert into finding
select g.case_id, 'cut_off', s.why, g.psp, g.account, g.currency, g.amount_minor, null, g.batch_id, s.kind, s.reference,
    'in our books on ' || s.ledger_on || ', at the PSP on ' || s.activity_on, null, null, null
from agreement g join shifted s using (case_id) where s.why is not null
"""


def apply(bench: Bench, context: RunContext) -> None:
    """Turn agreements over two days into findings."""
    if not bench.count("select count(*) from tx_case where ledger_on <> activity_on"):
        return
    accounts = bench.frame("select distinct psp, account from tx_case order by all")
    rows = [(psp, account, context.terms_of(psp, account).activity_lag_days) for psp, account in accounts.iter_rows()]
    bench.put("lag", pl.DataFrame(rows, schema={"psp": pl.String(), "account": pl.String(), "days": pl.Int32()}, orient="row"))
    bench.run(_SHIFTED)
    if bench.count("select count(*) from shifted where why is not null"):
        bench.run(_FINDINGS, "delete from agreement where case_id in (select case_id from finding where break_class = 'cut_off')")
