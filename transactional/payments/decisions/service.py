"""The log of decisions: written before the PSP is called, read to explain and to replay. For the orchestrator and the API.

In the caller's transaction. The trap: two requests for one attempt that are both answered: the second is given the first one's decision, whatever the card says
by now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from transactional.payments.decisions.models import routing_choices, routing_decisions
from transactional.payments.routing.decision import Choice, Decision, Rule
from transactional.payments.routing.detector import BreakerState
from transactional.payments.routing.request import Candidate, RouteRequest
from transactional.payments.scorecards.staleness import Tier
from transactional.vocabulary.errors import Refused
from transactional.vocabulary.ids import SYSTEM_RANDOM, IdKind, RandomBits, public_id, uuid7


@dataclass(frozen=True, slots=True)
class Logged:
    """A decision as it stands in the log. `latency_us`: how long it took; `card_age_seconds` None: there was no card."""

    decision_id: UUID
    decision: Decision
    decided_at: datetime
    card_age_seconds: int | None
    latency_us: int


class DecisionLog:
    """Decisions on one connection."""

    def __init__(self, connection: Connection, *, bits: RandomBits = SYSTEM_RANDOM) -> None:
        self._connection, self._bits = connection, bits

    def record(self, decision: Decision, *, decided_at: datetime, card_age_seconds: int | None, latency_us: int) -> Logged:
        """Keep a decision; the first one of an attempt stands, and is what is given back. Raises: Refused (`unknown_intent`)."""
        request, decision_id = decision.request, uuid7(decided_at, self._bits)
        known = self._connection.execute(sa.text("select 1 from app.payment_intents where intent_id = :id"), {"id": request.intent_id}).first()
        if known is None:
            raise Refused(f"there is no intent {public_id(IdKind.INTENT, request.intent_id)}", code="unknown_intent")
        row = _row(decision, decision_id, decided_at, card_age_seconds, latency_us)
        once = insert(routing_decisions).values(**row).on_conflict_do_nothing(index_elements=["intent_id", "attempt_no"])
        if self._connection.execute(once.returning(routing_decisions.c.decision_id)).first() is None:
            first = self.find(request.intent_id, request.attempt_no)
            assert first is not None
            return first
        self._connection.execute(sa.insert(routing_choices), _choices(decision, decision_id))
        return Logged(decision_id, decision, decided_at, card_age_seconds, latency_us)

    def find(self, intent_id: UUID, attempt_no: int) -> Logged | None:
        """The decision about an attempt; None where nothing was decided."""
        return self._read(routing_decisions.c.intent_id == intent_id, routing_decisions.c.attempt_no == attempt_no)

    def read(self, decision_id: UUID) -> Logged:
        """A decision by its id. Raises: Refused (`unknown_decision`)."""
        found = self._read(routing_decisions.c.decision_id == decision_id)
        if found is None:
            raise Refused("there is no such decision", code="unknown_decision")
        return found

    def _read(self, *where: sa.ColumnElement[bool]) -> Logged | None:
        row = self._connection.execute(sa.select(routing_decisions).where(*where)).mappings().first()
        if row is None:
            return None
        of_it = sa.select(routing_choices).where(routing_choices.c.decision_id == row["decision_id"]).order_by(routing_choices.c.place)
        choices = self._connection.execute(of_it).mappings().all()
        return Logged(row["decision_id"], _decision(row, choices), row["decided_at"], row["card_age_seconds"], row["latency_us"])


def _row(decision: Decision, decision_id: UUID, decided_at: datetime, age: int | None, latency_us: int) -> dict[str, Any]:
    request = decision.request
    return {
        "decision_id": decision_id,
        "intent_id": request.intent_id,
        "attempt_no": request.attempt_no,
        "policy_id": decision.policy_id,
        "card_version": decision.card_version,
        "card_age_seconds": age,
        "tier": decision.tier.value,
        "country": request.country,
        "method": request.method,
        "currency": request.currency,
        "amount_minor": request.amount_minor,
        "scheme": request.scheme,
        "issuer": request.issuer,
        "issuer_country": request.issuer_country,
        "bin": request.bin,
        "psp": decision.action.psp,
        "merchant_account": decision.action.account,
        "head": decision.head,
        "propensity": decision.propensity,
        "rule": decision.rule.value,
        "drawn": decision.drawn,
        "latency_us": latency_us,
        "decided_at": decided_at,
        "recorded_at": sa.func.clock_timestamp(),
    }


def _choices(decision: Decision, decision_id: UUID) -> list[dict[str, Any]]:
    eligible = [
        {
            "decision_id": decision_id,
            "psp": choice.psp,
            "place": place,
            "merchant_account": choice.account,
            "propensity": choice.propensity,
            "breaker": choice.breaker.value,
            "level": choice.level,
            "sr_mean": choice.sr_mean,
            "sr_lo": choice.sr_lo,
            "sr_hi": choice.sr_hi,
            "rank": choice.rank,
            "worth_minor": choice.worth_minor,
            "excluded_by": None,
        }
        for place, choice in enumerate(decision.choices, 1)
    ]
    nothing = dict.fromkeys(eligible[0])
    return eligible + [nothing | {"decision_id": decision_id, "psp": psp, "excluded_by": rule} for psp, rule in decision.excluded.items()]


def _decision(row: sa.RowMapping, choices: Sequence[sa.RowMapping]) -> Decision:
    eligible = [one for one in choices if one["excluded_by"] is None]
    excluded = {one["psp"]: one["excluded_by"] for one in choices if one["excluded_by"] is not None}
    request = RouteRequest(
        intent_id=row["intent_id"],
        country=row["country"],
        method=row["method"],
        currency=row["currency"],
        amount_minor=row["amount_minor"],
        attempt_no=row["attempt_no"],
        scheme=row["scheme"],
        issuer=row["issuer"],
        issuer_country=row["issuer_country"],
        bin=row["bin"],
        tried=frozenset(psp for psp, rule in excluded.items() if rule == "already_tried"),
    )
    return Decision(
        request=request,
        action=Candidate(row["psp"], row["merchant_account"]),
        head=row["head"],
        propensity=row["propensity"],
        rule=Rule(row["rule"]),
        choices=tuple(_choice(one) for one in eligible),
        excluded=excluded,
        policy_id=row["policy_id"],
        card_version=row["card_version"],
        tier=Tier(row["tier"]),
        drawn=row["drawn"],
    )


def _choice(one: sa.RowMapping) -> Choice:
    score = (one["level"], one["sr_mean"], one["sr_lo"], one["sr_hi"], one["rank"], one["worth_minor"])
    return Choice(one["psp"], one["merchant_account"], one["propensity"], BreakerState(one["breaker"]), *score)
