"""Which cases agree at first sight? Nearly all do: one line a hop, the same amount everywhere, nothing known that could disturb them.

They are found with one grouping over the items and never become members of anything; the rest of the ladder works on what is left, so a run costs what is
odd in it. The trap: a short way that ends where the ladder would not. So a case is plain only when no layer could say anything of it: whatever a layer
reacts to (a file in two versions, a reversal, an id seen in two files, an item without a PSP reference that fits it, a second line, another day, a closed
day, a line that fails its charges) makes it odd, and odd cases take the long way. `reconcile(…, shortcut=False)` sends all of them there; a test holds
the two against each other.

Leaves `plain` (one row a case), `item` (every item, with its plain case or null) and `open_item` (those of no plain case). `settle` takes back what
its charges spoil.
"""

from __future__ import annotations

from assets.reconciliation.bench import Bench
from assets.reconciliation.items import SOURCES
from transactional.payments.money_kinds import PLAYER_KINDS
from transactional.vocabulary.errors import InvariantBroken

_BIT = {name: 1 << place for place, name in enumerate(SOURCES)}
_HOPS = _BIT["ledger"] | _BIT["attempt"] | _BIT["activity"] | _BIT["settlement"]
_BOTH_ENDS = _BIT["ledger"] | _BIT["settlement"]
_KINDS = ", ".join(f"'{kind.value}'" for kind in sorted(PLAYER_KINDS))
_IS_PAYMENT = f"psp_reference is not null and kind in ({_KINDS})"

# What makes an item odd, each after the question whether any item is: most runs have none of most, and do not pay for the comparison.
_ODDITIES: tuple[tuple[str, str], ...] = (
    ("from seen where file_version > 1", "coalesce(file_name in (select file_name from seen where file_version > 1), false)"),
    (
        "from seen where voids_item_key is not null",
        "(voids_item_key is not null or item_key in (select voids_item_key from seen where voids_item_key is not null))",
    ),
    (
        "from seen where psp_reference is null and merchant_reference is not null",
        "coalesce(merchant_reference in (select merchant_reference from seen where psp_reference is null), false)",
    ),
    ("from seen_twice", "coalesce(hash(family, psp, account, kind, ext_id) in (select mark from seen_twice), false)"),
    ("from closed", "known_at > (select min(watermark_at) from closed)"),
)

_SEEN_TWICE = """
create table seen_twice as
select hash(family, psp, account, kind, ext_id) as mark from seen where ext_id is not null group by mark having min(file_name) <> max(file_name)
"""

_PLAIN = f"""
create table plain as
with told as (
    select psp, account, kind, psp_reference, coalesce(modification_reference, psp_reference) as modification, count(*) as members,
        bit_or(hop) as hop_bits, min(amount_minor) as amount_minor, max(amount_minor) as most_minor, min(currency) as currency,
        max(currency) as last_currency, max(batch_id) as batch_id, min(booked_on) as event_date,
        min(booked_on) filter (where source = 'ledger') as ledger_on, min(booked_on) filter (where source = 'activity') as activity_on,
        bit_xor(md5_number(item_key)) as keys
    from seen where {_IS_PAYMENT} group by all
    having members = bit_count(hop_bits) and amount_minor = most_minor and currency = last_currency and amount_minor <> 0
        and hop_bits & {_BOTH_ENDS}::utinyint = {_BOTH_ENDS} and hop_bits & {_HOPS}::utinyint = hop_bits
        and coalesce(ledger_on = activity_on, true) and not bool_or({{odd}})
)
select hash('tx', psp, account, psp_reference, modification, kind) as case_id, psp, account, currency, amount_minor, batch_id, members, hop_bits,
    event_date, 'grp_' || md5(members || ':' || hex(keys)) as group_id
from told join terms using (psp, account)
where not has_attempts or hop_bits & {_BIT["attempt"]}::utinyint <> 0
"""

_ITEM = f"""
create table kept as
select s.* exclude ({{shown}}), p.case_id as plain_id from seen s left join plain p
    on p.case_id = case when {_IS_PAYMENT}
        then hash('tx', s.psp, s.account, psp_reference, coalesce(modification_reference, psp_reference), kind) end
"""
# A number that two cases share, or an item that came to a case by its number and not by its words.
_CLASHES = """
select abs((select count(plain_id) from item) - (select coalesce(sum(members), 0) from plain)) + (select count(*) - count(distinct case_id) from plain)
"""
_NONE_PLAIN = "create table plain (case_id ubigint, psp text, account text, currency text, amount_minor bigint, batch_id text, members bigint, \
hop_bits utinyint, event_date date, group_id text)"

_SPOILED = (
    "create table spoiled as select distinct case_id from charge_variance where case_id in (select case_id from plain)",
    """
    insert into member by name
    select i.plain_id as case_id, i.n, i.source, i.hop, i.psp, i.account, i.kind, k.expected_sign, i.currency, i.amount_minor, i.counted_currency,
        i.counted_minor, i.psp_reference, i.modification_reference, i.merchant_reference, i.ext_id, i.batch_id, i.file_name, i.line_no, i.item_key,
        i.known_at, i.occurred_at, i.booked_on, false as is_rounded, false as is_composite
    from item i join player_kind k using (kind) where i.plain_id in (select case_id from spoiled)
    """,
    "delete from plain where case_id in (select case_id from spoiled)",
    "update kept set plain_id = null where plain_id in (select case_id from spoiled)",
)


def apply(bench: Bench, *, shortcut: bool) -> None:
    """Find the plain cases and make the table of items. Raises: InvariantBroken when two cases share a number."""
    bench.run(_SEEN_TWICE)
    if shortcut:
        odd = [condition for question, condition in _ODDITIES if bench.count(f"select exists (select 1 {question})")]
        bench.run(_PLAIN.format(odd=" or ".join(odd) or "false"))
    else:
        bench.run(_NONE_PLAIN)
    bench.run(_ITEM.format(shown=", ".join(bench.shown)))
    bench.show("item", "kept")
    if bench.count(_CLASHES):
        raise InvariantBroken("two cases share a number: their items share no reference")
    bench.run("create table open_item as select * exclude (plain_id) from item where plain_id is null")


def settle(bench: Bench) -> None:
    """Send back the cases whose charges are wrong: transactions.py has the word for them."""
    bench.run(*_SPOILED)
