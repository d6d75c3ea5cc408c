"""Routing over HTTP: where does this attempt go, and why did that one go there. For callers without the client."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter_ns
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import text

from transactional.http.deps import IdempotencyKey, Work, database_now, require
from transactional.http.idempotency import claim
from transactional.http.keys import ApiKey
from transactional.http.problems import documented
from transactional.http.wire import IntentId, uuid_of
from transactional.payments.decisions.api_models import DecisionId, DecisionOut, RouteIn, decision_out, request_of
from transactional.payments.decisions.service import DecisionLog
from transactional.payments.routing.router import Router
from transactional.vocabulary.errors import Refused
from transactional.vocabulary.ids import IdKind

router = APIRouter(prefix="/v1", tags=["routing"])

Reader = Annotated[ApiKey, Depends(require("routing:read"))]
Asker = Annotated[ApiKey, Depends(require("routing:write"))]
_READ_ONE = documented(401, 403, 404, 422, 500, 503)
_WRITE = documented(400, 401, 403, 404, 409, 413, 415, 422, 500, 503)
_INTENT = text("select direction, currency, amount_minor from app.payment_intents where intent_id = :id")
_DECISIONS = text("select decision_id from app.routing_decisions where intent_id = :id order by attempt_no")


def router_of(request: Request) -> Router:
    """The application's router."""
    held = request.app.state.router
    assert isinstance(held, Router)
    return held


@router.post("/route", status_code=201, responses=_WRITE)
def route(
    *, body: RouteIn, key: IdempotencyKey, caller: Asker, work: Work, routing: Annotated[Router, Depends(router_of)], response: Response
) -> DecisionOut:
    """Decide which PSP gets an attempt. The decision is written down before it is answered; an attempt that was decided keeps its decision."""
    claimed = claim(work, caller, "route", key, body)
    if first := claimed.answered_before(DecisionOut, response):
        return first
    intent_id = uuid_of(IdKind.INTENT, body.intent_id)
    intent = work.connection.execute(_INTENT, {"id": intent_id}).first()
    if intent is None:
        raise Refused("there is no such intent", code="unknown_intent")
    if intent.direction != "deposit":
        raise Refused("only deposits are routed: a withdrawal goes back where the money came from", code="not_a_deposit")
    now = database_now(work)
    began = perf_counter_ns()
    decision, age = routing.decide_with_age(request_of(body, intent_id, intent.currency, intent.amount_minor), now)
    took = (perf_counter_ns() - began) // 1000
    logged = DecisionLog(work.connection).record(decision, decided_at=now, card_age_seconds=age, latency_us=took)
    return claimed.committed(work, decision_out(logged), response)


@router.get("/decisions/{decision_id}", responses=_READ_ONE)
def read_decision(*, decision_id: DecisionId, caller: Reader, work: Work) -> DecisionOut:
    """A decision as it was made, explained from what was known then."""
    return decision_out(DecisionLog(work.connection).read(uuid_of(IdKind.DECISION, decision_id)))


@router.get("/intents/{intent_id}/decisions", responses=_READ_ONE)
def read_decisions(*, intent_id: IntentId, caller: Reader, work: Work) -> list[DecisionOut]:
    """The decisions about an intent's attempts, the first attempt first."""
    log = DecisionLog(work.connection)
    ids: Sequence[UUID] = work.connection.execute(_DECISIONS, {"id": uuid_of(IdKind.INTENT, intent_id)}).scalars().all()
    return [decision_out(log.read(one)) for one in ids]
