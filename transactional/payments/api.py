"""Payments over HTTP: intents, attempts, and what the casino itself says about an attempt. Webhooks have their own module."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import text

from transactional.db.unit_of_work import UnitOfWork
from transactional.http.deps import IdempotencyKey, PageSize, Work, require
from transactional.http.idempotency import claim
from transactional.http.keys import ApiKey
from transactional.http.problems import documented
from transactional.http.wire import AttemptId, IntentId, PlayerId, exponent_or_none, uuid_of
from transactional.ledger.service import Ledger
from transactional.payments.api_models import (
    AttemptIn,
    AttemptOut,
    EventIn,
    EventOut,
    IntentIn,
    IntentOut,
    IntentPage,
    MovementIn,
    PromiseIn,
    StepIn,
    standing,
)
from transactional.payments.facts import FactKind, NewAttempt, NewIntent, PaymentFact
from transactional.payments.orchestration import api as driving
from transactional.payments.orchestration.store import Store
from transactional.payments.psps.registry import SPECS
from transactional.payments.service import Payments
from transactional.vocabulary.errors import Refused
from transactional.vocabulary.ids import IdKind, public_id
from transactional.vocabulary.money import Money

router = APIRouter(prefix="/v1", tags=["payments"])
router.include_router(driving.router)

Reader = Annotated[ApiKey, Depends(require("payments:read"))]
Writer = Annotated[ApiKey, Depends(require("payments:write"))]
_READ = documented(401, 403, 422, 500, 503)
_READ_ONE = documented(401, 403, 404, 422, 500, 503)
_WRITE = documented(400, 401, 403, 404, 409, 413, 415, 422, 500, 503)


@router.post("/intents", status_code=201, responses=_WRITE)
def create_intent(*, body: IntentIn, key: IdempotencyKey, caller: Writer, work: Work, response: Response) -> IntentOut:
    """Say what a player wants to pay in or take out. Attempts at PSPs follow; the intent itself moves no money."""
    claimed = claim(work, caller, "intents", key, body)
    if first := claimed.answered_before(IntentOut, response):
        return first
    new = NewIntent(uuid_of(IdKind.PLAYER, body.player_id), body.direction, Money(body.money.currency, body.money.amount_minor), claimed.key)
    (made,) = _payments(work).create_intents([new])
    return claimed.committed(work, _intent(work, made.id), response)


@router.get("/intents", responses=_READ)
def list_intents(
    *,
    caller: Reader,
    work: Work,
    player_id: Annotated[PlayerId, Query()],
    before: Annotated[IntentId | None, Query(description="`next_before` of the page before; without it, the newest.")] = None,
    limit: PageSize = 50,
) -> IntentPage:
    """The intents of a player with their attempts, the newest first."""
    asked = {
        "player_id": uuid_of(IdKind.PLAYER, player_id),
        "before": uuid_of(IdKind.INTENT, before) if before else None,
        "limit": limit + 1,
    }
    found: list[UUID] = list(work.connection.execute(_INTENTS_OF_PLAYER, asked).scalars())
    items = _intents(work, found[:limit])
    return IntentPage(items=items, next_before=items[-1].intent_id if len(found) > limit else None)


@router.get("/intents/{intent_id}", responses=_READ_ONE)
def read_intent(*, intent_id: IntentId, caller: Reader, work: Work) -> IntentOut:
    """An intent and its attempts, the oldest attempt first."""
    return _intent(work, uuid_of(IdKind.INTENT, intent_id))


@router.post("/intents/{intent_id}/attempts", status_code=201, responses=_WRITE)
def create_attempt(*, intent_id: IntentId, body: AttemptIn, key: IdempotencyKey, caller: Writer, work: Work, response: Response) -> AttemptOut:
    """Try an intent at a PSP we know. The answer's `merchant_reference` goes to the PSP: by it webhooks find their attempt."""
    claimed = claim(work, caller, f"attempts:{intent_id}", key, body)
    if first := claimed.answered_before(AttemptOut, response):
        return first
    if body.psp not in SPECS:
        raise Refused(f"there is no such PSP; we know {', '.join(sorted(SPECS))}", code="unknown_psp")
    payments = _payments(work)
    Store(work.connection, payments).refuse_if_driven(uuid_of(IdKind.INTENT, intent_id))
    new = NewAttempt(uuid_of(IdKind.INTENT, intent_id), body.psp, body.merchant_account, claimed.key, payment_method=body.payment_method)
    (made,) = payments.create_attempts([new])
    return claimed.committed(work, _attempt(work, made.id), response)


@router.get("/attempts/{attempt_id}", responses=_READ_ONE)
def read_attempt(*, attempt_id: AttemptId, caller: Reader, work: Work) -> AttemptOut:
    """An attempt, given everything that was ever said about it."""
    return _attempt(work, uuid_of(IdKind.ATTEMPT, attempt_id))


