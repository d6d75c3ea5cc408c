"""What agrees in another number than one to one, by trying everything? A brute-force answer from the words of LR, for properties of netting and joint arrivals.

It was written from reference LR §5.3, §5.4 and §5.8 (3, 8, 11) and not from the layers it judges: it counts subsets and knows no graph and no SQL.
- Strict order: what agrees by its own key, or a payout and a bank line that name each other and are equal, is taken first and is nobody else's.
- Of what is left, sums may be compared only where references hold all of it together. Every subset is looked at: one that is closed (no reference leads
  out of it, so nothing in it could be another's), that is not made of smaller closed ones, and that adds up, is one group.
- A subset that adds up and is not closed is a choice among sums. It is never taken, not even when it is the only one (§5.4).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from tests.properties.reconciliation_oracle import HOPS, Row, Rows

Group = frozenset[str]


def subsets(rows: Sequence[Row]) -> Iterator[Rows]:
    """All but the empty one, small ones first."""
    for size in range(1, len(rows) + 1):
        yield from (list(chosen) for chosen in combinations(rows, size))


def names(rows: Iterable[Row]) -> Group:
    return frozenset(row["item_key"] for row in rows)


@dataclass
class Verdict:
    """`groups`: what must be matched. `tempting`: subsets that add up and must not be, counted so that a test can say it met some."""

    groups: set[Group]
    tempting: int = 0


def payment_groups(rows: Rows) -> Verdict:
    """The rows of one payment (one PSP reference) → which of them are groups."""
    by_key = {key: [row for row in rows if (row["modification_reference"], row["kind"]) == key] for key in {_key(row) for row in rows}}
    verdict = Verdict({names(case) for case in by_key.values() if _whole(case)})
    taken = frozenset().union(*verdict.groups) if verdict.groups else frozenset()
    left = [row for row in rows if row["item_key"] not in taken]
    if _sums_agree(left) and not _lacks_a_kind(left) and len({_key(row) for row in left}) > 1 and _is_netted(left):
        verdict.groups.add(names(left))
    else:
        open_keys = sorted({_key(row) for row in left})
        parts = [[row for row in left if _key(row) in chosen] for size in range(2, len(open_keys)) for chosen in combinations(open_keys, size)]
        verdict.tempting += sum(_sums_agree(part) for part in parts)
    return verdict


def _is_netted(rows: Rows) -> bool:
    """Whether a movement's money stands in another's line. Same key and another value is a break of its own (§5.3, L3), also when two of them cancel."""
    return any({"ledger", "settlement"} - {row["source"] for row in rows if _key(row) == key} for key in {_key(row) for row in rows})


def _key(row: Row) -> tuple[str, str]:
    return row["modification_reference"], row["kind"]


def _whole(case: Rows) -> bool:
    """One line at every hop, and the same money at each. Activity is told on the way to the settlement: where that is there it may be absent."""
    hops = sorted(row["source"] for row in case)
    return hops in (sorted(HOPS), sorted({*HOPS} - {"activity"})) and len({(row["amount_minor"], row["currency"]) for row in case}) == 1


def _sums_agree(rows: Rows) -> bool:
    """Our books and the settlement are there and say the same sum, not nothing, in one currency; so do the hops between where they are there."""
    sums = {hop: sum(row["amount_minor"] for row in rows if row["source"] == hop) for hop in HOPS if any(row["source"] == hop for row in rows)}
    both = "ledger" in sums and "settlement" in sums
    return both and len(set(sums.values())) == 1 and 0 not in sums.values() and len({row["currency"] for row in rows}) == 1


def _lacks_a_kind(rows: Rows) -> bool:
    """A kind of money that the PSP settled and our books do not know is missing there, whatever the sums say."""
    booked = {row["kind"] for row in rows if row["source"] == "ledger"}
    return any(row["kind"] not in booked for row in rows if row["source"] == "settlement")


def arrival_groups(payouts: Rows, lines: Rows) -> Verdict:
    """Payouts and bank lines of one account → which of them belong together. `bank_reference` of a payout is a word that texts may hold."""
    links = {(payout["item_key"], line["item_key"]) for payout in payouts for line in lines if payout["bank_reference"] in line["bank_reference"]}
    verdict = Verdict(set())
    for payout in payouts:
        for line in lines:
            equal_lines = [other for other in lines if (payout["item_key"], other["item_key"]) in links and _equal(payout, other)]
            equal_payouts = [other for other in payouts if (other["item_key"], line["item_key"]) in links and _equal(other, line)]
            if equal_lines == [line] and equal_payouts == [payout]:
                verdict.groups.add(names([payout, line]))
    taken = frozenset().union(*verdict.groups) if verdict.groups else frozenset()
    left = [row for row in (*payouts, *lines) if row["item_key"] not in taken]
    left_links = {link for link in links if not taken & set(link)}
    closed: list[Group] = []
    for chosen in subsets(left):
        inside = names(chosen)
        adds_up = _adds_up(chosen)
        if any((one in inside) != (other in inside) for one, other in left_links):
            verdict.tempting += adds_up
        elif not any(smaller < inside for smaller in closed):
            closed.append(inside)
            if adds_up:
                verdict.groups.add(inside)
    return verdict


def _equal(payout: Row, line: Row) -> bool:
    return bool(-payout["net_minor"] == line["amount_minor"])


def _adds_up(rows: Rows) -> bool:
    paid = [-row["net_minor"] for row in rows if row["source"] == "payout"]
    banked = [row["amount_minor"] for row in rows if row["source"] == "bank"]
    return bool(paid) and bool(banked) and sum(paid) == sum(banked)
