"""Many sessions at once, and sessions that die: booked once, or not at all. Commits are real here."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import TypeVar

from sqlalchemy import Engine

from tests.integration.payments.adyen_messages import KEY, body, item
from tests.integration.payments.casino import Casino, fact
from transactional.payments.facts import PaymentFact
from transactional.payments.webhooks import Received, Webhooks

NOW = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
Answer = TypeVar("Answer")


def committed(engine: Engine, act: Callable[[Casino], Answer]) -> Answer:
    """One act in a session and transaction of its own."""
    with engine.begin() as connection:
        return act(Casino(connection))


def race(engine: Engine, acts: Sequence[Callable[[Casino], Answer]]) -> list[Answer]:
    """Each act in a session of its own, all starting together."""
    start = Barrier(len(acts))

    def run(act: Callable[[Casino], Answer]) -> Answer:
        start.wait()
        return committed(engine, act)

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def recording(*facts: PaymentFact) -> Callable[[Casino], object]:
    return lambda casino: casino.payments.record(facts)


def test_one_message_delivered_by_eight_sessions_at_once_books_once(engine: Engine) -> None:
    committed(engine, lambda casino: casino.attempt("one", merchant_reference="M1"))
    message = body(item("AUTHORISATION", "P1"), item("CAPTURE", "C1", original="P1"))

    def deliver(casino: Casino) -> Received:
        return Webhooks(casino.connection, casino.payments).receive("adyen", message, {}, [KEY], NOW)

    answers = race(engine, [deliver] * 8)
    assert sorted(answer.is_repeated for answer in answers) == [False] + [True] * 7
    assert len({answer.webhook_id for answer in answers}) == 1
    assert sum(not one.replayed for answer in answers for one in answer.recorded) == 2
    counts = committed(engine, lambda casino: [casino.count(table) for table in ("webhook_deliveries", "payment_events", "journal_entries")])
    assert counts == [1, 2, 1]


def test_a_refund_and_its_failure_recorded_at_once_never_miss_each_other(engine: Engine) -> None:
    """Each session alone would see nothing of the other: the failure would wait for ever and the player would stay without the money."""
    for number in range(8):
        reference = f"P{number}"
        attempt = committed(engine, lambda casino, name=reference: casino.attempt(name))  # type: ignore[misc]
        committed(engine, recording(fact("captured", psp_reference=reference, attempt_id=attempt)))
        race(
            engine,
            [
                recording(fact("refunded 30 r1", 1, psp_reference=reference, attempt_id=attempt)),
                recording(fact("refund_failed 30 r1", 2, psp_reference=reference)),
            ],
        )
    assert committed(engine, Casino.balances) == {"psp_receivable": 800, "player_cash": -800}


def test_a_webhook_and_the_attempt_it_names_created_at_once_always_meet(engine: Engine) -> None:
    for number in range(8):
        name = f"M{number}"
        race(
            engine,
            [
                recording(fact("captured", psp_reference=f"P{number}", merchant_reference=name)),
                lambda casino, name=name: casino.attempt(name, merchant_reference=name),  # type: ignore[misc]
            ],
        )
    assert committed(engine, Casino.balances) == {"psp_receivable": 800, "player_cash": -800}


def test_the_same_request_from_eight_sessions_is_one_attempt(engine: Engine) -> None:
    answers = race(engine, [lambda casino: casino.attempt("one")] * 8)
    assert len(set(answers)) == 1


def test_batches_that_meet_in_the_opposite_order_do_not_block_each_other_for_good(engine: Engine) -> None:
    attempts = [committed(engine, lambda casino, n=n: casino.attempt(f"{n}", player=f"p{n}")) for n in range(40)]  # type: ignore[misc]
    facts = [fact("captured", psp_reference=f"P{n}", attempt_id=attempt) for n, attempt in enumerate(attempts)]
    race(engine, [recording(*facts), recording(*reversed(facts)), recording(*facts[20:], *facts[:20])])
    assert committed(engine, Casino.balances) == {"psp_receivable": 4000, "player_cash": -4000}


DIES_BEFORE_COMMIT = """
import os, signal, sys
from sqlalchemy import event
from tests.integration.payments.casino import Casino, fact
from transactional.db.engine import make_engine

with make_engine(sys.argv[1]).connect() as connection:
    casino = Casino(connection)
    attempt = casino.attempt("one")
    def die(_connection, _cursor, statement, *_rest):
        if statement.startswith(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
    event.listen(connection, "after_cursor_execute", die)
    casino.payments.record([fact("captured", attempt_id=attempt)])
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_session_killed_in_the_middle_leaves_nothing_half_done_and_can_be_repeated(engine: Engine, database_url: str) -> None:
    for moment in ("select posted_id", "insert into app.payment_events", "never: just before the commit"):
        died = subprocess.run([sys.executable, "-c", DIES_BEFORE_COMMIT, database_url, moment], check=False, capture_output=True)
        assert died.returncode == -signal.SIGKILL, died.stderr.decode()
        counts = committed(engine, lambda casino: [casino.count(t) for t in ("payment_intents", "payment_events", "journal_entries", "postings")])
        assert counts == [0, 0, 0, 0]
    attempt = committed(engine, lambda casino: casino.attempt("one"))
    committed(engine, recording(fact("captured", attempt_id=attempt)))
    assert committed(engine, Casino.balances) == {"psp_receivable": 100, "player_cash": -100}
