"""When is a message tried again, and when is it given up? Pure; for the outbox.

A receiver that is down, busy or unreachable is *transient*: it is tried again after as long as the message has waited already (5 minutes at least, 6 hours
at most), for three days. A receiver that answers and does not want the message (410, 401, 422) is *permanent*: three looks, so that a wrong secret can
be mended meanwhile, and no more. The trap: a message retried for ever, which hides among those that wait; given up it is `undelivered`, and stays in
sight until somebody delivers it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

PERMANENT_TRIES = 3
SHORTEST_WAIT = timedelta(minutes=5)
LONGEST_WAIT = timedelta(hours=6)
LONGEST_AGE = timedelta(days=3)
_TRANSIENT_STATUSES = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Waiting:
    """How a message stands: when it was offered (anew), how often it was not wanted, when it is due, and when it was given up."""

    offered_at: datetime
    refused_count: int = 0
    next_attempt_at: datetime | None = None
    undelivered_at: datetime | None = None


def is_transient_status(status: int) -> bool:
    """Whether an HTTP answer may be another one later. Source: RFC 9110 §15.5.9 (408), §15.6; RFC 8470 (425); RFC 6585 (429)."""
    return status >= 500 or status in _TRANSIENT_STATUSES


def after_failure(waiting: Waiting, now: datetime, *, is_permanent: bool) -> Waiting:
    """How a message stands after a look in which it was not taken."""
    refused, age = waiting.refused_count + is_permanent, now - waiting.offered_at
    if refused >= PERMANENT_TRIES or age >= LONGEST_AGE:
        return Waiting(waiting.offered_at, refused, None, now)
    return Waiting(waiting.offered_at, refused, now + min(max(age, SHORTEST_WAIT), LONGEST_WAIT))
