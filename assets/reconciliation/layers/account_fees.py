"""Did the PSP charge the account what the contract says, for each movement of a batch and for each month? The last word on payout cases, with day_cuts.

A line about the account belongs to its batch, so the batch's count of movements is what it is recomputed from. A line about a month belongs to the month:
all of the account's lines for it are added up, over batches, and compared once; the case of the last of them that agrees otherwise says what is off. A batch
or month that does not print such a line is not asked for one. The traps: a line that a file printed twice, or a part given back, counted as another
movement; a fee that is right by the day but not by the batch; and a month charged twice, in two batches that are each right by themselves.
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


_MONTHLY = (
    """
    create table monthly_line as
    with printed as (
        select distinct l.n, l.psp, l.account, l.counted_currency as currency, r.rule_id, r.fixed_minor, r.minimum_minor, l.booked_on, l.batch_id,
            -l.counted_minor as charged_minor, r.since, r.until,
            cast(date_trunc('month', l.booked_on) - to_months(cast(r.months_in_arrears as integer)) as date) as month
        from unclaimed l join monthly_fee r on r.psp = l.psp and r.account = l.account and r.currency = l.counted_currency
            and lower(l.raw_kind) glob r.raw_kind
        where l.source = 'settlement' and l.kind in (select kind from account_kind)
    )
    select * from printed where month >= since and month < until
    """,
    # a minimum is of the fees that the month's lines print, in the currency they are printed in
    """
    create table monthly_charge as
    with charged as (
        select psp, account, currency, rule_id, month, fixed_minor, minimum_minor, sum(charged_minor)::bigint as charged_minor
        from monthly_line group by all
    ),
    paid as (
        select psp, account, counted_currency as currency, cast(date_trunc('month', booked_on) as date) as month, sum(fees_minor)::bigint as fees_minor
        from live where source = 'settlement' and n not in (select n from uncounted) and (psp, account) in (select (psp, account) from monthly_line)
        group by all
    )
    select c.*, c.fixed_minor + greatest(c.minimum_minor - coalesce(p.fees_minor, 0), 0) as expected_minor
    from charged c left join paid p using (psp, account, currency, month)
    """,
)

_MONTHS_OFF = (
    """
    insert into finding
    with placed as (
        select c.*, l.batch_id, e.case_id, row_number() over (
            partition by c.psp, c.account, c.currency, c.rule_id, c.month order by l.booked_on desc, l.batch_id desc, i.item_key desc) as place
        from monthly_charge c join monthly_line l using (psp, account, currency, rule_id, month) join ending e on e.n = l.n
            join item i on i.n = l.n join agreement a on a.case_id = e.case_id
        where c.charged_minor <> c.expected_minor
    )
    select case_id, 'fee_variance', 'account', any_value(psp), any_value(account), any_value(currency), sum(charged_minor - expected_minor)::bigint,
        null, any_value(batch_id), 'payout', 'batch ' || any_value(batch_id),
        string_agg('charged ' || money(charged_minor, currency) || ' for ' || strftime(month, '%Y-%m') || ', contract line ' || rule_id || ' says '
            || money(expected_minor, currency), '; ' order by rule_id, month), null, null, null
    from placed where place = 1 group by case_id
    """,
    "delete from agreement where case_id in (select case_id from finding where break_class = 'fee_variance')",
)


def apply(bench: Bench, context: RunContext) -> None:
    """Turn payouts that agree, but for a fee of the account, into findings."""
    if not context.account_fees.is_empty():
        bench.put("account_fee", context.account_fees)
        bench.run(_CHARGED)
        if bench.count("select count(*) from account_charge where charged_minor <> expected_minor"):
            bench.run(_FINDINGS, "delete from agreement where case_id in (select case_id from finding where break_class = 'fee_variance')")
    if not context.monthly_fees.is_empty():
        bench.put("monthly_fee", context.monthly_fees)
        bench.run(*_MONTHLY)
        if bench.count("select count(*) from monthly_charge where charged_minor <> expected_minor"):
            bench.run(*_MONTHS_OFF)
