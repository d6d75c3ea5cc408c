"""Did the PSP charge the account what the contract says for each movement of a batch? The last word on payout cases that agree, with day_cuts.

A line about the account belongs to its batch, so the batch's count of movements is what it is recomputed from. A batch that does not print such a line is
not asked for one. The traps: a line that a file printed twice, or a part given back, counted as another movement; and a fee that is right by the day but
not by the batch (all lines of a rule in a batch are added up first).
"""

from __future__ import annotations

from assets.reconciliation.bench import Bench
from assets.reconciliation.context import RunContext

_CHARGED = """
create table account_charge as
with printed as (
    select l.psp, l.account, l.batch_id, l.counted_currency as currency, r.rule_id, r.each_minor, r.counts, min(l.n) as n,
        -sum(l.counted_minor) as charged_minor
    from unclaimed l join account_fee r on r.psp = l.psp and r.account = l.account and r.currency = l.counted_currency
        and lower(l.raw_kind) glob r.raw_kind and l.booked_on >= r.since and l.booked_on < r.until
    where l.source = 'settlement' and l.batch_id is not null and l.kind in (select kind from account_kind)
    group by all
),
counted as (
    select psp, account, batch_id, kind, count(*) as movements from live
    where source = 'settlement' and amount_minor > 0 and batch_id is not null and kind in (select counts from account_fee)
        and n not in (select n from uncounted) group by all
)
select p.*, coalesce(c.movements, 0) as movements, p.each_minor * coalesce(c.movements, 0) as expected_minor, e.case_id
from printed p join ending e on e.n = p.n
    left join counted c on c.psp = p.psp and c.account = p.account and c.batch_id = p.batch_id and c.kind = p.counts
"""

_FINDINGS = """
insert into finding
select a.case_id, 'fee_variance', 'account', any_value(a.psp), any_value(a.account), any_value(c.currency), sum(c.charged_minor - c.expected_minor)::bigint,
    null, any_value(a.batch_id), 'payout', 'batch ' || any_value(a.batch_id),
    string_agg('charged ' || money(c.charged_minor, c.currency) || ', contract line ' || c.rule_id || ' says ' || money(c.expected_minor, c.currency)
        || ' for ' || c.movements || ' ' || c.counts, '; ' order by c.rule_id), null, null, null
from agreement a join account_charge c using (case_id) where c.charged_minor <> c.expected_minor group by a.case_id
"""


def apply(bench: Bench, context: RunContext) -> None:
    """Turn payouts that agree, but for a fee of the account, into findings."""
    if context.account_fees.is_empty():
        return
    bench.put("account_fee", context.account_fees)
    bench.run(_CHARGED)
    if bench.count("select count(*) from account_charge where charged_minor <> expected_minor"):
        bench.run(_FINDINGS, "delete from agreement where case_id in (select case_id from finding where break_class = 'fee_variance')")
