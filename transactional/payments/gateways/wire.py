"""Reading what a PSP answered without trusting its shape. For the adapters.

The trap: an answer that is valid JSON of another shape and ends as a KeyError in the orchestrator: whatever cannot be read is `Unreadable`, and so UNKNOWN.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from transactional.payments.psps.spec import PspSpec
from transactional.vocabulary.errors import InputRejected
from transactional.vocabulary.money import Money

_LONGEST = 500


class Unreadable(Exception):
    """The PSP answered, and nobody can say what."""


class Unsendable(Exception):
    """The request cannot be expressed at this PSP, so nothing was sent. `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Stopwatch:
    """Since when a request is under way."""

    started: float = field(default_factory=perf_counter)

    @property
    def ms(self) -> int:
        """Whole milliseconds, rounded up: a time-out is never shorter than its limit."""
        return math.ceil((perf_counter() - self.started) * 1000)


def thing(value: object) -> Mapping[str, Any]:
    """The value as a JSON object. Raises: Unreadable."""
    if not isinstance(value, dict):
        raise Unreadable("a JSON object was expected")
    return value


def part(value: object) -> Mapping[str, Any]:
    """The value if it is a JSON object, else an empty one: a part that may be missing."""
    return value if isinstance(value, dict) else {}


def word(value: object) -> str | None:
    """The value if it is a usable code or reference, else None."""
    return value if isinstance(value, str) and value and len(value) <= _LONGEST and value.isprintable() else None


def reference(value: object) -> str:
    """A reference that must be there. Raises: Unreadable."""
    found = word(value)
    if found is None:
        raise Unreadable("a reference was expected")
    return found


def moment(value: object, otherwise: datetime) -> datetime:
    """Unix seconds as an instant."""
    try:
        return datetime.fromtimestamp(value, UTC) if type(value) is int else otherwise
    except (OverflowError, OSError, ValueError):
        return otherwise


def told_money(spec: PspSpec, minor: object, currency: object, at: datetime) -> Money:
    """Our Money for an amount in an answer. Raises: Unreadable."""
    if type(minor) is not int or not isinstance(currency, str):
        raise Unreadable("an amount was expected")
    try:
        return Money(currency.upper(), spec.house_minor(minor, currency.upper(), at.date()))
    except InputRejected as error:
        raise Unreadable("an amount of a known currency was expected") from error


def asked_minor(spec: PspSpec, money: Money, at: datetime) -> int:
    """The PSP's minor units of what we ask for. Raises: Unsendable (`too_many_decimals`, `unknown_currency`)."""
    try:
        return spec.psp_minor(money.minor, money.currency, at.date())
    except InputRejected as error:
        raise Unsendable(error.code or "bad_amount") from error
