"""One cell of any table to one exact value: a key, an amount, a moment. For rows.py; each distinct cell is read once.

The traps: `1.234,50` read as 1.23, 10.005 rounded, a local time taken for UTC, and keys joined so that two different ones become one.
Raises: InputRejected saying what was expected.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import NamedTuple

from assets.reconciliation.standalone.mapping import Amount, Dated, Normalise
from transactional.vocabulary.currencies import exponent_of
from transactional.vocabulary.errors import InputRejected
from transactional.vocabulary.money import parse_minor
from transactional.vocabulary.time import business_date, localise, utc

# sums of a case must fit 64 bits too: a hundred trillion minor units a row leave room for ninety thousand of the largest
LARGEST_MINOR = 10**14
_EARLIEST, _LATEST = 1970, 2199


class Moment(NamedTuple):
    """An instant and the civil date it falls on."""

    at: datetime
    on: date


@dataclass(slots=True)
class AmountCells:
    """Reads amounts as one map says they are printed."""

    rule: Amount
    _exponents: dict[tuple[str, date], int] = field(default_factory=dict)

    def read(self, text: str, currency: str, on: date) -> int:
        """Minor units, never rounded."""
        exponent = self._exponents.get((currency, on))
        if exponent is None:
            exponent = self._exponents[currency, on] = exponent_of(currency, on)
        rule = self.rule
        if not text:
            raise InputRejected("is empty; expected an amount", code="not_a_number")
        minor = parse_minor(text, 0 if rule.is_minor else exponent, decimal_mark=rule.decimal, thousands_mark=rule.thousands)
        if abs(minor) > LARGEST_MINOR:
            raise InputRejected(f"'{text[:40]}' is more than {LARGEST_MINOR:,} minor units", code="amount_out_of_range")
        return minor


@dataclass(slots=True)
class MomentCells:
    """Reads dates and times as one map says they are printed; without a date column every row has the same date."""

    rule: Dated | None
    undated: date
    _seen: dict[str, Moment] = field(default_factory=dict)

    def read(self, text: str) -> Moment:
        """The instant and its date under the map's zone."""
        known = self._seen.get(text)
        if known is None:
            known = self._seen[text] = self._moment(text)
        return known

    def _moment(self, text: str) -> Moment:
        if self.rule is None:
            return Moment(datetime(self.undated.year, self.undated.month, self.undated.day, tzinfo=UTC), self.undated)
        printed = _parsed(text, self.rule.form)
        if not _EARLIEST <= printed.year <= _LATEST:
            raise InputRejected(f"'{text[:40]}' is not a year from {_EARLIEST} to {_LATEST}", code="impossible_date")
        at = localise(printed, self.rule.zone) if printed.tzinfo is None else utc(printed)
        return Moment(at, business_date(at, self.rule.zone))


def _parsed(text: str, form: str | None) -> datetime:
    try:
        return datetime.fromisoformat(text) if form is None else datetime.strptime(text, form)  # noqa: DTZ007 (the map names the zone)
    except (ValueError, re.error) as error:
        expected = "a date or time like 2026-01-31 or 2026-01-31T23:59:59Z; another form is named by `format`" if form is None else f"the form {form}"
        raise InputRejected(f"'{text[:40]}' is not {expected}", code="bad_time") from error


def keyed(cells: Sequence[str], steps: Sequence[Normalise]) -> str:
    """Cells as one key; blank when all of them are. A bar stands between parts, a bar inside a part is marked: two keys never become one."""
    parts = [_normalised(cell, steps) for cell in cells]
    if len(parts) == 1:
        return parts[0]
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts) if any(parts) else ""


def _normalised(cell: str, steps: Sequence[Normalise]) -> str:
    for step in steps:
        match step:
            case Normalise.UPPER:
                cell = cell.upper()
            case Normalise.ALPHANUMERIC:
                cell = "".join(mark for mark in cell if mark.isalnum())
            case Normalise.DIGITS:
                cell = "".join(mark for mark in cell if mark.isascii() and mark.isdigit())
            case Normalise.NO_LEADING_ZEROS:
                cell = cell.lstrip("0") or cell[:1]
    return cell
