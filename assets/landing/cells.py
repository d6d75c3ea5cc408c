"""One printed cell to one exact value: amounts and moments. For canonical.py, which reads whole columns through these.

Each distinct cell is read once (reports repeat themselves), by the house's own functions: `parse_minor` for money, `localise` for time.
The traps: an amount rounded instead of refused; a repeated local hour put an hour early; a zone label (CET, PST) taken for a zone.
A refusal is an InputRejected that is returned and remembered, not raised: the caller knows the row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from transactional.payments.merchant_accounts import merchant_account
from transactional.payments.psps.spec import DateOrder, PspSpec, rescale
from transactional.vocabulary.currencies import exponent_of
from transactional.vocabulary.errors import InputRejected
from transactional.vocabulary.money import parse_minor
from transactional.vocabulary.time import business_date, localise, utc, zone

_MOMENT = re.compile(r"(\d{4}[-/]\d\d[-/]\d\d)(?:[ T](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?))?\s*(UTC|Z|[+-]\d\d:?\d\d)?", re.ASCII)
_DAY_OR_MONTH_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", re.ASCII)
_EITHER_WAY = "\x00"
_EARLIEST, _LATEST = 1990, 2100


@dataclass(slots=True)
class Scale:
    """The exponents of a currency at the PSP and at ours, and what has been read under them."""

    printed_exponent: int
    house_exponent: int
    seen: dict[str, int | InputRejected] = field(default_factory=dict)


class Moment(NamedTuple):
    """An instant and the business date it falls on for its account."""

    at: datetime
    on: date


@dataclass(slots=True)
class AmountReader:
    """Reads printed amounts of one file into our minor units. `scale` once per currency and date, then `read` once per distinct text."""

    spec: PspSpec
    minor_units: bool = False
    decimal_mark: str = "."
    thousands_mark: str = ""
    exponent: int | None = None
    _scales: dict[tuple[str, date], Scale | InputRejected] = field(default_factory=dict)
    _by_exponents: dict[tuple[int, int], Scale] = field(default_factory=dict)

    def scale(self, currency: str, on: date) -> Scale | InputRejected:
        """How amounts of `currency` are printed on a date, or why that currency cannot be read (`unknown_currency`)."""
        known = self._scales.get((currency, on))
        if known is None:
            try:
                house = exponent_of(currency, on)
                exponents = (self.spec.exponent(currency, on) if self.exponent is None else self.exponent, house)
                known = self._by_exponents.setdefault(exponents, Scale(*exponents))
            except InputRejected as error:
                known = error
            self._scales[currency, on] = known
        return known

    def read(self, text: str, scale: Scale) -> int | InputRejected:
        """Our minor units, never rounded; or the refusal (`not_a_number`, `too_many_decimals`, `amount_out_of_range`)."""
        known = scale.seen.get(text)
        if known is None:
            try:
                decimals = 0 if self.minor_units else scale.printed_exponent
                printed = parse_minor(text, decimals, decimal_mark=self.decimal_mark, thousands_mark=self.thousands_mark)
                known = rescale(printed, scale.printed_exponent, scale.house_exponent)
            except InputRejected as error:
                known = error
            scale.seen[text] = known
        return known


def decimal_mark_of(amounts: Iterable[str]) -> str:
    """A comma only if amounts of a file have commas and none has a point; a mixed file is read with points, so its commas are refused."""
    return "," if {mark for cell in amounts for mark in ".," if mark in cell} == {","} else "."


def ymd(dates: list[str], order: DateOrder) -> list[str]:
    """Printed dates as YYYY-MM-DD. What is no date in that order stays as it is, for the reader to refuse; so do dates that could be read two ways."""
    if order == "ymd":
        return dates
    parts = {text: found.groups() for text in set(dates) if (found := _DAY_OR_MONTH_FIRST.fullmatch(text))}
    if order == "dmy or mdy":
        late_first, late_second = (any(int(part[place]) > 12 for part in parts.values()) for place in (0, 1))
        if late_first == late_second:
            return [_EITHER_WAY if text in parts else text for text in dates]
        order = "dmy" if late_first else "mdy"
    day, month = (0, 1) if order == "dmy" else (1, 0)
    return [f"{parts[text][2]}-{parts[text][month]:0>2}-{parts[text][day]:0>2}" if text in parts else text for text in dates]


@dataclass(slots=True)
class MomentReader:
    """Reads printed local or UTC times of one file, under the zone of the account they belong to."""

    spec: PspSpec
    _seen: dict[tuple[str, str, str, bool], Moment | InputRejected] = field(default_factory=dict)

    def read(self, text: str, label: str, account: str, *, is_utc: bool) -> Moment | InputRejected:
        """The instant of a printed time and its business date; or the refusal (`bad_time`, `impossible_date`, `implausible_zone`, `unknown_zone`)."""
        key = (text, label, account, is_utc)
        known = self._seen.get(key)
        if known is None:
            try:
                known = self._moment(text, label, account, is_utc=is_utc)
            except InputRejected as error:
                known = error
            self._seen[key] = known
        return known

    def _moment(self, text: str, label: str, account: str, *, is_utc: bool) -> Moment:
        naive, offset = _parse(text)
        zone_name = self._zone_of(account, label, naive)
        if offset is None:
            at = localise(naive, "UTC") if is_utc else localise(naive, zone_name, second_pass=_is_second_pass(naive, zone_name, label))
        else:
            at = utc(naive.replace(tzinfo=ZoneInfo("UTC"))) - offset
        return Moment(at, business_date(at, zone_name, self.spec.cut_off))

    def _zone_of(self, account: str, label: str, naive: datetime) -> str:
        """The account's own zone, its label checked; for an account nobody registered the label's usual zone, else the PSP's."""
        registered = merchant_account(self.spec.psp, account, naive.date())
        meant = self.spec.zone_labels.get(label) or ((label,) if _is_zone(label) else ())
        if registered is not None:
            if label and registered.zone not in meant and label not in _names(registered.zone, naive.year):
                raise InputRejected(f"a zone label of {registered.zone}, not '{label[:10]}'", code="implausible_zone")
            return registered.zone
        if label and not meant:
            raise InputRejected(f"a zone label that {self.spec.psp} is known to print, not '{label[:10]}'", code="unknown_zone")
        return meant[0] if meant else self.spec.zone


