"""What does a map say: per table its key, amount, currency, date and kind; and which date tolerances hold. Values only; map_file.py reads them.

The trap: a tolerance on amounts. There is none here on purpose: a difference of a cent is a break with a class, never "close enough".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from transactional.payments.money_kinds import PLAYER_KINDS, MoneyKind


class Side(StrEnum):
    """Which of the two: the left one is taken for our books, the right one for what another says."""

    LEFT = "left"
    RIGHT = "right"


class Normalise(StrEnum):
    """What may be done to a key before it is compared. Surrounding blanks never count."""

    UPPER = "upper"
    ALPHANUMERIC = "alphanumeric"
    DIGITS = "digits"
    NO_LEADING_ZEROS = "no_leading_zeros"


# What a row of two tables may be: movements that have a counterpart, a row to leave out with a reason, or one nobody can name.
KINDS = frozenset(PLAYER_KINDS | {MoneyKind.INFORMATION, MoneyKind.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Key:
    """The columns that name one movement on both sides, together, in this order."""

    columns: tuple[str, ...]
    normalise: tuple[Normalise, ...] = ()


@dataclass(frozen=True, slots=True)
class Amount:
    """How amounts are printed: major units with a decimal mark (and perhaps thousands marks), or integers of minor units."""

    column: str
    decimal: str = "."
    thousands: str = ""
    is_minor: bool = False


@dataclass(frozen=True, slots=True)
class Currency:
    """One code for every row, or the column that holds it."""

    constant: str | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Dated:
    """When a row happened. `zone`: of times that print none, and of the calendar day; `form`: strptime's, ISO 8601 where None."""

    column: str
    zone: str = "UTC"
    form: str | None = None


@dataclass(frozen=True, slots=True)
class Direction:
    """The column that says which way an unsigned amount goes, and its words for towards us and away from us."""

    column: str
    inward: frozenset[str]
    outward: frozenset[str]


@dataclass(frozen=True, slots=True)
class Kinds:
    """What a row is: by a column's words, else by the amount's sign. The same kind for both signs is a constant."""

    positive: MoneyKind = MoneyKind.DEPOSIT
    negative: MoneyKind = MoneyKind.DEPOSIT
    column: str | None = None
    words: Mapping[str, MoneyKind] = field(default_factory=dict)

    @property
    def are_told(self) -> bool:
        """Whether the map says anything: if not, no sentence names a kind."""
        return self != Kinds()


@dataclass(frozen=True, slots=True)
class TableMap:
    """How one table is read. `file` or `url` and `query` say where it is, unless the command line does."""

    key: Key
    amount: Amount
    currency: Currency
    dated: Dated | None = None
    direction: Direction | None = None
    is_flipped: bool = False
    kinds: Kinds = field(default_factory=Kinds)
    line_id: str | None = None
    reference: Key | None = None
    net: str | None = None
    fee: str | None = None
    name: str | None = None
    file: str | None = None
    url: str | None = field(default=None, repr=False)
    query: str | None = None


@dataclass(frozen=True, slots=True)
class TwoSidedMap:
    """Both sides, each one map for all its tables or one per table in their order; and the tolerances, in calendar days.

    `wait_days`: how long after its date a row of the left may wait for the right. `reference_window_days`: how far apart two rows without a key may be.
    """

    left: tuple[TableMap, ...]
    right: tuple[TableMap, ...]
    wait_days: int = 0
    reference_window_days: int = 7
