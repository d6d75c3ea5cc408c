"""How good is the reconciliation against a known answer: precision and recall by class. For `countroom demo` and the tests over worlds.

Strict: a break counts as found when class, currency, amount and every item are those of the key. The trap: a score that counts classes, so that a
missing refund in one place pays for an invented one in another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

Identity = tuple[str, str, int, frozenset[str]]
"""Class, currency, amount, item keys."""


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One class: how many the key expects, how many were reported, how many of them are the same."""

    break_class: str
    expected: int
    reported: int
    right: int

    @property
    def precision(self) -> float:
        """Of the reported, the share that is right; 1 when nothing was reported."""
        return self.right / self.reported if self.reported else 1.0

    @property
    def recall(self) -> float:
        """Of the expected, the share that was found; 1 when nothing was expected."""
        return self.right / self.expected if self.expected else 1.0


@dataclass(frozen=True, slots=True)
class Score:
    """All classes, and what differs: expected and not reported, reported and not expected."""

    classes: tuple[ClassScore, ...]
    missed: tuple[Identity, ...]
    invented: tuple[Identity, ...]

    @property
    def is_perfect(self) -> bool:
        return not self.missed and not self.invented


def score(reported: Iterable[Identity], expected: Iterable[Identity]) -> Score:
    """Compare two lists of breaks; each may hold one identity several times, and then it counts as often."""
    found, wanted = Counter(reported), Counter(expected)
    right = found & wanted
    names = sorted({identity[0] for identity in (*found, *wanted)})

    def of(counter: Counter[Identity], name: str) -> int:
        return sum(count for identity, count in counter.items() if identity[0] == name)

    classes = tuple(ClassScore(name, of(wanted, name), of(found, name), of(right, name)) for name in names)
    return Score(classes, tuple(sorted((wanted - found).elements(), key=str)), tuple(sorted((found - wanted).elements(), key=str)))


def identities_of_breaks(breaks: pl.DataFrame) -> list[Identity]:
    """From State.breaks. A break without items has the key of what is missing, as answer keys name it."""
    return [
        (row["break_class"], row["currency"], int(row["amount_minor"]), frozenset(row["item_keys"].split()) or _literal(row))
        for row in breaks.iter_rows(named=True)
    ]


def identities_of_key(answer_key: pl.DataFrame) -> list[Identity]:
    """From answer_key.parquet."""
    return [(row["break_class"], row["currency"], int(row["amount_minor"]), frozenset(row["item_keys"])) for row in answer_key.iter_rows(named=True)]


def _literal(row: dict[str, object]) -> frozenset[str]:
    if row["break_class"] == "batch_gap":
        return frozenset({f"batch:{row['psp']}:{row['account']}:{row['batch_id']}"})
    if row["break_class"] == "statement_gap":
        return frozenset({f"statement:{row['account']}:{row['batch_id']}"})
    if row["break_class"] == "reserve_unreleased":
        return frozenset({f"reserve:{row['psp']}:{row['account']}:{row['batch_id']}:{row['currency']}"})
    return frozenset()
