"""Send what was composed and is not delivered yet, and write down how it went. For the alerts asset and `countroom alerts`.

At least once, with the same id and the same bytes: a process killed between a receiver's answer and our writing it down sends again. A receiver that is
down costs one run its time-outs and no more, and fails nothing: the next run tries again. The trap: two processes that send at once (a lock that dies
with its session lets one).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipelines.alerts.channels import Channel, Undelivered
from pipelines.reports.language import Language
from pipelines.resources.warehouse import Warehouse

ATTEMPTS = 2
PAUSE_SECONDS = 1.0
MOST_SECONDS = 30.0
"""What one look may spend on one channel; what is left is sent at the next."""

_LOCK = "select pg_try_advisory_lock(hashtextextended('countroom: sending alerts', 0))"
_WAITING = """
select message_id, body from derived.reporting__alert_messages
where channel = %s and delivered_at is null order by composed_at, message_id limit 200
"""
_WRITE = """
update derived.reporting__alert_messages
set attempt_count = attempt_count + %(attempts)s, last_attempt_at = %(at)s, last_error = %(error)s,
    delivered_at = case when %(error)s::text is null then %(at)s::timestamptz end
where message_id = %(message_id)s
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one look at the outbox went."""

    delivered: int = 0
    waiting: int = 0


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
            counts = [self._one_channel(warehouse, channel, now) for channel in self.channels]
        return Outcome(sum(delivered for delivered, _ in counts), sum(waiting for _, waiting in counts))

    def _one_channel(self, warehouse: Warehouse, channel: Channel, now: Callable[[], datetime]) -> tuple[int, int]:
        with warehouse.connect() as connection:
            messages = connection.execute(_WAITING, [channel.name]).fetchall()
        begun, delivered = time.monotonic(), 0
        for message_id, body in messages:
            attempts, failure = self._send(channel, message_id, body)
            error = str(failure) if failure else None
            with warehouse.connect() as connection:
                connection.execute(_WRITE, {"attempts": attempts, "at": now(), "error": error, "message_id": message_id})
            delivered += failure is None
            if (failure and failure.is_down) or time.monotonic() - begun > MOST_SECONDS:
                break
        return delivered, len(messages) - delivered

    def _send(self, channel: Channel, message_id: str, body: str) -> tuple[int, Undelivered | None]:
        failure: Undelivered | None = None
        for attempt in range(1, ATTEMPTS + 1):
            try:
                channel.send(message_id, body)
            except Undelivered as error:
                failure = error
                if attempt < ATTEMPTS:
                    time.sleep(self.pause_seconds)
            else:
                return attempt, None
        return ATTEMPTS, failure
