"""The router plugged into the orchestrator: a question becomes a decision, written down in the transaction that writes the attempt.

The trap: a decision made again when a payment is driven again. The log gives back the first one of the attempt, and that is where it goes.
"""

from __future__ import annotations

from datetime import datetime
from time import perf_counter_ns
from uuid import UUID

from sqlalchemy import Connection

from transactional.payments.decisions.service import DecisionLog
from transactional.payments.declines.taxonomy import BLAMED, DeclineClass
from transactional.payments.orchestration.choosing import Choice, Choose, Heard, Question
from transactional.payments.orchestration.gateway import Outcome
from transactional.payments.reading import PaymentReader
from transactional.payments.routing.request import RouteRequest
from transactional.payments.routing.router import Candidates, Router, Told, expected_of
from transactional.vocabulary.errors import Refused


def routed(router: Router, otherwise: Choose) -> Choose:
    """Deposits by the router; withdrawals, which go back where the money came from, by `otherwise`."""

    def choose(connection: Connection, question: Question) -> Choice | None:
        if question.direction != "deposit":
            return otherwise(connection, question)
        now = PaymentReader(connection).clock()
        began = perf_counter_ns()
        try:
            decision, age = router.decide_with_age(_request(question), now, among=frozenset(question.candidates))
        except Refused as refusal:
            if refusal.code != "no_eligible_psp":
                raise
            return None
        took = (perf_counter_ns() - began) // 1000
        logged = DecisionLog(connection).record(decision, decided_at=now, card_age_seconds=age, latency_us=took)
        action = logged.decision.action
        return Choice(action.psp, action.account, logged.decision_id)

    return choose


def in_order(candidates: Candidates) -> Choose:
    """The first PSP that can be reached and has an account of the currency; nothing to record."""

    def choose(connection: Connection, question: Question) -> Choice | None:
        accounts = {one.psp: one.account for one in candidates(_request(question), PaymentReader(connection).clock().date())}
        found = next((psp for psp in question.candidates if psp in accounts), None)
        return None if found is None else Choice(found, accounts[found])

    return choose


def heard_by(router: Router) -> Heard:
    """What PSPs answer goes to the router's detector, against what the decision expected of that very attempt. What a payer or we are to blame for does not."""

    def hear(
        connection: Connection, intent_id: UUID, attempt_no: int, psp: str, outcome: Outcome, refused: DeclineClass | None, at: datetime
    ) -> None:
        decided = DecisionLog(connection).find(intent_id, attempt_no)
        told = expected_of(decided.decision) if decided is not None and decided.decision.action.psp == psp else Told(psp)
        if outcome is Outcome.UNKNOWN:
            router.timed_out(told, at)
        elif outcome is Outcome.APPROVED or (outcome in (Outcome.DECLINED, Outcome.ERROR) and refused in BLAMED):
            router.answered(told, approved=outcome is Outcome.APPROVED, at=at)

    return hear


def _request(question: Question) -> RouteRequest:
    card = question.payer.card
    return RouteRequest(
        intent_id=question.intent_id,
        country=question.payer.country,
        method=question.payer.method,
        currency=question.money.currency,
        amount_minor=question.money.minor,
        attempt_no=question.attempt_no,
        scheme=card.scheme,
        issuer=card.issuer,
        issuer_country=card.issuer_country,
        bin=card.bin,
        tried=question.tried,
    )
