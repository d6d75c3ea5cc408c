"""Decisions are kept before the PSP is called, once per attempt, with everybody who was passed over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from tests.integration.payments.casino import Casino
from tests.unit.payments.routing.cards import ALL, HALF_OPEN, around, asked, found
from transactional.payments.decisions.service import DecisionLog
from transactional.payments.routing.decision import Decision
from transactional.payments.routing.explaining import explained
from transactional.payments.routing.policy import Looked, Policy, decide
from transactional.payments.routing.rules import Prohibition, RuleBook, Traffic
from transactional.payments.scorecards.staleness import Tier
from transactional.vocabulary.errors import Refused

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NEVER_THIRD = Prohibition("never-third", "never", "third", Traffic(), "a test", date(2025, 1, 1))
POLICY = Policy("p1", {"*": ("adyen",)}, rules=RuleBook((NEVER_THIRD,)))


@pytest.fixture
def intent(connection: Connection) -> UUID:
    Casino(connection).attempt("a try")
    connection.execute(text("set local role countroom_service"))
    one: UUID = connection.execute(text("select intent_id from app.payment_attempts limit 1")).scalar_one()
    return one


def decided(intent: UUID, adyen: float = 0.9) -> Decision:
    rows = {"adyen": around(adyen, 1, cost_bps=120.0, cost_fixed_minor=10, cost_coverage=1.0), "stripe": around(0.8, 2)}
    request = replace(asked(), intent_id=intent, bin="411111", scheme="visa", issuer="A Bank", issuer_country="DE")
    return decide(request, ALL, found(rows), {"stripe": HALF_OPEN}, replace(POLICY, margin_bps=900), Looked(Tier.NORMAL, 7))


def test_what_is_read_back_is_what_was_decided_and_explains_itself_alike(connection: Connection, intent: UUID) -> None:
    decision = decided(intent)
    logged = DecisionLog(connection).record(decision, decided_at=NOW, card_age_seconds=12, latency_us=40)
    again = DecisionLog(connection).read(logged.decision_id)
    assert again == logged
    assert explained(again.decision) == explained(decision)
    assert again.decision.excluded == {"third": "never-third"}


def test_an_attempt_that_is_routed_twice_keeps_its_first_decision(connection: Connection, intent: UUID) -> None:
    # the trap: the caller times out, asks again, the card has changed by then, and the payment is tried at two PSPs
    log = DecisionLog(connection)
    first = log.record(decided(intent), decided_at=NOW, card_age_seconds=12, latency_us=40)
    second = log.record(decided(intent, adyen=0.1), decided_at=NOW, card_age_seconds=13, latency_us=41)
    assert second == first


def test_a_decision_for_an_intent_nobody_knows_is_refused(connection: Connection, intent: UUID) -> None:
    with pytest.raises(Refused) as refusal:
        DecisionLog(connection).record(decided(uuid4()), decided_at=NOW, card_age_seconds=None, latency_us=40)
    assert (intent is not None, refusal.value.code) == (True, "unknown_intent")


@pytest.mark.parametrize(
    "statement",
    [
        "update app.routing_decisions set propensity = 1",
        "delete from app.routing_choices",
        "update app.routing_choices set propensity = 0.5",
    ],
)
def test_the_log_is_never_edited(connection: Connection, intent: UUID, statement: str) -> None:
    # the trap: a propensity corrected after the fact makes any policy look good
    DecisionLog(connection).record(decided(intent), decided_at=NOW, card_age_seconds=12, latency_us=40)
    with pytest.raises(DBAPIError, match="permission denied"):
        connection.execute(text(statement))
