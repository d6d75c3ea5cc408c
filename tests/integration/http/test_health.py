"""/health says what is wrong, and only what stops the service makes it 503."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine, text

from tests.integration.ledger.moves import CASH, DAY, NOON, move
from tests.integration.payments.adyen_messages import KEY, body, item
from tests.integration.payments.casino import Casino, fact
from transactional.db.engine import make_engine
from transactional.http.app import create_app
from transactional.http.health import Part, examine, landing_part, queue_part
from transactional.ledger.expiry import expire_due_holds, keep_expiring_holds
from transactional.ledger.service import Ledger
from transactional.migrations.runner import migrate
from transactional.payments.webhooks import Webhooks
from transactional.settings import load_settings


def test_a_service_at_head_is_healthy_without_a_key(app: FastAPI) -> None:
    with TestClient(app) as client:
        answer = client.get("/health")
    assert (answer.status_code, answer.json()["state"]) == (200, "ok")
    assert answer.json()["migrations"]["state"] == "ok"


def test_a_schema_behind_head_is_not_fit_to_take_money(database_url: str) -> None:
    migrate(database_url, "0002")
    with TestClient(create_app(load_settings(database_url=database_url))) as client:
        answer = client.get("/health")
    assert (answer.status_code, answer.json()["migrations"]["state"]) == (503, "failed")
    assert "countroom migrate" in answer.json()["migrations"]["detail"]


def test_a_database_that_is_away_is_said_and_not_raised() -> None:
    nowhere = "postgresql://nobody:secret-word@127.0.0.1:1/none"
    with TestClient(create_app(load_settings(database_url=nowhere))) as client:
        answer = client.get("/health")
        refused = client.get("/v1/accounts", params={"code": "rake", "currency": "EUR"})
    assert (answer.status_code, answer.json()["database"]["state"]) == (503, "failed")
    assert "secret-word" not in answer.text
    assert refused.status_code == 401


def test_a_webhook_nobody_could_use_waits_with_its_age_until_its_redelivery_is_used(connection: Connection) -> None:
    casino = Casino(connection)
    assert queue_part(connection, NOON) == Part(state="ok", detail="nothing waits")
    attempt = casino.attempt("one", merchant_reference="M1")
    for minutes in (90, 30):
        message = body(item("CAPTURE", f"C{minutes}", original="P1", minor=-5))
        Webhooks(connection, casino.payments).receive("adyen", message, {}, [KEY], NOON - timedelta(minutes=minutes))
    queue = queue_part(connection, NOON)
    assert (queue.state, queue.detail) == ("attention", "2 webhooks could not be used and wait for a person")
    assert queue.age_seconds == 90 * 60
    (oldest,) = connection.execute(text("select webhook_id from app.webhook_deliveries order by received_at limit 1")).scalars()
    casino.payments.record([fact("captured", attempt_id=attempt)], recorded_at=NOON, webhook_id=oldest)
    queue = queue_part(connection, NOON)
    assert queue.detail.startswith("1 webhooks")
    assert queue.age_seconds == 30 * 60


def test_a_hold_that_nobody_ended_in_time_shows_and_the_sweep_ends_it(engine: Engine) -> None:
    with engine.begin() as connection:
        now = connection.execute(text("select clock_timestamp()")).scalar_one()
        Ledger(connection).post(move(100, "d"))
        for minutes in (2, 10, -10):
            Ledger(connection).place_hold(CASH, 10, idempotency_key=f"h{minutes}", expires_at=now - timedelta(minutes=minutes), recorded_at=now)
    queue = examine(engine).queue
    assert (queue.state, queue.detail) == ("attention", "1 holds are over their time and not ended")
    assert 10 * 60 <= (queue.age_seconds or 0) < 11 * 60
    assert expire_due_holds(engine) == 2
    assert expire_due_holds(engine) == 0
    assert examine(engine).queue.state == "ok"
    with engine.connect() as connection:
        assert Ledger(connection).available(CASH) == 90


def test_the_sweep_goes_on_after_a_database_that_was_away(engine: Engine) -> None:
    """One round on a database that is away, one on ours: the second ends the hold."""
    with engine.begin() as connection:
        Ledger(connection).post(move(100, "d"))
        Ledger(connection).place_hold(CASH, 10, idempotency_key="h", expires_at=NOON, recorded_at=NOON - DAY)
    away = make_engine("postgresql://nobody@127.0.0.1:1/none")

    async def rounds() -> None:
        for database in (away, engine):
            sweep = asyncio.create_task(keep_expiring_holds(database, pause_seconds=0))
            while database is engine and open_holds():
                await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert not sweep.done()
            sweep.cancel()

    def open_holds() -> int:
        with engine.connect() as connection:
            return int(connection.execute(text("select count(*) from app.open_holds")).scalar_one())

    asyncio.run(rounds())
    assert open_holds() == 0


@pytest.mark.parametrize(("hours", "state"), [(1, "ok"), (25, "ok"), (27, "attention")])
def test_the_age_of_the_landing_is_that_of_the_table_that_fell_behind(connection: Connection, hours: int, state: str) -> None:
    rows = [{"name": "postings", "at": NOON - timedelta(hours=hours)}, {"name": "accounts", "at": NOON}]
    connection.execute(text("insert into raw.app_watermarks (table_name, snapshot, landed_at) values (:name, '1:1:', :at)"), rows)
    connection.execute(text("set local role countroom_service"))
    landing = landing_part(connection, NOON)
    assert (landing.state, landing.age_seconds) == (state, hours * 3600)
