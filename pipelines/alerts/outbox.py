"""Send what was composed and is not delivered yet, and write down how it went. For the alerts asset and `countroom alerts`.

At least once, with the same id and the same bytes: a process killed between a receiver's answer and our writing it down sends again. A receiver that is
down costs one run its time-outs and no more, and fails nothing: a later look tries again, as patience.py says. The traps: two processes that send at once
(a lock that dies with its session lets one), and a message that nobody wants, tried for ever (it is given up, kept, and offered again by command).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from pipelines.alerts.channels import Channel, Undelivered
from pipelines.alerts.patience import Waiting, after_failure
from pipelines.reports.language import Language
from pipelines.resources.warehouse import Warehouse
from transactional.vocabulary.errors import Refused

ATTEMPTS = 2
PAUSE_SECONDS = 1.0
MOST_SECONDS = 30.0
"""What one look may spend on one channel; what is left is sent at the next."""

_LOCK = "select pg_try_advisory_lock(hashtextextended('countroom: sending alerts', 0))"
_DUE = """
select message_id, body, offered_at, refused_count from derived.reporting__alert_messages
where channel = %s and delivered_at is null and undelivered_at is null and coalesce(next_attempt_at, %s) <= %s
order by composed_at, message_id limit 200
"""
_TAKEN = """
update derived.reporting__alert_messages
set attempt_count = attempt_count + %(attempts)s, last_attempt_at = %(at)s, last_error = null, next_attempt_at = null, delivered_at = %(at)s
where message_id = %(message_id)s
"""
_NOT_TAKEN = """
update derived.reporting__alert_messages
set attempt_count = attempt_count + %(attempts)s, last_attempt_at = %(at)s, last_error = %(error)s, refused_count = %(refused_count)s,
    next_attempt_at = %(next_attempt_at)s, undelivered_at = %(undelivered_at)s
where message_id = %(message_id)s
"""
_LEFT = """
select count(*) filter (where undelivered_at is null), count(*) filter (where undelivered_at is not null)
from derived.reporting__alert_messages where channel = any(%s) and delivered_at is null
"""
_OFFER_AGAIN = """
update derived.reporting__alert_messages set offered_at = %(at)s, refused_count = 0, next_attempt_at = null, undelivered_at = null
where undelivered_at is not null and (%(names)s::text[] is null or message_id = any(%(names)s))
returning message_id
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one look at the outbox went. `waiting` and `undelivered` (given up) are all that there are on the channels, not only this look's."""

    delivered: int = 0
    waiting: int = 0
    undelivered: int = 0


@dataclass(frozen=True, slots=True)
class Courier:
    """The channels of one configuration, and the language that is spoken on them."""

    channels: Sequence[Channel]
    language: Language
    pause_seconds: float = PAUSE_SECONDS

    def deliver(self, warehouse: Warehouse, now: Callable[[], datetime]) -> Outcome:
        """Send what waits on each channel. Raises nothing for a receiver's failure; Transient when the warehouse cannot be reached."""
        if not self.channels:
            return Outcome()
        with warehouse.connect() as connection:
            connection.autocommit = True
            mine = connection.execute(_LOCK).fetchone()
            if not mine or not mine[0]:
                return Outcome()
            delivered = sum(self._one_channel(warehouse, channel, now) for channel in self.channels)
            waiting, undelivered = connection.execute(_LEFT, [[channel.name for channel in self.channels]]).fetchone() or (0, 0)
        return Outcome(delivered, waiting, undelivered)

    def _one_channel(self, warehouse: Warehouse, channel: Channel, now: Callable[[], datetime]) -> int:
        begun, delivered, at = time.monotonic(), 0, now()
        with warehouse.connect() as connection:
            messages = connection.execute(_DUE, [channel.name, at, at]).fetchall()
        for message_id, body, offered_at, refused_count in messages:
            attempts, failure = self._send(channel, message_id, body)
            told = {"attempts": attempts, "at": now(), "message_id": message_id}
            if failure:
                stands = after_failure(Waiting(offered_at, refused_count), told["at"], is_permanent=failure.is_permanent)
                told |= asdict(stands) | {"error": str(failure)}
            with warehouse.connect() as connection:
                connection.execute(_NOT_TAKEN if failure else _TAKEN, told)
            delivered += failure is None
            if (failure and failure.is_down) or time.monotonic() - begun > MOST_SECONDS:
                break
        return delivered

    def _send(self, channel: Channel, message_id: str, body: str) -> tuple[int, Undelivered | None]:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                channel.send(message_id, body)
            except Undelivered as error:
                if error.is_permanent or attempt == ATTEMPTS:
                    return attempt, error
                time.sleep(self.pause_seconds)
            else:
                break
        return attempt, None


def offer_again(warehouse: Warehouse, names: Sequence[str], now: datetime) -> list[str]:
    """Messages that were given up are due again, as if new; their ids. No names: all of them. Raises: Refused (`not_found`), nothing done."""
    with warehouse.transaction() as connection:
        found = sorted(name for (name,) in connection.execute(_OFFER_AGAIN, {"at": now, "names": list(names) or None}).fetchall())
        if missing := sorted(set(names) - set(found)):
            raise Refused(f"no undelivered message is called {', '.join(missing)} (countroom alerts lists them)", code="not_found")
    return found
