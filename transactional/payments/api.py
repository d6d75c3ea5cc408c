"""Payments over HTTP: intents, attempts, and what the casino itself says about an attempt. Webhooks have their own module."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from fastapi import APIRouter, Depends, Response
from pydantic import Field
from sqlalchemy import text

from transactional.db.unit_of_work import UnitOfWork
from transactional.http.deps import IdempotencyKey, Work, require
from transactional.http.idempotency import claim
from transactional.http.keys import ApiKey
from transactional.http.problems import documented
from transactional.http.wire import (
    AttemptId,
    EntryId,
    EventId,
    Instant,
    IntentId,
    MoneyIn,
    PlayerId,
    Reference,
    Wire,
    exponent_or_none,
    uuid_of,
)
from transactional.ledger.service import Ledger
from transactional.payments.facts import FactKind, NewAttempt, NewIntent, PaymentFact
from transactional.payments.lifecycle import AttemptState
from transactional.payments.psps.registry import SPECS
from transactional.payments.service import Payments
from transactional.vocabulary.errors import Refused
from transactional.vocabulary.ids import IdKind, public_id
from transactional.vocabulary.money import Money

router = APIRouter(prefix="/v1", tags=["payments"])
Answer = TypeVar("Answer", bound=Wire)

Reader = Annotated[ApiKey, Depends(require("payments:read"))]
Writer = Annotated[ApiKey, Depends(require("payments:write"))]
_READ = documented(401, 403, 404, 422, 503)
_WRITE = documented(400, 401, 403, 404, 409, 413, 422, 503)


class IntentIn(Wire):
    """What a player wants to pay in or take out."""

    player_id: PlayerId
    direction: Literal["deposit", "withdrawal"]
    money: MoneyIn


class RefundOut(Wire):
    """One refund of an attempt."""

    reference: str
    status: str
    refunded_minor: int


class AttemptOut(Wire):
    """An attempt and where it stands; sums are positive and net of what was undone."""

    attempt_id: AttemptId
    intent_id: IntentId
    psp: str
    merchant_account: str
    merchant_reference: str
    payment_method: str | None
    status: str
    currency: str | None
    authorised_minor: int
    captured_minor: int
    settled_minor: int
    refunded_minor: int
    charged_back_minor: int
    paid_out_minor: int
    refunds: list[RefundOut]
    flags: list[str]


class IntentOut(Wire):
    """An intent with its attempts, the oldest first."""

    intent_id: IntentId
    player_id: PlayerId
    direction: str
    currency: str
    exponent: int | None
    amount_minor: int
    created_at: Instant
    attempts: list[AttemptOut]


class AttemptIn(Wire):
    """One try of an intent at one PSP."""

    psp: Reference
    merchant_account: Reference
    payment_method: Reference | None = None


# Only what the casino's own gateway and officers may say; the rest a PSP alone can know, and it comes by webhook or report.
class MovementIn(Wire):
    """Money moved. `modification_reference` is the PSP's id of the movement, by which a webhook about the same movement is recognised."""

    kind: Literal["captured", "refunded", "payout_sent"]
    effective_at: Instant
    money: MoneyIn
    modification_reference: Reference
    psp_reference: Reference | None = None


class PromiseIn(Wire):
    """Money is set aside or asked for."""

    kind: Literal["authorised", "refund_requested", "payout_requested"]
    effective_at: Instant
    money: MoneyIn
    psp_reference: Reference | None = None


class StepIn(Wire):
    """Something happened that moves no money."""

    kind: Literal["created", "requires_action", "failed", "voided", "payout_held", "payout_approved", "payout_cancelled"]
    effective_at: Instant
    psp_reference: Reference | None = None


EventIn = Annotated[MovementIn | PromiseIn | StepIn, Field(discriminator="kind")]


class EventOut(Wire):
    """The recorded event; `entry_id` when it moved money."""

    event_id: EventId
    attempt_id: AttemptId
    kind: str
    entry_id: EntryId | None
    attempt: AttemptOut


@router.post("/intents", status_code=201, responses=_WRITE)
def create_intent(*, body: IntentIn, key: IdempotencyKey, caller: Writer, work: Work, response: Response) -> IntentOut:
    """Create an intent."""
    scoped = claim(work.connection, caller, "intents", key, body)
    new = NewIntent(uuid_of(IdKind.PLAYER, body.player_id), body.direction, Money(body.money.currency, body.money.amount_minor), scoped)
    (made,) = _payments(work).create_intents([new])
    answer = _intent(work, made.id)
    return _committed(work, response, made.replayed, answer)


@router.get("/intents/{intent_id}", responses=_READ)
def read_intent(*, intent_id: IntentId, caller: Reader, work: Work) -> IntentOut:
    """An intent and its attempts."""
    return _intent(work, uuid_of(IdKind.INTENT, intent_id))


