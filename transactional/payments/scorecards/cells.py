"""Which cell of traffic is an attempt in, and where is looked next when a card knows nothing of that cell? For the statistics, the card and the router.

Pure. The lookup order is data: it travels in the document, so that a consumer in another language follows the same steps.
The trap: a key built in two places in two ways (decision-engine#197: the elimination read another key than the feedback wrote, and never fired).
Source: reference RT §2.3 (all > country > country and method > issuer group > BIN, and the amount band beside them).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from transactional.vocabulary.currencies import exponent_of

UNKNOWN = ""
"""What a key holds when nothing is known: a bank transfer has no BIN. Such an attempt is in no cell of a level that needs the key."""

KEYS = ("country", "method", "issuer_group", "bin", "amount_band")


@dataclass(frozen=True, slots=True)
class Level:
    """One grain of cells. `keys` are those that are filled in; `parent` is the next wider level, whose estimate is the prior of this one."""

    name: str
    keys: tuple[str, ...]
    parent: str | None


LEVELS = (
    Level("bin", ("country", "method", "issuer_group", "bin"), "issuer_group"),
    Level("issuer_group", ("country", "method", "issuer_group"), "country_method"),
    Level("amount_band", ("country", "method", "amount_band"), "country_method"),
    Level("country_method", ("country", "method"), "country"),
    Level("country", ("country",), "all"),
    Level("all", (), None),
)
"""In the order of lookup, exact first. A level stands before its parent."""

LEVEL_BY_NAME: Mapping[str, Level] = {level.name: level for level in LEVELS}

_BANDS = ((0, "under_20"), (20, "20_50"), (50, "50_100"), (100, "100_250"), (250, "250_1000"), (1000, "from_1000"))


@dataclass(frozen=True, slots=True)
class AmountBand:
    """Amounts of `from_minor` up to, but not with, `below_minor` (None: no end), in currencies with that number of decimals."""

    name: str
    exponent: int
    from_minor: int
    below_minor: int | None


def _bands() -> Iterator[AmountBand]:
    for exponent in range(5):
        below = [major for major, _ in _BANDS[1:]]
        for (start, name), end in zip(_BANDS, [*below, None], strict=True):
            yield AmountBand(name, exponent, start * 10**exponent, None if end is None else end * 10**exponent)


AMOUNT_BANDS = tuple(_bands())
"""Bands in whole units of the currency that is paid, whatever it is worth: players and issuers think in round sums of their own money."""


def amount_band(amount_minor: int, currency: str, on: date) -> str:
    """The band of an amount. Units: minor, positive. Raises: InputRejected (`unknown_currency`)."""
    exponent = exponent_of(currency, on)
    return next(
        band.name
        for band in AMOUNT_BANDS
        if band.exponent == exponent and amount_minor >= band.from_minor and amount_minor < (band.below_minor or amount_minor + 1)
    )


def issuer_group(issuer: str | None, issuer_country: str | None) -> str:
    """The issuer by name; an issuer nobody can name goes with the others of its country."""
    return issuer or (f"country:{issuer_country}" if issuer_country else UNKNOWN)


@dataclass(frozen=True, slots=True)
class Cell:
    """What is known of an attempt that a score may depend on; UNKNOWN where it is not known. `direction` is deposit or withdrawal."""

    direction: str
    country: str = UNKNOWN
    method: str = UNKNOWN
    issuer_group: str = UNKNOWN
    bin: str = UNKNOWN
    amount_band: str = UNKNOWN

    def key_at(self, keys: tuple[str, ...]) -> tuple[str, ...] | None:
        """The cell's name at a level; None where one of the level's keys is not known."""
        values = tuple([getattr(self, key) for key in keys])
        return None if UNKNOWN in values else (self.direction, *values)
