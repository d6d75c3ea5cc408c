"""L1, L3, L4: does each transaction case agree over its hops, and if not, what is wrong with it? One ending a case, the first class that applies.

Order: sign, currency, exponent, amount (another value), then what is missing, then what the charges check found. The traps: an absent hop reported while
its lag still runs; a chargeback of a payment nobody knows reported as merely unposted; a difference reported twice, once per pair of hops.
Source: the class table in breaks.py; reference LR §5.3.
"""

from __future__ import annotations

from assets.reconciliation.bench import Bench

_CASES = """
create table tx_case as
with told as (
    select case_id, any_value(psp) as psp, any_value(account) as account, any_value(kind) as kind, any_value(expected_sign) as expected_sign,
        min(psp_reference) as psp_reference,
        coalesce(min(modification_reference), min(psp_reference), min(merchant_reference), min(item_key)) as reference,
        max(batch_id) as batch_id, bool_or(is_composite) as is_composite,
        {hops},
        coalesce({mixed}, false) as is_mixed
    from member group by case_id
)
select c.*, t.today, t.has_activity, t.has_attempts from told c join terms t on t.psp = c.psp and t.account = c.account
"""

_FOUR = ("ledger", "attempt", "activity", "settlement")
_HOPS = ",\n        ".join(
    f"sum(amount_minor) filter (where source = '{hop}')::bigint as {hop}_minor, min(currency) filter (where source = '{hop}') as {hop}_currency, "
    f"max(booked_on) filter (where source = '{hop}') as {hop}_on"
    for hop in _FOUR
)
_MIXED = " or ".join(f"coalesce(max(currency) filter (where source = '{hop}') <> {hop}_currency, false)" for hop in _FOUR)

_SAID = "concat_ws(', ', " + ", ".join(f"'{hop} ' || money({hop}_minor, {hop}_currency)" for hop in _FOUR) + ")"

# The outer hop that differs from our books first: settlement before activity before what webhooks said.
_DIFFERENCES = """
create table difference as
with ours as (
    select *, coalesce(ledger_minor, attempt_minor) as inner_minor, coalesce(ledger_currency, attempt_currency) as inner_currency from tx_case
),
compared as (
    select case_id, kind, expected_sign, inner_minor, inner_currency, is_mixed, case
        when settlement_minor <> inner_minor or settlement_currency <> inner_currency then 'settlement'
        when activity_minor <> inner_minor or activity_currency <> inner_currency then 'activity'
        when attempt_minor <> inner_minor or attempt_currency <> inner_currency then 'attempt' end as hop,
        settlement_minor, settlement_currency, activity_minor, activity_currency, attempt_minor, attempt_currency
    from ours where inner_minor is not null
),
outer_hop as (
    select *, case hop when 'settlement' then settlement_minor when 'activity' then activity_minor else attempt_minor end as outer_minor,
        case hop when 'settlement' then settlement_currency when 'activity' then activity_currency else attempt_currency end as outer_currency
    from compared where hop is not null or is_mixed
)
select case_id, hop, case
        when is_mixed or outer_currency <> inner_currency then 'currency'
        when outer_minor = -inner_minor or (sign(outer_minor) <> expected_sign and sign(inner_minor) = expected_sign) then 'sign'
        when exists (select 1 from pow where outer_minor = inner_minor * factor or inner_minor = outer_minor * factor) then 'exponent'
        else 'amount' end as break_class,
    coalesce(case when is_mixed or outer_currency <> inner_currency then outer_minor else outer_minor - inner_minor end, inner_minor) as amount_minor,
    coalesce(outer_currency, inner_currency) as currency
from outer_hop
"""

# A payment is known when our books, a webhook, or a deposit the PSP reported name it: a chargeback of any other is an orphan.
_KNOWN_PAYMENTS = """
create table known_payment as
select distinct psp, account, psp_reference from item
where psp_reference in (select psp_reference from tx_case where kind in ('chargeback', 'second_chargeback'))
    and (source in ('ledger', 'attempt') or kind = 'deposit')
"""

_PRESENCE = """
create table absence as
with due_dates as (
    select c.*, b.settlement_due, b.activity_due from tx_case c
    left join due b on b.psp = c.psp and b.account = c.account and b.day = coalesce(c.activity_on, c.ledger_on, c.attempt_on)
)
select case_id, coalesce(settlement_minor, activity_minor, ledger_minor, attempt_minor) as amount_minor,
    coalesce(settlement_currency, activity_currency, ledger_currency, attempt_currency) as currency, case
        when ledger_minor is null then case
            when kind in ('chargeback', 'second_chargeback') and attempt_minor is null and not exists (
                select 1 from known_payment p where p.psp = d.psp and p.account = d.account and p.psp_reference = d.psp_reference) then 'orphan_chargeback'
            when kind in ('chargeback', 'second_chargeback') then 'chargeback_unposted'
            when kind = 'chargeback_reversed' then 'reversal_unposted'
            else 'missing_in_ledger' end
        when settlement_minor is null and activity_minor is null then case
            when has_activity and today <= activity_due then 'timing_open'
            when has_activity then 'missing_at_psp'
            when today <= settlement_due then 'timing_open'
            when attempt_minor is not null then 'missing_in_settlement'
            else 'missing_at_psp' end
        when settlement_minor is null then case when today <= settlement_due then 'timing_open' else 'missing_in_settlement' end
        when attempt_minor is null and has_attempts then 'missing_attempt' end as break_class,
    case when ledger_minor is not null and settlement_minor is null then case
        when activity_minor is null and has_activity then activity_due else settlement_due end end as due_on,
    case when settlement_minor is null and activity_minor is null and has_activity then 'the activity report' else 'the settlement report' end as awaits
from due_dates d
"""

_FINDINGS = """
insert into finding
with verdict as (
    select c.case_id, coalesce(d.break_class, a.break_class, v.break_class) as break_class,
        case when d.break_class is not null then d.hop when a.break_class is null then v.sub_class end as sub_class,
        case when d.case_id is not null then d.amount_minor when a.break_class is not null then a.amount_minor else v.variance_minor end as amount_minor,
        case when d.case_id is not null then d.currency when a.break_class is not null then a.currency else v.currency end as currency,
        case when d.case_id is null and a.break_class is not null then a.due_on end as due_on,
        case when d.case_id is not null then {said} when a.break_class = 'timing_open' then a.awaits when a.break_class is null then v.detail end as said
    from tx_case c join absence a using (case_id) left join difference d using (case_id) left join charge_variance v using (case_id)
)
select v.case_id, v.break_class, v.sub_class, c.psp, c.account, v.currency, v.amount_minor, v.due_on, c.batch_id, c.kind, c.reference, v.said,
    null, null, null
from verdict v join tx_case c using (case_id) where v.break_class is not null
"""

_AGREEMENTS = """
insert into agreement
select c.case_id, case when c.is_composite then 'L2' else 'L1' end, 'transaction', c.psp, c.account, c.ledger_currency, c.ledger_minor, 0, c.batch_id
from tx_case c where not exists (select 1 from finding f where f.case_id = c.case_id)
"""


def apply(bench: Bench) -> None:
    """End every transaction case."""
    bench.run(
        "create table pow as select cast(factor as hugeint) as factor from (values (10), (100), (1000)) as p (factor)",
        _CASES.format(hops=_HOPS, mixed=_MIXED),
        _DIFFERENCES,
        _KNOWN_PAYMENTS,
        _PRESENCE,
        _FINDINGS.format(said=_SAID),
        _AGREEMENTS,
        "insert into ending select n, case_id, null from member",
    )
