"""Did payouts and bank lines reach each other in another number than one to one? After each payout was judged by itself.

A bank may book two payouts as one credit, or one payout as two. Only references decide: payouts and bank lines that name each other hang together, and
when a whole tangle adds up to the minor unit it is one group. By amounts alone nothing is added up here (LR §5.4): those are proposals.
The traps: a tangle that adds up only without one of its lines (refused whole), and a payout that has another fault beside (its break stays).
Source: reference LR §5.3 L6, §5.4.
"""

from __future__ import annotations

from assets.reconciliation.bench import Bench

# Payout cases whose only trouble is the bank, with the lines at the bank that name one of their payouts and belong to nobody.
_TIES = """
create table joint_tie as
with waiting as (
    select f.case_id from finding f join payout_case c using (case_id)
    where f.break_class in ('missing_at_bank', 'negative_payout') or (f.break_class = 'timing_open' and c.has_payout)
)
select distinct p.case_id, n.bank_n, p.n as knot
from waiting w join payout p using (case_id) join named n on n.payout_n = p.n
where n.is_arrival and p.n not in (select payout_n from arrival) and n.bank_n not in (select bank_n from arrival)
"""

_TIE = """
update joint_tie set knot = tied.knot
from (
    select case_id, bank_n, least(min(knot) over (partition by case_id), min(knot) over (partition by bank_n)) as knot from joint_tie
) tied
where tied.case_id = joint_tie.case_id and tied.bank_n = joint_tie.bank_n and tied.knot < joint_tie.knot
"""

_JOINT = """
create table joint as
with cases as (
    select t.knot, sum(p.wanted_minor) as wanted_minor, any_value(p.psp) as psp, any_value(p.account) as account, min(p.batch_id) as batch_id,
        any_value(p.currency) as currency, count(distinct p.account) as accounts
    from (select distinct knot, case_id from joint_tie) t join payout p using (case_id)
    where p.n not in (select payout_n from arrival) group by t.knot
),
lines as (
    select t.knot, sum(b.amount_minor) as banked_minor from (select distinct knot, bank_n from joint_tie) t join bank_line b on b.n = t.bank_n group by t.knot
)
select c.*, hash('joint', c.knot, c.psp, c.account) as joint_id from cases c join lines l using (knot)
where c.wanted_minor = l.banked_minor and c.accounts = 1
"""

_WHOLE = (
    """
    create table joint_case as
    select distinct j.joint_id, t.case_id from joint j join joint_tie t using (knot)
    """,
    """
    create table joint_line as
    select distinct j.joint_id, t.bank_n, hash('bank', i.item_key) as case_id from joint j join joint_tie t using (knot) join open_item i on i.n = t.bank_n
    """,
    """
    create table joint_total as
    select j.joint_id, sum(-c.payout_minor)::bigint as amount_minor, sum(c.residue_minor)::bigint as residue_minor
    from joint_case j join payout_case c using (case_id) group by j.joint_id
    """,
    "delete from finding where case_id in (select case_id from joint_case union all select case_id from joint_line)",
    "update ending set case_id = j.joint_id from joint_case j where j.case_id = ending.case_id",
    "update ending set case_id = j.joint_id, reason = null from joint_line j where j.bank_n = ending.n",
    """
    insert into agreement
    select j.joint_id, 'L6', 'payout', j.psp, j.account, j.currency, t.amount_minor, t.residue_minor, j.batch_id
    from joint j join joint_total t using (joint_id)
    """,
)


def apply(bench: Bench) -> None:
    """Make one group of each tangle of payouts and bank lines that adds up. Costs nothing where every payout has its line."""
    if not bench.count("select count(*) from named where is_arrival and bank_n not in (select bank_n from arrival)"):
        return
    bench.run(_TIES)
    while bench.count(_TIE):
        pass
    bench.run(_JOINT)
    if bench.count("select count(*) from joint"):
        bench.run(*_WHOLE)
