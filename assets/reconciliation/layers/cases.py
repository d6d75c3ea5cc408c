"""L1 and L2: which items tell of the same movement of a player's money? The keys of transaction cases.

L1: same PSP, account, payment, modification and kind; and our own reference, where the PSP itself prints several under one of its references (a
spreadsheet rounded them). L2: an item without a PSP reference joins by our own reference, kind, currency and amount,
when exactly one case fits it and it alone fits that case. The traps: two candidates decided by chance (refused here: `ambiguous_group`), a capture
and a refund that share a PSP reference (the kind is in the key), a movement whose kind nobody knows (a break of its own, never a fee).
Leaves the table `member` (case_id, n, source, how).
"""

from __future__ import annotations

from assets.reconciliation.bench import Bench
from transactional.vocabulary.errors import InvariantBroken

_UNKNOWN = (
    """
    insert into finding
    select hash('unknown', item_key), 'unknown_kind', null, psp, account, counted_currency, counted_minor, null, batch_id, kind,
        coalesce(modification_reference, psp_reference, item_key), raw_kind, null, booked_on, known_at
    from unclaimed where kind = 'unknown'
    """,
    "insert into ending select n, hash('unknown', item_key), null from unclaimed where kind = 'unknown'",
)

_MOVEMENTS = """
create table movement as
with named as (
    select l.n, l.source, l.hop, l.psp, l.account, l.kind, k.expected_sign, l.currency, l.amount_minor, l.counted_currency, l.counted_minor,
        l.psp_reference, l.modification_reference, l.merchant_reference, l.ext_id, l.batch_id, l.file_name, l.line_no, l.item_key,
        l.known_at, l.occurred_at, l.booked_on,
        case when l.psp_reference is not null
            then hash('tx', l.psp, l.account, l.psp_reference, coalesce(l.modification_reference, l.psp_reference), l.kind) end as name
    from unclaimed l join player_kind k using (kind) where l.source in ('ledger', 'attempt', 'activity', 'settlement')
),
rounded as (
    select distinct name from named where source in ('activity', 'settlement') and name is not null
    group by name, hop having min(merchant_reference) <> max(merchant_reference)
)
select n.* exclude (name), case when r.name is null then n.name else hash(n.name, coalesce(n.merchant_reference, '')) end as case_id,
    r.name is not null as is_rounded
from named n left join rounded r on r.name = n.name
"""

# Cases an item without a PSP reference could belong to: same words of ours, same money, its own hop still empty, near in time.
_CANDIDATES = """
create table candidate as
with loose as (select * from movement where case_id is null and merchant_reference is not null),
keyed as (
    select case_id, any_value(psp) as psp, any_value(account) as account, any_value(kind) as kind, merchant_reference, currency,
        sum(amount_minor) // count(distinct n) as amount_minor, min(amount_minor) as least_minor, max(amount_minor) as most_minor,
        min(booked_on) as first_on, max(booked_on) as last_on
    from movement where case_id is not null and merchant_reference in (select merchant_reference from loose)
    group by case_id, merchant_reference, currency
),
fitting as (
    select l.n, k.case_id
    from loose l join keyed k on k.psp = l.psp and k.account = l.account and k.kind = l.kind and k.merchant_reference = l.merchant_reference
        and k.currency = l.currency and l.amount_minor between k.least_minor and k.most_minor
        and l.booked_on between k.first_on - (select composite from window_days)::integer and k.last_on + (select composite from window_days)::integer
    where not exists (select 1 from movement m where m.case_id = k.case_id and m.source = l.source)
)
select f.n, f.case_id, l.source,
    count(*) over (partition by f.n) as cases_for_item, count(*) over (partition by f.case_id, l.source) as items_for_case
from fitting f join loose l on l.n = f.n
"""

# Items that fit each other in more than one way, with the cases they fit; `knot` will name the tangle an item or case is part of.
_AMBIGUOUS = """
create table muddle as
select n as loose_n, case_id, n as knot from candidate where cases_for_item > 1 or items_for_case > 1
"""

# One round: what hangs together takes the smallest name. Tangles are small, so a few rounds reach their ends.
_TIE = """
update muddle set knot = tied.knot
from (
    select loose_n, case_id, least(min(knot) over (partition by loose_n), min(knot) over (partition by case_id)) as knot from muddle
) tied
where tied.loose_n = muddle.loose_n and tied.case_id = muddle.case_id and tied.knot < muddle.knot
"""

_REFUSED = (
    """
    create table muddled as
    select hash('muddle', knot) as muddle_id, loose_n as n, true as is_loose from muddle
    union select hash('muddle', d.knot), m.n, false from muddle d join movement m on m.case_id = d.case_id
    """,
    """
    insert into finding
    select muddle_id, 'ambiguous_group', null, any_value(m.psp), any_value(m.account), min(m.currency) filter (where d.is_loose),
        sum(m.amount_minor) filter (where d.is_loose), null, null, any_value(m.kind), min(m.merchant_reference) filter (where d.is_loose),
        'reference ' || min(m.merchant_reference) filter (where d.is_loose), null, null, null
    from muddled d join movement m on m.n = d.n group by muddle_id
    """,
    "insert into ending select n, muddle_id, null from muddled",
)

_MEMBERS = """
create table member as
select coalesce(m.case_id, c.case_id,
        case when m.merchant_reference is not null
            then hash('ours', m.psp, m.account, m.merchant_reference, m.kind, m.currency, m.amount_minor)
            else hash('alone', m.item_key) end) as case_id,
    m.* exclude (case_id), c.n is not null as is_composite
from movement m left join candidate c on c.n = m.n and c.cases_for_item = 1 and c.items_for_case = 1
where m.n not in (select n from muddled)
"""


# Every line whose charges are looked at, of plain cases too.
_CHARGED = """
create view charged as
select case_id, n, source, expected_sign from member
union all
select p.case_id, i.n, i.source, k.expected_sign from placed p join seen i using (n) join player_kind k using (kind)
"""

# Two names that share a number would be one case with members that share nothing.
_CLASHES = """
select count(*) from (
    select case_id from member group by case_id
    having min(psp_reference) <> max(psp_reference) or min(psp) <> max(psp) or min(account) <> max(account) or min(kind) <> max(kind)
        or min(coalesce(modification_reference, psp_reference)) filter (where psp_reference is not null)
            <> max(coalesce(modification_reference, psp_reference)) filter (where psp_reference is not null)
        or (max(psp_reference) is null or bool_or(is_rounded)) and min(merchant_reference) <> max(merchant_reference)
)
"""


def apply(bench: Bench) -> None:
    """Make `movement` and `member`; end unknown kinds and ambiguous groups. Raises: InvariantBroken when two cases share a number."""
    bench.run(*_UNKNOWN, _MOVEMENTS, _CANDIDATES, _AMBIGUOUS)
    while bench.count(_TIE):
        pass
    bench.run(*_REFUSED, _MEMBERS, _CHARGED)
    if bench.count(_CLASHES):
        raise InvariantBroken("two cases share a number: their items share no reference")