def _parse(text: str) -> tuple[datetime, timedelta | None]:
    if text.startswith(_EITHER_WAY):
        raise InputRejected("a date that is read one way only: every date of this file could be day first or month first", code="ambiguous_date")
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        raise InputRejected("a time like 2026-01-31 23:59:59", code="bad_time")
    day, clock, offset = found.groups()
    try:
        naive = datetime.fromisoformat(f"{day.replace('/', '-')}T{clock or '00:00'}")
    except ValueError as error:
        raise InputRejected("a date and time that exist in the calendar", code="impossible_date") from error
    if not _EARLIEST <= naive.year <= _LATEST:
        raise InputRejected(f"a year from {_EARLIEST} to {_LATEST}", code="impossible_date")
    return naive, _offset(offset)


def _is_zone(label: str) -> bool:
    """Whether a label names its zone in full (Europe/Berlin); a short one (CET, EST) is only a clock's, also where the zone database has it."""
    try:
        return "/" in label and bool(zone(label))
    except InputRejected:
        return False


def _offset(printed: str | None) -> timedelta | None:
    if printed is None:
        return None
    if printed in ("UTC", "Z"):
        return timedelta(0)
    size = timedelta(hours=int(printed[1:3]), minutes=int(printed[-2:]))
    return -size if printed[0] == "-" else size


def _names(zone_name: str, year: int) -> set[str | None]:
    """What a zone's clocks are called in winter and in summer; real rows print PST in October, so either is plausible all year."""
    where = ZoneInfo(zone_name)
    return {datetime(year, month, 1, tzinfo=where).tzname() for month in (1, 7)}


def _is_second_pass(naive: datetime, zone_name: str, label: str) -> bool:
    """In the hour that happens twice, the printed label says which pass is meant (CEST first, CET second)."""
    first, second = (naive.replace(tzinfo=ZoneInfo(zone_name), fold=fold).tzname() for fold in (0, 1))
    return first != second and label == second
