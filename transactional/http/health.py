"""Is the service fit to take money now? For load balancers, `countroom up` and whoever is woken at night.

The trap: a process that answers 200 while its schema is behind, its queue stands still or nothing has landed for a day. Each part says its state
and age; only what stops the service from working makes the answer 503.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError

from transactional.http.deps import service_of
from transactional.migrations.runner import connection_state

router = APIRouter(tags=["health"])

State = Literal["ok", "attention", "failed"]


class Part(BaseModel):
    """One part of the service."""

    state: State
    detail: str
    age_seconds: int | None = Field(None, description="Age of the oldest waiting, or the newest landed, thing; null when there is none.")


class Health(BaseModel):
    """The whole. `failed` when the database or the schema is."""

    state: State
    database: Part
    migrations: Part
    landing: Part
    queue: Part


@router.get("/health", response_model=Health, responses={503: {"model": Health, "description": "Not fit to take money"}})
def health(request: Request) -> JSONResponse:
    """Database reachable, migrations at head, age of what landed last and of the oldest webhook that waits for a person."""
    found = examine(service_of(request).engine)
    return JSONResponse(found.model_dump(), status_code=503 if found.state == "failed" else 200, headers={"Cache-Control": "no-store"})


def examine(engine: Engine) -> Health:
    """Ask the database. Never raises for a database that is away: that is the answer."""
    unknown = Part(state="attention", detail="not asked: the database is away")
    try:
        with engine.connect() as connection:
            now: datetime = connection.execute(text("select clock_timestamp()")).scalar_one()
            database = Part(state="ok", detail="answers")
            migrations = _migrations(connection)
            if migrations.state == "failed":
                return Health(state="failed", database=database, migrations=migrations, landing=unknown, queue=unknown)
            return Health(state="ok", database=database, migrations=migrations, landing=_landing(connection, now), queue=_queue(connection, now))
    except SQLAlchemyError as error:
        away = Part(state="failed", detail=f"cannot be reached ({type(error).__name__})")
        return Health(state="failed", database=away, migrations=unknown, landing=unknown, queue=unknown)


def _migrations(connection: Connection) -> Part:
    try:
        state = connection_state(connection)
    except ProgrammingError:  # an old schema does not let the service role read its revision
        connection.rollback()
        return Part(state="failed", detail="the schema is older than this service: run `countroom migrate`")
    if state.at_head:
        return Part(state="ok", detail=f"at head ({state.head})")
    return Part(state="failed", detail=f"at {state.current}, head is {state.head}: run `countroom migrate`")


def _landing(connection: Connection, now: datetime) -> Part:
    """The warehouse may be elsewhere; then its tables are not here and the landing is not ours to judge."""
    if connection.execute(text("select to_regclass('raw.app_watermarks')")).scalar_one() is None:
        return Part(state="ok", detail="the warehouse is another database")
    newest: datetime | None = connection.execute(text("select max(landed_at) from raw.app_watermarks")).scalar_one()
    if newest is None:
        return Part(state="ok", detail="nothing has landed yet")
    return Part(state="ok", detail="app tables have landed", age_seconds=_age(now, newest))


def _queue(connection: Connection, now: datetime) -> Part:
    """Webhooks that could not be used wait for a person: nothing else queues, since facts are recorded in the request that brings them."""
    row = connection.execute(text("select count(*), min(received_at) from app.webhook_deliveries where state in ('refused', 'partly_refused')")).one()
    if row[0] == 0:
        return Part(state="ok", detail="no webhook waits")
    return Part(state="attention", detail=f"{row[0]} webhooks could not be used; the oldest waits for a person", age_seconds=_age(now, row[1]))


def _age(now: datetime, then: datetime) -> int:
    return max(0, int((now - then).total_seconds()))
