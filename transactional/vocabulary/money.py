"""Exact money: integer minor units beside a currency. For every module that touches an amount.

The traps: a float anywhere (154185.12 becomes ...1199999), too many decimals rounded away instead of refused, NaN and 1e5 accepted
as numbers, a remainder lost when a sum is split, rounding done in more than one place. Here is the one place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Self

from transactional.vocabulary.errors import InputRejected, InvariantBroken

INT64_MAX = 2**63 - 1

# Digits with an optional sign and one optional decimal point; `.11` and `52.` occur in real reports. No exponent, no NaN, no spaces inside.
_PLAIN_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in integer minor units of one currency. Adding two currencies is an error, never a conversion."""

    currency: str
    minor: int

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise InvariantBroken(f"money must be an integer of minor units, got {type(self.minor).__name__}")
        if abs(self.minor) > INT64_MAX:
            raise InputRejected("amount does not fit 64 bits", code="amount_out_of_range")

    def __add__(self, other: Money) -> Money:
        return Money(self._same(other), self.minor + other.minor)

    def __sub__(self, other: Money) -> Money:
        return Money(self._same(other), self.minor - other.minor)

    def __neg__(self) -> Self:
        return type(self)(self.currency, -self.minor)

    def _same(self, other: Money) -> str:
        if self.currency != other.currency:
            raise InvariantBroken(f"cannot add {other.currency} to {self.currency}")
        return self.currency


def parse_minor(text: str, exponent: int, *, decimal_mark: str = ".", thousands_mark: str = "") -> int:
    """Integer minor units of a printed major-unit amount.

    Units: `exponent` decimals make one major unit. Trailing zeros beyond the exponent are allowed (`10.00` JPY is 10), any other digit there is not.
    Raises: InputRejected with code `not_a_number`, `too_many_decimals` or `amount_out_of_range`; nothing is ever rounded.
    """
    plain = text.strip()
    if thousands_mark:
        plain = _without_thousands(plain, decimal_mark, thousands_mark)
    if decimal_mark != ".":
        if "." in plain:
            raise InputRejected(f"'{text}' is not an amount with the decimal mark '{decimal_mark}'", code="not_a_number")
        plain = plain.replace(decimal_mark, ".")
    if not _PLAIN_DECIMAL.fullmatch(plain):
        raise InputRejected(f"'{text[:40]}' is not a plain decimal amount", code="not_a_number")
    whole, _, fraction = plain.lstrip("+-").partition(".")
    kept, beyond = fraction[:exponent].ljust(exponent, "0"), fraction[exponent:]
    if beyond.strip("0"):
        raise InputRejected(f"'{text}' has more than the {exponent} decimals its currency allows", code="too_many_decimals")
    minor = int((whole or "0") + kept)
    if minor > INT64_MAX:
        raise InputRejected(f"'{text}' does not fit 64 bits of minor units", code="amount_out_of_range")
    return -minor if plain.startswith("-") else minor


def _without_thousands(plain: str, decimal_mark: str, thousands_mark: str) -> str:
    """Drop thousands marks, but only where they stand between groups of three: `1,2` is not twelve."""
    whole, mark, fraction = plain.partition(decimal_mark)
    groups = whole.lstrip("+-").split(thousands_mark)
    if len(groups) > 1 and not (1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])):
        raise InputRejected(f"'{plain}' has its thousands marks in the wrong places", code="not_a_number")
    return whole.replace(thousands_mark, "") + mark + fraction


def format_minor(minor: int, exponent: int) -> str:
    """Major-unit text with exactly `exponent` decimals: parse_minor(format_minor(x, e), e) == x."""
    digits = str(abs(minor)).rjust(exponent + 1, "0")
    sign = "-" if minor < 0 else ""
    return f"{sign}{digits}" if exponent == 0 else f"{sign}{digits[:-exponent]}.{digits[-exponent:]}"


def round_half_even(value: Decimal) -> int:
    """The one rounding of the house: a Decimal number of minor units to the nearest integer, halves to even."""
    return int(value.to_integral_value(rounding=ROUND_HALF_EVEN))


def convert(minor: int, rate: Decimal, from_exponent: int, to_exponent: int) -> int:
    """Minor units in another currency at `rate` (major per major); the exponents are crossed exactly once, here.

    Source: blnkfinance/blnk issue 61, where the source's precision was applied to the destination.
    """
    return round_half_even(Decimal(minor) * rate * (Decimal(10) ** (to_exponent - from_exponent)))


def allocate(total_minor: int, weights: Sequence[int]) -> list[int]:
    """Split `total_minor` in proportion to `weights`, to the last unit: the parts always add up to the total (largest remainder).

    Ties go to the earlier part, so the split is deterministic. Weights are non-negative and not all zero.
    Raises: InvariantBroken on unusable weights.
    """
    whole = sum(weights)
    if whole <= 0 or any(weight < 0 for weight in weights):
        raise InvariantBroken("allocation needs non-negative weights with a positive sum")
    sign, size = (-1 if total_minor < 0 else 1), abs(total_minor)
    parts = [size * weight // whole for weight in weights]
    left = size - sum(parts)
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(size * weights[i] % whole), i))
    for index in by_remainder[:left]:
        parts[index] += 1
    return [sign * part for part in parts]
