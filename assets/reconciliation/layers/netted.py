"""Does a payment agree as a whole where its movements do not one by one? N:M with mixed signs, after each movement was judged by itself.

A PSP may settle two captures and a refund of one payment as one line of what is left. Then every movement of the payment has a difference or lacks a
hop, and all of them together have none: over ALL open movements of that payment the hops say the same sum in the same currency. Then they are one group.
Some movement must lack its line: only then did another line take it in. Where each has its own, two wrong amounts that cancel are two breaks (LR §5.3, L3).
No choice is made (all or nothing, one payment, one currency, no kind that our books lack), so there is nothing to be ambiguous about: where the sums differ
by one minor unit, each movement keeps its own break. A subset is never looked for (LR §5.4).
The traps: a row whose own arithmetic or rate is wrong, hidden by a sum that fits (it stays a break, now of the whole), and an unposted chargeback or a
duplicate netted away (they are no differences of this kind, so such a payment is left alone).
Source: reference LR §3 case 22, §5.3 L5 (mixed signs).
"""

from __future__ import annotations

from assets.reconciliation.bench import Bench

# A payment is left alone when anything else than these is wrong with it, or when its currencies are mixed.
_OPEN = """
create table open_movement as
select c.case_id, f.break_class, hash('net', c.psp, c.account, c.psp_reference) as payment_id, c.psp, c.account, c.psp_reference, c.kind,
    c.ledger_minor, c.attempt_minor, c.activity_minor, c.settlement_minor, c.batch_id,
    coalesce(c.ledger_currency, c.settlement_currency, c.activity_currency, c.attempt_currency) as currency,
    len(list_distinct([c.ledger_currency, c.settlement_currency, c.activity_currency, c.attempt_currency])) > 1 or c.is_mixed as is_mixed
from finding f join tx_case c using (case_id)
where c.psp_reference is not null and f.break_class in ('amount', 'missing_in_ledger', 'missing_at_psp', 'missing_in_settlement', 'missing_attempt',
    'timing_open', 'sign', 'exponent')
"""

_NETTED = """
create table netted as
with summed as (
    select payment_id, any_value(psp) as psp, any_value(account) as account, any_value(psp_reference) as psp_reference, any_value(currency) as currency,
        max(batch_id) as batch_id, sum(ledger_minor)::bigint as ledger_minor, sum(attempt_minor) as attempt_minor, sum(activity_minor) as activity_minor,
        sum(settlement_minor) as settlement_minor, count(*) as movements, string_agg(kind, ', ' order by kind, case_id) as kinds
    from open_movement group by payment_id
    having count(*) > 1 and count(distinct currency) = 1 and not bool_or(is_mixed)
        and bool_or(ledger_minor is null or settlement_minor is null)
        and list_has_all(list(kind) filter (where ledger_minor is not null), list(kind) filter (where settlement_minor is not null))
)
select * from summed
where ledger_minor = settlement_minor and coalesce(attempt_minor, ledger_minor) = ledger_minor and coalesce(activity_minor, ledger_minor) = ledger_minor
    and ledger_minor <> 0
    and not exists (
        select 1 from finding f join tx_case c using (case_id)
        where (c.psp, c.account, c.psp_reference) = (summed.psp, summed.account, summed.psp_reference)
            and f.case_id not in (select case_id from open_movement))
"""

_WHOLE = (
    "create table netted_case as select case_id, payment_id from open_movement where payment_id in (select payment_id from netted)",
    """
    create table netted_fault as
    select n.payment_id, any_value(v.break_class) as break_class, sum(v.variance_minor)::bigint as variance_minor, any_value(v.currency) as currency,
        string_agg(v.detail, '; ' order by v.detail) as detail
    from netted_case n join charge_variance v using (case_id) where v.break_class in ('row_arithmetic', 'fx_variance') group by n.payment_id
    """,
    "delete from finding where case_id in (select case_id from netted_case)",
    "update ending set case_id = n.payment_id from netted_case n where n.case_id = ending.case_id",
    """
    insert into finding
    select n.payment_id, v.break_class, 'netted', n.psp, n.account, v.currency, v.variance_minor, null, n.batch_id, null, n.psp_reference, v.detail,
        null, null, null
    from netted n join netted_fault v using (payment_id)
    """,
    """
    insert into agreement
    select payment_id, 'L3', 'transaction', psp, account, currency, ledger_minor, 0, batch_id from netted
    where payment_id not in (select payment_id from netted_fault)
    """,
)


def apply(bench: Bench) -> None:
    """Make one group of each payment that agrees as a whole. Costs nothing where no movement is open."""
    if not bench.count("select count(*) from finding"):
        return
    bench.run(_OPEN, _NETTED)
    if bench.count("select count(*) from netted"):
        bench.run(*_WHOLE)