@router.post("/intents/{intent_id}/attempts", status_code=201, responses=_WRITE)
def create_attempt(*, intent_id: IntentId, body: AttemptIn, key: IdempotencyKey, caller: Writer, work: Work, response: Response) -> AttemptOut:
    """Create an attempt at a PSP we know."""
    scoped = claim(work.connection, caller, f"attempts:{intent_id}", key, body)
    if body.psp not in SPECS:
        raise Refused(f"'{body.psp}' is not a PSP we know: {', '.join(sorted(SPECS))}", code="unknown_psp")
    new = NewAttempt(uuid_of(IdKind.INTENT, intent_id), body.psp, body.merchant_account, scoped, payment_method=body.payment_method)
    (made,) = _payments(work).create_attempts([new])
    (answer,) = _attempts(work, attempt_id=made.id)
    return _committed(work, response, made.replayed, answer)


@router.get("/attempts/{attempt_id}", responses=_READ)
def read_attempt(*, attempt_id: AttemptId, caller: Reader, work: Work) -> AttemptOut:
    """An attempt, given everything that was ever said about it."""
    return _attempt(work, uuid_of(IdKind.ATTEMPT, attempt_id))


@router.post("/attempts/{attempt_id}/events", status_code=201, responses=_WRITE)
def record_event(*, attempt_id: AttemptId, body: EventIn, key: IdempotencyKey, caller: Writer, work: Work, response: Response) -> EventOut:
    """Record what happened to an attempt, with the ledger entry that follows."""
    scoped = claim(work.connection, caller, f"events:{attempt_id}", key, body)
    attempt = _attempt(work, uuid_of(IdKind.ATTEMPT, attempt_id))
    (recorded,) = _payments(work).record([_fact(body, attempt, scoped)])
    answer = EventOut(
        event_id=public_id(IdKind.PAYMENT_EVENT, recorded.event_id),
        attempt_id=attempt_id,
        kind=body.kind,
        entry_id=public_id(IdKind.ENTRY, recorded.entry_id) if recorded.entry_id else None,
        attempt=_attempt(work, uuid_of(IdKind.ATTEMPT, attempt_id)),
    )
    return _committed(work, response, recorded.replayed, answer)


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


def _committed(work: UnitOfWork, response: Response, replayed: bool, answer: Answer) -> Answer:
    work.commit()
    response.headers["Idempotent-Replayed"] = str(replayed).lower()
    return answer


_INTENT = text("select intent_id, player_id, direction, currency, amount_minor, created_at from app.payment_intents where intent_id = :id")
_ATTEMPTS = text(
    """
    select attempt_id, intent_id, psp, merchant_account, merchant_reference, payment_method from app.payment_attempts
    where attempt_id = :attempt_id or intent_id = :intent_id order by created_at, attempt_id
    """
)


def _intent(work: UnitOfWork, intent_id: object) -> IntentOut:
    row = work.connection.execute(_INTENT, {"id": intent_id}).one_or_none()
    if row is None:
        raise Refused("there is no such intent", code="not_found")
    return IntentOut(
        intent_id=public_id(IdKind.INTENT, row.intent_id),
        player_id=public_id(IdKind.PLAYER, row.player_id),
        direction=row.direction,
        currency=row.currency,
        exponent=exponent_or_none(row.currency, row.created_at),
        amount_minor=row.amount_minor,
        created_at=row.created_at,
        attempts=_attempts(work, intent_id=intent_id),
    )


def _attempt(work: UnitOfWork, attempt_id: object) -> AttemptOut:
    found = _attempts(work, attempt_id=attempt_id)
    if not found:
        raise Refused("there is no such attempt", code="not_found")
    return found[0]


def _attempts(work: UnitOfWork, *, attempt_id: object = None, intent_id: object = None) -> list[AttemptOut]:
    rows = work.connection.execute(_ATTEMPTS, {"attempt_id": attempt_id, "intent_id": intent_id}).all()
    states = _payments(work).attempt_states([row.attempt_id for row in rows])
    return [
        AttemptOut(
            attempt_id=public_id(IdKind.ATTEMPT, row.attempt_id),
            intent_id=public_id(IdKind.INTENT, row.intent_id),
            psp=row.psp,
            merchant_account=row.merchant_account,
            merchant_reference=row.merchant_reference,
            payment_method=row.payment_method,
            **_standing(states[row.attempt_id]),
        )
        for row in rows
    ]


def _standing(state: AttemptState) -> dict[str, object]:
    return {
        "status": state.status.value,
        "currency": state.currency,
        "authorised_minor": state.authorised_minor,
        "captured_minor": state.captured_minor,
        "settled_minor": state.settled_minor,
        "refunded_minor": state.refunded_minor,
        "charged_back_minor": state.charged_back_minor,
        "paid_out_minor": state.paid_out_minor,
        "refunds": [RefundOut(reference=one.reference, status=one.status.value, refunded_minor=one.refunded_minor) for one in state.refunds],
        "flags": sorted(flag.value for flag in state.flags),
    }
