"""A service process that is killed (-9) in the middle: what it acknowledged is in the books, what it did not can be asked again and is booked once."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import httpx2 as httpx
import pytest
from sqlalchemy import Engine, text

from tests.integration.http.conftest import ALL, KEYS
from tests.integration.payments.adyen_messages import KEY, body, item

CASH = f"player_cash:{UUID(int=7).hex}"
TRANSFER = {"debit_code": "house_revenue", "credit_code": CASH, "currency": "EUR", "amount_minor": 1, "effective_at": "2026-01-31T12:00:00Z"}

# The n-th commit of a request kills the process, before it reaches the database or before anybody is told.
SERVE = """
import os, signal, sys
import uvicorn
from sqlalchemy import event
from sqlalchemy.engine import Engine
from transactional.http.app import create_app

fd, moment, wanted = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
commits = 0

def die(_connection):
    global commits
    commits += 1
    if commits == wanted:
        if moment == "after":
            _connection.connection.driver_connection.commit()
        os.kill(os.getpid(), signal.SIGKILL)

if wanted:
    event.listen(Engine, "commit", die)
uvicorn.run(create_app(), fd=fd, log_level="warning")
"""


@contextmanager
def service(database_url: str, moment: str = "never", wanted: int = 0) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A real service process. It listens on a socket that is open already, so a client waits in its queue and nobody sleeps."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        environment = os.environ | {"COUNTROOM_DATABASE_URL": database_url, "COUNTROOM_API_KEYS": KEYS, "COUNTROOM_WEBHOOK_SECRETS": f"adyen={KEY}"}
        command = [sys.executable, "-c", SERVE, str(listener.fileno()), moment, str(wanted)]
        process = subprocess.Popen(command, pass_fds=[listener.fileno()], env=environment, stderr=subprocess.DEVNULL)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        if wanted:
            listener.close()  # so that nobody is left in the queue of a socket whose server is dead
        try:
            yield address, process
        finally:
            process.kill()
            process.wait()


def transfer(address: str, key: str) -> int:
    """The status of one transfer, 0 when the service died before it answered."""
    headers = {"Authorization": f"Bearer {ALL}", "Idempotency-Key": key}
    return answer_of(lambda: httpx.post(f"{address}/v1/transfers", json=TRANSFER, headers=headers, timeout=60))


def answer_of(send: Callable[[], Any]) -> int:
    try:
        return int(send().status_code)
    except httpx.TransportError:
        return 0


def booked(engine: Engine) -> list[int]:
    with engine.connect() as connection:
        counts = [connection.execute(text(f"select count(*) from app.{table}")).scalar_one() for table in ("journal_entries", "request_answers")]
        assert connection.execute(text("select coalesce(sum(amount_minor), 0) from app.postings")).scalar_one() == 0
        assert connection.execute(text("select count(*) from app.postings")).scalar_one() == 2 * counts[0]
    return counts


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
def test_what_a_killed_service_acknowledged_is_in_the_books_and_the_rest_is_booked_once_when_asked_again(
    engine: Engine, database_url: str, moment: str
) -> None:
    keys = [f"k{number}" for number in range(24)]
    with service(database_url, moment, wanted=9) as (address, process), ThreadPoolExecutor(3) as pool:
        statuses = dict(zip(keys, pool.map(lambda key: transfer(address, key), keys), strict=True))
        assert process.wait() == -signal.SIGKILL
    acknowledged = {key for key, status in statuses.items() if status == 201}
    assert set(statuses.values()) == {0, 201}
    with engine.connect() as connection:
        kept = set(connection.execute(text("select split_part(idempotency_key, ':', 4) from app.journal_entries")).scalars())
    assert acknowledged <= kept
    assert 5 <= len(acknowledged) <= 8, "three at a time: the ninth commit killed, and the two others may not have heard of theirs"
    webhook = body(item("CAPTURE", "C1", original="P1"))
    with service(database_url) as (address, _):
        assert {transfer(address, key) for key in keys} == {201}
        assert [answer_of(lambda: httpx.post(f"{address}/v1/webhooks/adyen", content=webhook, timeout=60)) for _ in range(2)] == [200, 200]
    assert booked(engine) == [25, 24]


@pytest.mark.slow
def test_a_webhook_cut_off_by_a_kill_is_booked_once_by_its_redelivery(engine: Engine, database_url: str) -> None:
    webhook = body(item("AUTHORISATION", "P1"), item("CAPTURE", "C1", original="P1"))
    for moment, kept in (("before", 0), ("after", 1)):
        with service(database_url, moment, wanted=1) as (address, process):
            assert answer_of(lambda at=address: httpx.post(f"{at}/v1/webhooks/adyen", content=webhook, timeout=60)) == 0  # type: ignore[misc]
            assert process.wait() == -signal.SIGKILL
        assert booked(engine)[0] == kept
