"""Is the service fit to take money now? For load balancers, `countroom up` and whoever is woken at night.

The trap: a process that answers 200 while its schema is behind, its queue stands still or nothing has landed for a day. Each part says its state
and age; only what stops the service from working makes the answer 503.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError

from transactional.http.deps import service_of
from transactional.migrations.runner import connection_state

router = APIRouter(tags=["health"])

LANDING_OVERDUE = timedelta(hours=26)  # the daily run, and two hours of patience
HOLD_OVERDUE = timedelta(minutes=5)  # twenty rounds of the sweep

State = Literal["ok", "attention", "failed"]


class Part(BaseModel):
    """One part of the service."""

    state: State = Field(description="ok; attention: a person should look; failed: the service cannot work.")
    detail: str = Field(description="For people.")
    age_seconds: int | None = Field(None, description="Age of what waits longest, or landed longest ago; null when there is nothing.")


class Health(BaseModel):
    """The whole. `failed` when the database or the schema is."""

    state: State = Field(description="failed when the database or the schema is, else ok.")
    database: Part
    migrations: Part
    landing: Part
    queue: Part


@router.get("/health", response_model=Health, responses={503: {"model": Health, "description": "Not fit to take money"}})
def health(request: Request) -> JSONResponse:
    """Database reachable, migrations at head, age of the app table that landed longest ago and of what waits longest. `attention` stops nothing."""
    found = examine(service_of(request).engine)
    return JSONResponse(found.model_dump(), status_code=503 if found.state == "failed" else 200, headers={"Cache-Control": "no-store"})


def examine(engine: Engine) -> Health:
    """Ask the database. Never raises for a database that is away: that is the answer. An older schema is asked nothing more."""
    unasked = Part(state="attention", detail="not asked: the database is away or its schema is older")
    try:
        with engine.connect() as connection:
            now: datetime = connection.execute(text("select clock_timestamp()")).scalar_one()
            database, migrations = Part(state="ok", detail="answers"), _migrations(connection)
            if migrations.state == "failed":
                return Health(state="failed", database=database, migrations=migrations, landing=unasked, queue=unasked)
            landing, queue = landing_part(connection, now), queue_part(connection, now)
            return Health(state="ok", database=database, migrations=migrations, landing=landing, queue=queue)
    except SQLAlchemyError as error:
        away = Part(state="failed", detail=f"cannot be reached ({type(error).__name__})")
        return Health(state="failed", database=away, migrations=unasked, landing=unasked, queue=unasked)


def _migrations(connection: Connection) -> Part:
    try:
        state = connection_state(connection)
    except ProgrammingError:  # an old schema does not let the service role read its revision
        connection.rollback()
        return Part(state="failed", detail="the schema is older than this service: run `countroom migrate`")
    if state.at_head:
        return Part(state="ok", detail=f"at head ({state.head})")
    return Part(state="failed", detail=f"at {state.current}, head is {state.head}: run `countroom migrate`")


def landing_part(connection: Connection, now: datetime) -> Part:
    """The age of the app table that landed longest ago. The warehouse may be elsewhere; then its tables are not here and not ours to judge."""
    if connection.execute(text("select to_regclass('raw.app_watermarks')")).scalar_one() is None:
        return Part(state="ok", detail="the warehouse is another database")
    stalest: datetime | None = connection.execute(text("select min(landed_at) from raw.app_watermarks")).scalar_one()
    if stalest is None:
        return Part(state="ok", detail="nothing has landed yet")
    if now - stalest > LANDING_OVERDUE:
        return Part(state="attention", detail="an app table has not landed for over a day: is the daily run going?", age_seconds=_age(now, stalest))
    return Part(state="ok", detail="app tables have landed", age_seconds=_age(now, stalest))


# A refused message that was delivered again and then used has events known later than its first delivery: it waits no more.
_WAITING_WEBHOOKS = text(
    """
    select count(*), min(w.received_at) from (
        select d.received_at from app.webhook_deliveries d
        where d.state <> 'recorded'
          and (select count(*) from app.webhook_refusals r where r.webhook_id = d.webhook_id)
            > (select count(*) from app.payment_events e where e.webhook_id = d.webhook_id and e.recorded_at > d.received_at)
        order by d.received_at limit 1000
    ) w
    """
)
_OVERDUE_HOLDS = text("select count(*), min(expires_at) from app.open_holds where expires_at < :due")


def queue_part(connection: Connection, now: datetime) -> Part:
    """What waits: webhooks nobody could use wait for a person, overdue holds for the sweep. Nothing else queues: facts are recorded at once."""
    webhooks = connection.execute(_WAITING_WEBHOOKS).one()
    holds = connection.execute(_OVERDUE_HOLDS, {"due": now - HOLD_OVERDUE}).one()
    waiting = [f"{webhooks[0]} webhooks could not be used and wait for a person"] if webhooks[0] else []
    waiting += [f"{holds[0]} holds are over their time and not ended"] if holds[0] else []
    if not waiting:
        return Part(state="ok", detail="nothing waits")
    since: list[datetime] = [moment for moment in (webhooks[1], holds[1]) if moment is not None]
    return Part(state="attention", detail="; ".join(waiting), age_seconds=_age(now, min(since)))


def _age(now: datetime, then: datetime) -> int:
    return max(0, int((now - then).total_seconds()))
