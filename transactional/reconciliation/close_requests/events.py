"""What became of a wish to freeze a day? Pure; for the service, the API and whoever carries it out.

A day is frozen with what the warehouse knows, and the service never reads the warehouse; so over HTTP a close is asked for, and the pipeline carries it
out, refuses it, or leaves it waiting until a run knows the whole day. The traps: a wish that is carried out twice, or that nobody can see was refused.
The database lets a request end once, and a day has one open request (revision 0023).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

WAITS_FOR_A_RUN = frozenset({"nothing_published", "day_not_over"})
"""Refusals of a close that the next run may lift: the request stays open. Any other ends it."""
PIPELINE = "countroom"
"""Who ends a request that is carried out or refused."""


class RequestKind(StrEnum):
    """What can happen to a request."""

    REQUESTED = "requested"
    CARRIED_OUT = "carried_out"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class RequestEvent:
    """Grain: one fact about a request. `reason`: why the day is closed although something blocks it, why it was refused, or why it was withdrawn."""

    event_id: UUID
    close_request_id: UUID
    psp: str
    business_date: date
    kind: RequestKind
    actor: str
    recorded_at: datetime
    reason: str | None = None
    code: str | None = None
    close_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class CloseRequest:
    """One request, as its events tell it."""

    asked: RequestEvent
    ended: RequestEvent | None = None

    @property
    def state(self) -> str:
        """open, carried_out, refused or withdrawn."""
        return self.ended.kind.value if self.ended else "open"


def requests_of(events: Iterable[RequestEvent]) -> list[CloseRequest]:
    """The requests behind events in any order, the oldest first."""
    told = list(events)
    ended = {event.close_request_id: event for event in told if event.kind is not RequestKind.REQUESTED}
    asked = sorted((event for event in told if event.kind is RequestKind.REQUESTED), key=lambda event: (event.recorded_at, event.event_id))
    return [CloseRequest(event, ended.get(event.close_request_id)) for event in asked]