@router.post("/attempts/{attempt_id}/events", status_code=201, responses=_WRITE)
def record_event(*, attempt_id: AttemptId, body: EventIn, key: IdempotencyKey, caller: Writer, work: Work, response: Response) -> EventOut:
    """Record what happened to an attempt, with the ledger entry that follows.

    A movement the PSP also tells by webhook is booked once: both name it by `modification_reference`.
    """
    claimed = claim(work, caller, f"events:{attempt_id}", key, body)
    if first := claimed.answered_before(EventOut, response):
        return first
    attempt = _attempt(work, uuid_of(IdKind.ATTEMPT, attempt_id))
    (recorded,) = _payments(work).record([_fact(body, attempt, claimed.key)])
    answer = EventOut(
        event_id=public_id(IdKind.PAYMENT_EVENT, recorded.event_id),
        attempt_id=attempt_id,
        kind=body.kind,
        entry_id=public_id(IdKind.ENTRY, recorded.entry_id) if recorded.entry_id else None,
        attempt=_attempt(work, uuid_of(IdKind.ATTEMPT, attempt_id)),
    )
    return claimed.committed(work, answer, response)


def _fact(body: MovementIn | PromiseIn | StepIn, attempt: AttemptOut, scoped: str) -> PaymentFact:
    money = None if isinstance(body, StepIn) else Money(body.money.currency, body.money.amount_minor)
    movement = body.modification_reference if isinstance(body, MovementIn) else None
    return PaymentFact(
        kind=FactKind(body.kind),
        psp=attempt.psp,
        merchant_account=attempt.merchant_account,
        effective_at=body.effective_at,
        dedupe_key=f"{attempt.psp}:{body.kind}:{movement}" if movement else scoped,
        amount=money,
        psp_reference=body.psp_reference,
        modification_reference=movement,
        merchant_reference=attempt.merchant_reference,
        attempt_id=uuid_of(IdKind.ATTEMPT, attempt.attempt_id),
        raw_kind="api",
    )


def _payments(work: UnitOfWork) -> Payments:
    return Payments(work.connection, Ledger(work.connection))


_INTENTS = text("select intent_id, player_id, direction, currency, amount_minor, created_at from app.payment_intents where intent_id = any(:ids)")
_INTENTS_OF_PLAYER = text(
    """
    select intent_id from app.payment_intents
    where player_id = :player_id and (cast(:before as uuid) is null or intent_id < cast(:before as uuid))
    order by intent_id desc limit :limit
    """
)
_ATTEMPTS = text(
    """
    select attempt_id, intent_id, psp, merchant_account, merchant_reference, payment_method from app.payment_attempts
    where attempt_id = :attempt_id or intent_id = any(:intent_ids) order by created_at, attempt_id
    """
)


def _intent(work: UnitOfWork, intent_id: UUID) -> IntentOut:
    found = _intents(work, [intent_id])
    if not found:
        raise Refused("there is no such intent", code="not_found")
    return found[0]


def _intents(work: UnitOfWork, ids: Sequence[UUID]) -> list[IntentOut]:
    rows = {row.intent_id: row for row in work.connection.execute(_INTENTS, {"ids": list(ids)})}
    attempts: dict[str, list[AttemptOut]] = {}
    for attempt in _attempts(work, intent_ids=ids):
        attempts.setdefault(attempt.intent_id, []).append(attempt)
    return [
        IntentOut(
            intent_id=public_id(IdKind.INTENT, row.intent_id),
            player_id=public_id(IdKind.PLAYER, row.player_id),
            direction=row.direction,
            currency=row.currency,
            exponent=exponent_or_none(row.currency, row.created_at),
            amount_minor=row.amount_minor,
            created_at=row.created_at,
            attempts=attempts.get(public_id(IdKind.INTENT, row.intent_id), []),
        )
        for row in (rows[intent_id] for intent_id in ids if intent_id in rows)
    ]


def _attempt(work: UnitOfWork, attempt_id: UUID) -> AttemptOut:
    found = _attempts(work, attempt_id=attempt_id)
    if not found:
        raise Refused("there is no such attempt", code="not_found")
    return found[0]


def _attempts(work: UnitOfWork, *, attempt_id: UUID | None = None, intent_ids: Sequence[UUID] = ()) -> list[AttemptOut]:
    rows = work.connection.execute(_ATTEMPTS, {"attempt_id": attempt_id, "intent_ids": list(intent_ids)}).all()
    states = _payments(work).attempt_states([row.attempt_id for row in rows])
    return [
        AttemptOut(
            attempt_id=public_id(IdKind.ATTEMPT, row.attempt_id),
            intent_id=public_id(IdKind.INTENT, row.intent_id),
            psp=row.psp,
            merchant_account=row.merchant_account,
            merchant_reference=row.merchant_reference,
            payment_method=row.payment_method,
            **standing(states[row.attempt_id]),
        )
        for row in rows
    ]
