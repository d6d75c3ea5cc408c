"""Which cases agree at first sight? Nearly all do: one line a hop, the same amount everywhere, nothing known that could disturb them.

They are found with one grouping over the items and never become members of anything; the rest of the ladder works on what is left, so a run costs what is
odd in it. Of an item they keep its number and nothing else: what is told of it in the end is read where it is. The trap: a short way that ends where the
ladder would not. So a case is plain only when no layer could say anything of it: whatever a layer reacts to (a file in two versions, a reversal, an id
seen in two files, an item without a PSP reference that fits it, a second line, another day, a closed day, a line that fails its charges) makes it odd,
and odd cases take the long way. `reconcile(…, shortcut=False)` sends all of them there; a test holds the two against each other.

References are compared as they are, not by a hash of them; PSP, account, kind and currency by numbers that are proved to differ where they do.
Leaves `item` (every item), `open_item` (those of no plain case) and `placed` (n and case of the others). `settle` takes back what its charges spoil.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from assets.reconciliation.bench import BITS, Bench
from assets.reconciliation.items import SOURCES
from assets.reconciliation.tables import GROUPS
from transactional.payments.money_kinds import PLAYER_KINDS
from transactional.vocabulary.errors import InvariantBroken

_FOUR = SOURCES[:4]
_HOPS = sum(BITS[name] for name in _FOUR)
_BOTH_ENDS = BITS["ledger"] | BITS["settlement"]
_KINDS = ", ".join(f"'{kind.value}'" for kind in sorted(PLAYER_KINDS))

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

# PSP, account and kind as one number, and a currency as one: two that share a number would be taken for one.
_PLACES = (
    """
    create table place as
    select row_number() over (order by psp, account, kind) - 1 as place, *, hash(psp, account, kind) as mark
    from (select distinct psp, account, kind from profile) left join terms using (psp, account)
    """,
    "create table coin as select row_number() over (order by currency) - 1 as coin, *, hash(currency) as mark from (select distinct currency from profile)",
)
_CLASHES = "select (select count(*) - count(distinct mark) from place) + (select count(*) - count(distinct mark) from coin)"

_PLAIN = f"""
with told as (
    select hash(psp, account, kind) as mark, psp_reference, coalesce(modification_reference, psp_reference) as modification, count(*) as members,
        bit_or(hop) as hop_bits, min(amount_minor) as amount_minor, max(amount_minor) as most_minor, {{coins}},
        {{batch}} as batch_id, {{odd}} as is_odd, {{of_hops}}bit_xor(md5_number(item_key)) as keys
    from seen where psp_reference is not null and {{part}} group by all
)
select p.place::uinteger as place, {{coin}}::uinteger as coin, amount_minor, batch_id, hop_bits, {{told}}
    'grp_' || md5(members || ':' || hex(keys)) as group_id
from told join place p using (mark) {{named}}
where members = bit_count(hop_bits) and amount_minor = most_minor and amount_minor <> 0 and hop_bits & {_BOTH_ENDS}::utinyint = {_BOTH_ENDS}
    and hop_bits & {_HOPS}::utinyint = hop_bits and {{and_so}}
    and p.kind in ({_KINDS}) and p.has_attempts is not null and (not p.has_attempts or hop_bits & {BITS["attempt"]}::utinyint <> 0)
