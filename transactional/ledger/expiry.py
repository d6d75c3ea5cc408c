"""Who ends the holds whose time has come? The service itself, every few seconds, on each of its servers; two at once do no harm.

The trap: a hold nobody captures or releases keeps a player from his money for ever. /health shows holds that are overdue all the same.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from transactional.db.background import to_its_end
from transactional.db.unit_of_work import UnitOfWork
from transactional.ledger.service import Ledger
from transactional.vocabulary.errors import Transient

log = logging.getLogger(__name__)

PAUSE_SECONDS = 15.0


def expire_due_holds(engine: Engine) -> int:
    """End the holds that are due by the database's clock, in one transaction; how many there were."""
    with UnitOfWork(engine) as work:
        now: datetime = work.connection.execute(text("select clock_timestamp()")).scalar_one()
        ended = Ledger(work.connection).expire_holds(now=now)
        work.commit()
    return len(ended)


async def keep_expiring_holds(engine: Engine, pause_seconds: float = PAUSE_SECONDS) -> None:
    """Until cancelled. A database that is away or busy is tried again after the next pause."""
    while True:
        await asyncio.sleep(pause_seconds)
        try:
            await to_its_end(expire_due_holds, engine)
        except (SQLAlchemyError, Transient) as error:
            log.warning("holds were not expired this time: %s", type(error).__name__)
