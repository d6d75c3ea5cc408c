"""Business dates under a zone. For every book that closes by local calendar day (operator, PSP account, player).

The traps: "the UTC instant of local midnight" as a day's key (some days have no midnight, some have two), days taken to be 24 hours
(23 and 25 happen twice a year), and a wall clock read inside logic. Times are passed in; a day is keyed by its civil date.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from transactional.vocabulary.errors import InputRejected


def zone(name: str) -> ZoneInfo:
    """The IANA zone of that name. Raises: InputRejected (code `unknown_zone`); labels such as CET or PST are not zones."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InputRejected(f"'{name}' is not an IANA time zone", code="unknown_zone") from error


def utc(moment: datetime) -> datetime:
    """The same instant in UTC. Raises: InputRejected when `moment` is naive: a time without a zone is not an instant."""
    if moment.tzinfo is None:
        raise InputRejected(f"{moment.isoformat()} has no zone", code="naive_time")
    return moment.astimezone(UTC)


def business_date(moment: datetime, zone_name: str, cut_off: time = time(0)) -> date:
    """The civil date the book in `zone_name` gives to an instant; at or after `cut_off` (if not midnight) the next day's book is open."""
    local = utc(moment).astimezone(zone(zone_name))
    if cut_off != time(0) and local.timetz().replace(tzinfo=None) >= cut_off:
        return local.date() + timedelta(days=1)
    return local.date()


def localise(naive: datetime, zone_name: str, *, second_pass: bool = False) -> datetime:
    """The UTC instant of a printed local time.

    A time printed in the hour that happens twice is the first pass unless `second_pass`; a time in the hour that never happens is
    moved forward by the gap, as clocks were. Both are deterministic, so a re-read file gives the same instants.
    """
    there = naive.replace(tzinfo=zone(zone_name), fold=1 if second_pass else 0)
    return there.astimezone(UTC)


def day_bounds(day: date, zone_name: str) -> tuple[datetime, datetime]:
    """First instant of the civil day and of the next one, in UTC: half-open, so 23 and 25 hour days neither overlap nor leave a gap.

    On a day with two midnights the first one starts the day; on a day without a midnight the first minute after the gap does.
    """
    return _first_instant(day, zone_name), _first_instant(day + timedelta(days=1), zone_name)


def _first_instant(day: date, zone_name: str) -> datetime:
    where = zone(zone_name)
    start = datetime.combine(day, time(0), tzinfo=where).replace(fold=0).astimezone(UTC)
    before = start - timedelta(minutes=1)
    # A midnight inside a gap maps to the previous day's offset; the true start is where the local date first becomes `day`.
    if start.astimezone(where).date() < day or before.astimezone(where).date() >= day:
        return _search_start(day, where, start)
    return start


def _search_start(day: date, where: ZoneInfo, near: datetime) -> datetime:
    low, high = near - timedelta(hours=26), near + timedelta(hours=26)
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(where).date() >= day:
            high = middle
        else:
            low = middle
    return high.replace(microsecond=0)


def add_business_days(day: date, count: int, holidays: frozenset[date] = frozenset()) -> date:
    """The date `count` bank days after `day`: Saturdays, Sundays and `holidays` do not count."""
    current, left = day, count
    while left > 0:
        current += timedelta(days=1)
        if current.weekday() < 5 and current not in holidays:
            left -= 1
    return current
