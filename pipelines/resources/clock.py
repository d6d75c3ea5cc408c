"""What time is it: the one place that looks at a clock. For composition roots; everything below them receives `now` as a value.

The trap: `now()` deep inside a calculation, so that yesterday's run cannot be repeated. An architecture test finds the second clock.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Whatever tells the time, in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """This machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still: a run as of a given moment."""

    def __init__(self, moment: datetime) -> None:
        if moment.tzinfo is None:
            raise ValueError("a clock needs an instant: a time with a zone")
        self._moment = moment.astimezone(UTC)

    def now(self) -> datetime:
        return self._moment
