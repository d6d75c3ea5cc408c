"""Messages of PSPs on a real database: kept, understood, booked once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, text

from tests.integration.payments.adyen_messages import KEY, body, item
from tests.integration.payments.casino import Casino
from transactional.payments.lifecycle import Status
from transactional.payments.webhooks import Received, Webhooks
from transactional.vocabulary.errors import Refused

NOW = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)


@pytest.fixture
def casino(connection: Connection) -> Casino:
    return Casino(connection)


def deliver(casino: Casino, message: bytes, *secrets: str) -> Received:
    return Webhooks(casino.connection, casino.payments).receive("adyen", message, {}, secrets or (KEY,), NOW)


def test_a_batch_of_notifications_is_recorded_and_its_bytes_are_kept(casino: Casino) -> None:
    attempt = casino.attempt("one", merchant_reference="M1")
    message = body(item("AUTHORISATION", "P1"), item("CAPTURE", "C1", original="P1"), item("REFUND", "R1", minor=30, original="P1"))
    received = deliver(casino, message)
    assert (received.state, len(received.recorded), received.is_repeated) == ("recorded", 3, False)
    assert casino.balances() == {"psp_receivable": 70, "player_cash": -70}
    assert casino.payments.attempt_states([attempt])[attempt].status is Status.PARTIALLY_REFUNDED
    stored = casino.connection.execute(text("select body, signature_verified, state from app.webhook_deliveries")).one()
    assert (bytes(stored.body), stored.signature_verified, stored.state) == (message, True, "recorded")


def test_a_repeated_delivery_books_nothing_and_is_answered_alike(casino: Casino) -> None:
    casino.attempt("one", merchant_reference="M1")
    message = body(item("CAPTURE", "C1", original="P1"))
    first, again = deliver(casino, message), deliver(casino, message)
    assert (again.webhook_id, again.is_repeated, again.recorded[0].replayed) == (first.webhook_id, True, True)
    assert (casino.count("journal_entries"), casino.count("webhook_deliveries")) == (1, 1)


def test_the_same_movement_in_another_message_books_nothing(casino: Casino) -> None:
    casino.attempt("one", merchant_reference="M1")
    deliver(casino, body(item("CAPTURE", "C1", original="P1")))
    deliver(casino, body(item("CAPTURE", "C1", original="P1", reason="told again with a reason")))
    assert (casino.count("journal_entries"), casino.count("webhook_deliveries")) == (1, 2)


def test_an_unknown_event_is_kept_and_waits_for_a_person_while_the_others_are_booked(casino: Casino) -> None:
    casino.attempt("one", merchant_reference="M1")
    received = deliver(casino, body(item("EVENT_OF_TOMORROW", "X1"), item("CAPTURE", "C1", original="P1")))
    assert (received.state, [(one.item, one.code) for one in received.refusals]) == ("partly_refused", [(0, "unknown_event")])
    assert "EVENT_OF_TOMORROW" in received.refusals[0].reason
    assert casino.balances() == {"psp_receivable": 100, "player_cash": -100}


def test_a_broken_item_is_refused_with_a_reason_and_the_others_are_booked(casino: Casino) -> None:
    casino.attempt("one", merchant_reference="M1")
    received = deliver(casino, body(item("CAPTURE", "C1", original="P1"), item("REFUND", "R1", minor=30, original="P1", eventDate="yesterday")))
    assert (received.state, len(received.recorded), [refusal.item for refusal in received.refusals]) == ("partly_refused", 1, [1])
    assert casino.balances() == {"psp_receivable": 100, "player_cash": -100}
    stored = casino.connection.execute(text("select item, code from app.webhook_refusals")).one()
    assert tuple(stored) == (1, "bad_message")


def test_an_item_the_books_refuse_does_not_hold_up_the_others(casino: Casino) -> None:
    casino.attempt("one", merchant_reference="M1")
    deliver(casino, body(item("CAPTURE", "C1", original="P1")))
    received = deliver(casino, body(item("CAPTURE", "C1", minor=99, original="P1"), item("REFUND", "R1", minor=30, original="P1")))
    assert [refusal.code for refusal in received.refusals] == ["idempotency_conflict"]
    assert casino.balances() == {"psp_receivable": 70, "player_cash": -70}


def test_a_forged_message_leaves_no_trace(casino: Casino) -> None:
    forged = body(item("CAPTURE", "C1", original="P1")).replace(b"100", b"999")
    with pytest.raises(Refused) as refused:
        deliver(casino, forged)
    assert refused.value.code == "bad_signature"
    assert (casino.count("webhook_deliveries"), casino.count("payment_events")) == (0, 0)


def test_without_a_secret_nothing_is_believed(casino: Casino) -> None:
    with pytest.raises(Refused) as refused:
        Webhooks(casino.connection, casino.payments).receive("adyen", body(item("CAPTURE", "C1")), {}, (), NOW)
    assert refused.value.code == "not_configured"


def test_the_pipeline_may_not_read_bodies(casino: Casino) -> None:
    deliver(casino, body(item("CAPTURE", "C1")))
    casino.connection.execute(text("set local role countroom_pipeline"))
    casino.connection.execute(text("select count(*) from app.payment_events"))
    with pytest.raises(Exception, match="permission denied"), casino.connection.begin_nested():
        casino.connection.execute(text("select body from app.webhook_deliveries"))
    casino.connection.execute(text("reset role"))


def test_the_service_role_can_do_all_of_this(casino: Casino) -> None:
    casino.connection.execute(text("set local role countroom_service"))
    casino.attempt("one", merchant_reference="M1")
    assert deliver(casino, body(item("CAPTURE", "C1", original="P1"), item("REFUND", "R1", original="P1"))).state == "recorded"
    casino.connection.execute(text("reset role"))