"""

_NONE_SPOILED = "create table spoiled (n bigint, case_id ubigint)"
_SPOILED = (
    "insert into open_item select i.* from seen i semi join spoiled using (n)",
    """
    insert into member by name
    select s.case_id, i.n, i.source, i.hop, i.psp, i.account, i.kind, k.expected_sign, i.currency, i.amount_minor, i.counted_currency,
        i.counted_minor, i.psp_reference, i.modification_reference, i.merchant_reference, i.ext_id, i.batch_id, i.file_name, i.line_no, i.item_key,
        i.known_at, i.occurred_at, i.booked_on, false as is_rounded, false as is_composite
    from open_item i join spoiled s using (n) join player_kind k using (kind)
    """,
)
# A case is named by its row here and by a hash elsewhere.
_SHARED = "select count(*) from member where case_id < {cases} and n not in (select n from spoiled)"

_PART = 32_000_000  # items: how many are grouped at a time, so that the memory of a run does not grow with its items' references
_MATCHED = {"booked_on": pl.Date(), "matched_count": pl.Int64(), "matched_minor": pl.Int64(), "currency": pl.String(), "source": pl.String()}


@dataclass(slots=True)
class Plain:
    """The plain cases. `cases`: place, coin, amount_minor, batch_id, hop_bits, group_id, and by hop the day and the number of its item (null where it has
    none); a case's row is its number. `case_of`: by an item's number the case it is in, or null.
    """

    cases: pl.DataFrame
    case_of: pl.Series
    places: pl.DataFrame
    currencies: pl.Series
    hops: tuple[str, ...]
    spoiled: pl.Series

    def standing(self) -> pl.DataFrame:
        """The cases that are still plain."""
        return self.cases if self.spoiled.is_empty() else self.cases.filter(~pl.int_range(pl.len()).is_in(self.spoiled.implode()))

    def groups(self, size: int | None = None) -> Iterator[pl.DataFrame]:
        """GROUPS, so many at a time."""
        words = hop_words()
        for cases in self.standing().iter_slices(size or max(1, self.cases.height)):
            place, bits = cases["place"], cases["hop_bits"]
            yield pl.DataFrame(
                {
                    "group_id": cases["group_id"],
                    "layer": _said("L1", cases.height),
                    "case_kind": _said("transaction", cases.height),
                    "psp": self.places["psp"].gather(place),
                    "account": self.places["account"].gather(place),
                    "currency": self.currencies.gather(cases["coin"]),
                    "amount_minor": cases["amount_minor"],
                    "residue_minor": pl.zeros(cases.height, pl.Int64(), eager=True),
                    "batch_id": cases["batch_id"],
                    "event_date": cases.select(pl.min_horizontal(f"{hop}_on" for hop in self.hops)).to_series(),
                    "item_count": bits.bitwise_count_ones().cast(pl.Int32),
                    "hops": words["hops"].gather(bits),
                }
            ).select(GROUPS.column_names())

    def matched(self) -> pl.DataFrame:
        """The items in these cases, counted by the cases: source, currency, booked_on, matched_count, matched_minor."""
        return pl.concat([self._matched_at(hop) for hop in self.hops] or [pl.DataFrame(schema=_MATCHED)])

    def _matched_at(self, hop: str) -> pl.DataFrame:
        there = self.standing().filter(pl.col(f"{hop}_on").is_not_null())
        counted = there.group_by("coin", booked_on=f"{hop}_on").agg(matched_count=pl.len().cast(pl.Int64), matched_minor=pl.col("amount_minor").sum())
        return counted.select("booked_on", "matched_count", "matched_minor", currency=self.currencies.gather(counted["coin"]), source=pl.lit(hop))


def hop_words() -> pl.DataFrame:
    """hop_bits and the sources they stand for, as people read them; a row's place is its bits."""
    words = ["+".join(sorted(name for name in SOURCES if bits & BITS[name])) for bits in range(1 << len(SOURCES))]
    return pl.DataFrame({"hop_bits": range(len(words)), "hops": words}, schema={"hop_bits": pl.UInt8(), "hops": pl.String()})


