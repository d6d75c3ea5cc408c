"""L9: what two people said belongs together becomes one group, as long as the facts still bear it. After every other layer, before after_close.

A confirmed match names items; the cases they are in now are closed together with whatever lines came to them since. It holds only while each of those
cases still lacks something (nothing in it contradicts another) and all of them together agree to the minor unit. The traps: a signature that outlives
its facts (a restated amount opens the break again by itself), an item in two groups (the match confirmed first has it), and a signature that hides a
second difference (a line of a payment whose fee or rate is wrong stays a break of that class; a batch that does not add up is not made whole by its bank line).
Source: reference LR §5.3, L9.
"""

from __future__ import annotations

from assets.reconciliation.bench import Bench
from assets.reconciliation.breaks import BreakClass
from assets.reconciliation.context import RunContext

# Breaks in which something is missing and nothing is wrong: what may be explained by another one of them.
MISSING_CLASSES = frozenset(
    {
        BreakClass.MISSING_IN_LEDGER,
        BreakClass.CHARGEBACK_UNPOSTED,
        BreakClass.REVERSAL_UNPOSTED,
        BreakClass.ORPHAN_CHARGEBACK,
        BreakClass.MISSING_AT_PSP,
        BreakClass.MISSING_IN_SETTLEMENT,
        BreakClass.MISSING_AT_BANK,
        BreakClass.UNEXPLAINED_BANK_LINE,
        BreakClass.BATCH_RESIDUE,
        BreakClass.TIMING_OPEN,
    }
)

_NAMED = """
create table accepted_named as
with told as (
    select a.match_id, a.confirmed_at, e.case_id, f.break_class
    from accepted a left join open_item i using (item_key) left join ending e on e.n = i.n left join finding f on f.case_id = e.case_id
),
lacking as (
    select match_id, case_id from told
    where match_id in (select match_id from told group by match_id having bool_and(coalesce(break_class in ({classes}), false)))
)
select distinct match_id, case_id,
    first_value(match_id) over (partition by case_id order by confirmed_at, match_id) = match_id as is_first
from lacking join (select distinct match_id, confirmed_at from accepted) using (match_id)
"""

# Money at the bank, money paid out, and the lines that were in no payout: each once per case, by what its items are.
_SUMS = """
create table accepted_sum as
with whole as (
    select match_id, case_id from accepted_named where match_id not in (select match_id from accepted_named where not is_first)
),
by_case as (
    select w.match_id, w.case_id, bool_or(i.source in ('bank', 'payout')) as is_cash,
        sum(i.amount_minor) filter (where i.source = 'bank') as banked_minor,
        -sum(i.counted_minor) filter (where i.source = 'payout' and i.kind = 'payout') as paid_minor,
        coalesce(sum(i.counted_minor) filter (where i.source = 'activity'), sum(i.counted_minor) filter (where i.source = 'settlement')) as line_minor,
        {hops}, count(distinct i.currency) filter (where i.source in ('bank', 'ledger', 'attempt')) as ours,
        count(distinct i.counted_currency) filter (where i.source not in ('ledger', 'attempt')) as theirs, min(i.currency) as currency,
        min(i.counted_currency) filter (where i.source not in ('ledger', 'attempt')) as counted_currency,
        min(i.psp) as psp, min(i.account) filter (where i.source <> 'bank') as account, count(distinct i.kind) as kinds, min(i.kind) as kind,
        min(i.account) as any_account, min(i.batch_id) as batch_id
    from whole w join ending e on e.case_id = w.case_id join open_item i on i.n = e.n group by w.match_id, w.case_id
)
select match_id, bool_or(is_cash) as is_cash, sum(banked_minor)::bigint as banked_minor, sum(paid_minor)::bigint as paid_minor,
    sum(line_minor) filter (where not is_cash)::bigint as line_minor, {summed},
    count(distinct coalesce(counted_currency, currency)) as counted_currencies, count(distinct currency) as currencies, max(ours) as ours,
    max(theirs) as theirs, max(kinds) as kinds, count(distinct kind) as case_kinds, min(psp) as psp, count(distinct psp) as psps,
    count(distinct account) as accounts, coalesce(min(account), min(any_account)) as account,
    min(coalesce(counted_currency, currency)) as counted_currency, min(currency) as currency, min(batch_id) as batch_id
from by_case group by match_id
"""

_HOPS = ("ledger", "attempt", "activity", "settlement")

_HELD = """
create table accepted_held as
with lacking as (
    select n.match_id, sum(b.residue_minor)::bigint as residue_minor, sum(b.conversions)::bigint as conversions
    from accepted_named n join batch_total b using (case_id) group by n.match_id
)
select s.*, hash('accepted', match_id) as held_id, case when is_cash then banked_minor else ledger_minor end as amount_minor
from accepted_sum s left join lacking l using (match_id)
where psps = 1 and accounts = 1 and case
    when is_cash then counted_currencies = 1 and theirs = 1 and banked_minor is not null and coalesce(paid_minor, line_minor) is not null
        and coalesce(paid_minor, banked_minor) = banked_minor and coalesce(line_minor, banked_minor) = banked_minor
        and (paid_minor is null or 2 * abs(coalesce(residue_minor, 0) + coalesce(line_minor, 0)) <= coalesce(conversions, 0))
    else currencies = 1 and kinds = 1 and case_kinds = 1 and ledger_minor = settlement_minor and ledger_minor = attempt_minor
        and coalesce(activity_minor, ledger_minor) = ledger_minor end
"""

_CLOSED = (
    """
    create table accepted_case as select n.case_id, h.held_id from accepted_named n join accepted_held h using (match_id)
    """,
    "delete from finding where case_id in (select case_id from accepted_case)",
    # a fee or a rate that is wrong was not what they signed
    """
    insert into finding
    select h.held_id, v.break_class, null, h.psp, h.account, v.currency, v.variance_minor, null, h.batch_id, m.kind, m.psp_reference, v.detail,
        null, null, null
    from accepted_held h join accepted_case c using (held_id) join charge_variance v on v.case_id = c.case_id
        join (select case_id, any_value(kind) as kind, min(psp_reference) as psp_reference from member group by case_id) m on m.case_id = c.case_id
    where not h.is_cash
    """,
    """
    insert into agreement
    select held_id, 'L9', case when is_cash then 'payout' else 'transaction' end, psp, account,
        case when is_cash then counted_currency else currency end, amount_minor, 0, batch_id
    from accepted_held where held_id not in (select case_id from finding)
    """,
    "update ending set case_id = c.held_id from accepted_case c where ending.case_id = c.case_id",
)


def apply(bench: Bench, context: RunContext) -> None:
    """Close what was confirmed and holds; leave the rest as the other layers judged it."""
    if context.accepted.is_empty():
        return
    bench.put("accepted", context.accepted)
    bench.run(
        _NAMED.format(classes=", ".join(f"'{each.value}'" for each in sorted(MISSING_CLASSES))),
        _SUMS.format(
            hops=", ".join(f"sum(i.amount_minor) filter (where i.source = '{hop}') as {hop}_minor" for hop in _HOPS),
            summed=", ".join(f"sum({hop}_minor)::bigint as {hop}_minor" for hop in _HOPS),
        ),
        _HELD,
        *_CLOSED,
    )
