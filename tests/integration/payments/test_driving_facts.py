"""Does the database itself refuse what would let money move twice or a card number be kept, whatever Python sends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, insert, text
from sqlalchemy.exc import DBAPIError

from tests.integration.payments.casino import Casino
from transactional.payments.orchestration import models

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TABLES = ["payment_attempt_contexts", "payment_turns", "payment_turn_ends", "payment_calls", "payment_answers", "payment_authentications"]


class Facts:
    """Rows of one driven attempt, written as the service writes them; every word can be replaced by the test's."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        casino = Casino(connection)
        self.attempts = [casino.attempt(f"try {number}") for number in range(3)]
        self.intent: UUID = connection.execute(text("select intent_id from app.payment_attempts limit 1")).scalar_one()
        connection.execute(text("set local role countroom_service"))

    def context(self, **words: Any) -> None:
        row = {"attempt_id": self.attempts[0], "attempt_no": 1, "country": "DE", "three_ds_asked": "no", "recorded_at": NOW}
        self._write(models.payment_attempt_contexts, row | words)

    def turn(self, number: int, **words: Any) -> None:
        after = {"after_no": number - 1, "after_end": "failed"} if number > 1 else {}
        row = {"intent_id": self.intent, "attempt_no": number, "attempt_id": self.attempts[number - 1], "opened_at": NOW}
        self._write(models.payment_turns, row | after | words)

    def end(self, number: int, ended_as: str) -> None:
        row = {"intent_id": self.intent, "attempt_no": number, "ended_as": ended_as, "reason": "declined", "ended_at": NOW}
        self._write(models.payment_turn_ends, row)

    def call(self, **words: Any) -> UUID:
        money = {"amount_minor": 100, "currency": "EUR"}
        row = {"call_id": uuid4(), "attempt_id": self.attempts[0], "call": "authorise", "call_no": 1, "idempotency_key": "k"}
        self._write(models.payment_calls, row | money | {"asked_at": NOW, "timeout_ms": 9_000} | words)
        return row["call_id"]  # type: ignore[return-value]

    def answer(self, call: UUID, **words: Any) -> None:
        row = {"call_id": call, "outcome": "approved", "answered_at": NOW, "recorded_at": NOW, "latency_ms": 80}
        self._write(models.payment_answers, row | words)

    def authentication(self) -> None:
        row = {"authentication_id": uuid4(), "attempt_id": self.attempts[0], "step": "asked", "effective_at": NOW, "recorded_at": NOW}
        self._write(models.payment_authentications, row)

    def _write(self, table: Any, row: dict[str, Any]) -> None:
        with self.connection.begin_nested():
            self.connection.execute(insert(table).values(row))


@pytest.fixture
def facts(connection: Connection) -> Facts:
    return Facts(connection)


def test_a_second_attempt_cannot_begin_while_the_first_is_open_or_after_it_succeeded(facts: Facts) -> None:
    """The double charge of RT 4.16: the payer reloads the page and pays at another PSP while the first is still thinking."""
    facts.turn(1)
    with pytest.raises(DBAPIError, match="follows_a_failed_one"):
        facts.turn(2)
    facts.end(1, "succeeded")
    with pytest.raises(DBAPIError, match="follows_a_failed_one"):
        facts.turn(2)


def test_a_turn_ends_once_and_then_one_next_may_begin(facts: Facts) -> None:
    """A late failed after success, or a success told after the end, finds the end written; and no turn is skipped."""
    facts.turn(1)
    facts.end(1, "failed")
    with pytest.raises(DBAPIError, match="pk_payment_turn_ends"):
        facts.end(1, "succeeded")
    with pytest.raises(DBAPIError, match="follows_a_failed_one"):
        facts.turn(3)
    facts.turn(2)
    with pytest.raises(DBAPIError, match="pk_payment_turns"):
        facts.turn(2, attempt_id=facts.attempts[2])


@pytest.mark.parametrize(
    "words",
    [{"after_no": None, "after_end": None}, {"after_no": None}, {"after_end": None}, {"after_no": 1, "after_end": "succeeded"}, {"attempt_no": 0}],
    ids=str,
)
def test_a_turn_that_says_it_follows_nobody_is_refused(facts: Facts, words: dict[str, Any]) -> None:
    """A null anywhere in a foreign key switches it off: the check beside it must not."""
    facts.turn(1)
    with pytest.raises(DBAPIError, match="follows_the_one_before"):
        facts.turn(2, **words)


@pytest.mark.parametrize(
    ("words", "constraint"),
    [
        ({"bin": "4111111111111111"}, "bin_is_no_card_number"),
        ({"card_fingerprint": "4111111111111111"}, "fingerprint_is_a_hash"),
        ({"attempt_no": 2}, "a_retry_says_of_what"),
        ({"country": "Germany"}, "country"),
        ({"funding": "charge"}, "funding"),
        ({"three_ds_asked": "maybe"}, "three_ds_asked"),
    ],
)
def test_a_context_keeps_no_card_number_and_no_unknown_word(facts: Facts, words: dict[str, Any], constraint: str) -> None:
    facts.context()
    with pytest.raises(DBAPIError, match=constraint):
        facts.context(attempt_id=facts.attempts[1], **words)


def test_a_request_has_its_amount_and_at_most_one_answer(facts: Facts) -> None:
    """A late answer of the PSP never replaces the time-out that was written first: the status query after it is another call."""
    call = facts.call()
    facts.answer(call, outcome="unknown")
    with pytest.raises(DBAPIError, match="pk_payment_answers"):
        facts.answer(call)
    with pytest.raises(DBAPIError, match="attempt_id_call_no"):
        facts.call()
    with pytest.raises(DBAPIError, match="money_has_an_amount"):
        facts.call(call_no=2, amount_minor=None, currency=None)
    with pytest.raises(DBAPIError, match="decline_is_whole"):
        facts.answer(facts.call(call_no=2), outcome="declined", decline_code="do_not_honor")
    facts.call(call_no=3, call="status", amount_minor=None, currency=None)


@pytest.mark.parametrize("role", ["countroom_service", "countroom_pipeline", "none"])
def test_what_was_written_is_never_changed(facts: Facts, role: str) -> None:
    """Also not by the owner of the tables, who is behind no grant."""
    facts.context()
    facts.turn(1)
    facts.end(1, "failed")
    facts.answer(facts.call())
    facts.authentication()
    facts.connection.execute(text(f"set local role {role}"))
    for table in TABLES:
        for statement in (f"update app.{table} set txid = txid", f"delete from app.{table}", f"truncate app.{table} cascade"):
            with pytest.raises(DBAPIError, match=r"append-only|permission denied"), facts.connection.begin_nested():
                facts.connection.execute(text(statement))


def test_the_service_names_no_transaction_and_the_pipeline_only_reads(facts: Facts) -> None:
    """A txid given by hand would hide a row from the landing watermark for ever."""
    with pytest.raises(DBAPIError, match="permission denied"):
        facts.turn(1, txid=text("'1'::xid8"))
    facts.connection.execute(text("set local role countroom_pipeline"))
    for table in TABLES:
        assert facts.connection.execute(text(f"select count(*) from app.{table}")).scalar_one() == 0
    with pytest.raises(DBAPIError, match="permission denied"):
        facts.turn(1)