def apply(bench: Bench, *, shortcut: bool) -> Plain:
    """Find the plain cases and make the table of the other items. Raises: InvariantBroken when two places share a number."""
    bench.run(_SEEN_TWICE, *_PLACES)
    if bench.count(_CLASHES):
        raise InvariantBroken("two PSPs, accounts, kinds or currencies share a number")
    hops = tuple(hop for hop in _FOUR if bench.count(f"select count(*) from profile where source = '{hop}'"))
    cases = pl.concat([bench.frame(query) for query in _queries(bench, hops, shortcut=shortcut)]).rechunk()
    case_of = pl.Series("case_id", [None], dtype=pl.UInt32()).new_from_index(0, bench.height)
    numbers = pl.int_range(cases.height, dtype=pl.UInt32(), eager=True)
    for hop in hops:
        is_there = cases[f"{hop}_n"].is_not_null()
        case_of.scatter(cases[f"{hop}_n"].filter(is_there), numbers.filter(is_there))
    place, coin = (bench.frame(f"select * from {name} order by {name}") for name in ("place", "coin"))
    bench.hold("placed", _numbered(case_of).filter(pl.col("case_id").is_not_null()))
    bench.hold("unplaced", _numbered(case_of).filter(pl.col("case_id").is_null()))
    bench.run(
        "create view item as select * from seen", "create table open_item as select i.* from seen i semi join unplaced using (n)", _NONE_SPOILED
    )
    return Plain(cases, case_of, place, coin["currency"], hops, pl.Series(dtype=pl.UInt32()))


def settle(bench: Bench, plain: Plain) -> None:
    """Send back the cases whose charges are wrong: transactions.py has the word for them. Raises: InvariantBroken when two cases share a number."""
    taken_from, plain.cases = plain.cases, plain.cases.drop(f"{hop}_n" for hop in plain.hops)
    spoiled = bench.frame(f"select distinct case_id::uinteger as case_id from charge_variance where case_id < {plain.cases.height} order by 1")[
        "case_id"
    ]
    if spoiled.is_empty():
        return
    taken_back = taken_from[spoiled]
    rows = pl.concat(pl.DataFrame({"n": taken_back[f"{hop}_n"], "case_id": spoiled}).drop_nulls() for hop in plain.hops)
    bench.hold("taken_back", rows.cast({"case_id": pl.UInt64()}))
    bench.run("insert into spoiled by name from taken_back", *_SPOILED)
    if bench.count(_SHARED.format(cases=plain.cases.height)):
        raise InvariantBroken("a case of the ladder has the number of a plain one")
    plain.case_of.scatter(rows["n"], None)
    plain.spoiled = spoiled


def _queries(bench: Bench, hops: tuple[str, ...], *, shortcut: bool) -> Iterator[str]:
    """One query for each part of the references, or one that finds nothing."""
    is_possible = shortcut and {"ledger", "settlement"} <= set(hops)
    parts = -(-bench.height // _PART) if is_possible else 1
    odd = [condition for question, condition in _ODDITIES if is_possible and bench.count(f"select exists (select 1 {question})")]
    has_one_coin = bench.count("select count(*) from coin") <= 1  # then there is nothing to compare
    same = [] if has_one_coin else ["coin_mark = last_coin_mark"]
    same += ["coalesce(ledger_on = activity_on, true)"] if {"ledger", "activity"} <= set(hops) else []
    same += ["not is_odd"] if odd else []
    columns = {"_on": "min(booked_on)", "_n": "any_value(n)"}
    for part in range(parts):
        yield _PLAIN.format(
            part="false" if not is_possible else "true" if parts == 1 else f"hash(psp_reference) % {parts} = {part}",
            coins="0 as coin_mark" if has_one_coin else "min(hash(currency)) as coin_mark, max(hash(currency)) as last_coin_mark",
            coin="0" if has_one_coin else "c.coin",
            named="" if has_one_coin else "join coin c on c.mark = coin_mark",
            odd=f"bool_or({' or '.join(odd)})" if odd else "false",
            batch="max(batch_id)" if "batch_id" in bench.filled else "null::text",
            of_hops="".join(f"{value} filter (where hop = {BITS[hop]}) as {hop}{end}, " for hop in hops for end, value in columns.items()),
            told="".join(f"{hop}{end}, " for hop in hops for end in columns),
            and_so=" and ".join(same) or "true",
        )


def _numbered(case_of: pl.Series) -> pl.DataFrame:
    return pl.DataFrame({"n": pl.int_range(case_of.len(), dtype=pl.Int64(), eager=True), "case_id": case_of.cast(pl.UInt64())})


def _said(word: str, count: int) -> pl.Series:
    return pl.Series([word], dtype=pl.String()).new_from_index(0, count)
