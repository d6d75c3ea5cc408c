"""Two tables: the order of rows and files decides nothing, and which side is called left only turns the words around.

One run of the engine costs most of a second whatever it holds, so an example is many small cases beside each other, each with its own key.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.reconciliation.standalone.comparison import Comparison, compare
from assets.reconciliation.standalone.map_file import read_map
from assets.reconciliation.standalone.rows import TextTable

AS_OF = datetime(2026, 3, 31, tzinfo=UTC)
ONE = "{key: k, amount: a, currency: c, date: d, line_id: i, reference: m}"
BOTH = read_map(f"left: {ONE}\nright: {ONE}", "map.yaml")
HEADERS = ("k", "a", "c", "d", "i", "m")
CASES = 60
Cells = tuple[str, ...]

# what is only on one side is on the other when sides change; a sign is only told where the right one has it, else it is another amount
MIRRORED = {
    "missing_at_psp": "missing_in_ledger",
    "missing_in_ledger": "missing_at_psp",
    "duplicate_ledger": "duplicate_psp",
    "duplicate_psp": "duplicate_ledger",
    "sign": "amount",
}
TURNED = {"amount", "exponent", "sign"}


def side(rng: random.Random, case: int, name: str) -> list[Cells]:
    """A few rows of one case as one side tells it; without a key now and then, so that only a reference can find it."""
    amount = rng.choice(("10.00", "10.00", "10.00", "10.01", "100.00", "-10.00"))
    currency, day = rng.choice(("EUR", "EUR", "EUR", "USD")), f"2026-03-0{rng.randint(1, 9)}"
    copies, key = rng.choice((0, 1, 1, 1, 1, 2, 3)), rng.choice((f"K{case}",) * 5 + ("",))
    return [(key, amount, currency, day, f"{name}{case}-{copy}", f"order {case}") for copy in range(copies)]


def table(name: str, rows: list[Cells]) -> TextTable:
    return TextTable(name, HEADERS, range(2, len(rows) + 2), [[row[place] for row in rows] for place in range(len(HEADERS))])


def verdicts(found: Comparison) -> Counter[tuple[object, ...]]:
    """What was decided of each row, whatever its line and its break's id: equal rows are interchangeable."""
    classes = dict(found.breaks.select("break_id", "break_class").rows())
    rows = found.rows.select("side", "key", "currency", "amount_minor", "booked_on", "disposition", "break_id", "reason").iter_rows()
    return Counter((*row[:6], classes.get(row[6]), row[7]) for row in rows)


def told(found: Comparison) -> Counter[tuple[str, str, str, int]]:
    return Counter(found.breaks.select("break_class", "key", "currency", "amount_minor").rows())


@settings(max_examples=3)
@given(st.integers(0, 2**32))
def test_order_decides_nothing_and_sides_mirror(seed: int) -> None:
    rng = random.Random(seed)
    left, right = ([row for case in range(CASES) for row in side(rng, case, name)] for name in ("l", "r"))
    found = compare(BOTH, [table("left", left)], [table("right", right)], AS_OF)
    assert found.certificate["closes"].all()
    assert found.rows.height == len(left) + len(right) == found.rows["disposition"].count()

    shuffled = [rng.sample(rows, len(rows)) for rows in (left, right)]
    halves = [table("right 1", shuffled[1][::2]), table("right 2", shuffled[1][1::2])]
    again = compare(BOTH, [table("left", shuffled[0])], rng.sample(halves, 2), AS_OF)
    assert verdicts(again) == verdicts(found)
    assert told(again) == told(found)

    mirror = compare(BOTH, [table("right", right)], [table("left", left)], AS_OF)
    assert mirror.matched.equals(found.matched)
    assert mirror_image(mirror) == plain_image(found)


def plain_image(found: Comparison) -> Counter[tuple[object, ...]]:
    """Class and, where it is the same thing seen from either side, amount of every break by key."""
    return Counter(_seen(row, row["break_class"], row["amount_minor"]) for row in found.breaks.iter_rows(named=True))


def mirror_image(found: Comparison) -> Counter[tuple[object, ...]]:
    turned = found.breaks.with_columns(
        pl.col("break_class").replace(MIRRORED).alias("turned"),
        pl.when(pl.col("break_class").is_in(TURNED)).then(-pl.col("amount_minor")).otherwise(pl.col("amount_minor")).alias("minor"),
    )
    return Counter(_seen(row, row["turned"], row["minor"]) for row in turned.iter_rows(named=True))


def _seen(row: dict[str, object], break_class: str, minor: object) -> tuple[object, ...]:
    told_class = "amount" if break_class == "sign" else break_class
    # a currency break tells the right side's amount, which is the other one in the mirror
    return (told_class, row["key"], row["row_count"], None if told_class in ("currency", "ambiguous_group") else minor)
