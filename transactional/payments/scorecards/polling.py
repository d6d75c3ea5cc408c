"""Who keeps the router's card fresh? A task of the process, every ten seconds or so, which no trouble ends.

The trap: a poll inside a payment. Payments read what the last poll left; this task alone waits for the network.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from transactional.db.background import to_its_end
from transactional.payments.scorecards.client import ScorecardClient, Standing

log = logging.getLogger(__name__)


async def keep_polling(client: ScorecardClient, now: Callable[[], datetime], uniform: Callable[[], float]) -> None:
    """Until cancelled. `now` reads a clock and may fail (the database is away): then the next round tries again. Each new trouble is told once."""
    trouble: str | None = None
    while True:
        said = await to_its_end(_polled, client, now)
        if said != trouble and said is not None:
            log.warning("the scorecard could not be polled: %s; the last good one is used under its own clock", said)
        trouble = said
        await asyncio.sleep(client.pause(uniform).total_seconds())


def _polled(client: ScorecardClient, now: Callable[[], datetime]) -> str | None:
    try:
        standing: Standing = client.poll(now())
    except Exception as error:  # noqa: BLE001 - whatever the clock's connection does, the task goes on
        return type(error).__name__
    return standing.trouble
