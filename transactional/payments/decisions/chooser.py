"""The router plugged into the orchestrator: a question becomes a decision, written down in the transaction that writes the attempt.

The trap: a decision made again when a payment is driven again. The log gives back the first one of the attempt, and that is where it goes.
"""

from __future__ import annotations

from time import perf_counter_ns

from sqlalchemy import Connection

from transactional.payments.decisions.service import DecisionLog
from transactional.payments.orchestration.choosing import Choice, Choose, Question
from transactional.payments.reading import PaymentReader
from transactional.payments.routing.request import RouteRequest
from transactional.payments.routing.router import Router
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
