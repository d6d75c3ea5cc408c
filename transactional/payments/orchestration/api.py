"""Paying over HTTP: drive an intent, go on after 3-D Secure, and what must still go back. The routes are part of payments' router.

A request is not one transaction here: calls to PSPs lie between commits. So the idempotency key is claimed and committed first, and its answer is kept only
when it is final; the same request sent again before that goes on where the intent stands, which never begins a second attempt beside an open one.

The trap: an answer "pending" that is repeated for ever to a client that keeps asking with the same key.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import text

from transactional.db.unit_of_work import UnitOfWork
from transactional.http.deps import IdempotencyKey, Service, require, service_of
from transactional.http.idempotency import claim
from transactional.http.keys import ApiKey
from transactional.http.problems import documented
from transactional.http.wire import IntentId, Wire, uuid_of
from transactional.payments.orchestration.api_models import ActionOut, CompleteIn, DrivenOut, PayerIn, SurplusOut, SurplusPage
from transactional.payments.orchestration.orchestrator import Orchestrator, Progress
from transactional.vocabulary.errors import Refused
from transactional.vocabulary.ids import IdKind, public_id

router = APIRouter()

_WRITE = documented(400, 401, 403, 404, 409, 413, 415, 422, 500, 503)
_FINAL = frozenset({"succeeded", "failed", "refused"})
_KEEP = text("insert into app.request_answers (idempotency_key, body) values (:key, :body) on conflict do nothing")


def orchestrator_of(request: Request) -> Orchestrator:
    """The application's orchestrator. Raises: Refused (`not_configured`) when no PSP was given to the service."""
    held = getattr(request.app.state, "orchestrator", None)
    if not isinstance(held, Orchestrator):
        raise Refused("this service has no PSP to drive payments through", code="not_configured")
    return held


Held = Annotated[Service, Depends(service_of)]
Writer = Annotated[ApiKey, Depends(require("payments:write"))]
Reader = Annotated[ApiKey, Depends(require("payments:read"))]


@router.post("/intents/{intent_id}/pay", responses=_WRITE)
def pay(*, intent_id: IntentId, body: PayerIn, key: IdempotencyKey, caller: Writer, service: Held, request: Request, response: Response) -> DrivenOut:
    """Move the intent's money: choose a PSP, ask it, try another where that is right, and say where it stands.

    Asking again is always safe: an open attempt is gone on with, an unknown outcome is found out first.
    """
    drive = orchestrator_of(request)
    return _driven(
        service, caller, f"pay:{intent_id}", key, body, intent_id, response, lambda: drive.pay(uuid_of(IdKind.INTENT, intent_id), body.payer())
    )


@router.post("/intents/{intent_id}/complete", responses=_WRITE)
def complete(
    *, intent_id: IntentId, body: CompleteIn, key: IdempotencyKey, caller: Writer, service: Held, request: Request, response: Response
) -> DrivenOut:
    """Go on after the payer did what the PSP asked for (3-D Secure)."""
    drive, payer = orchestrator_of(request), body.payer.payer() if body.payer else None
    uuid = uuid_of(IdKind.INTENT, intent_id)
    return _driven(service, caller, f"complete:{intent_id}", key, body, intent_id, response, lambda: drive.complete(uuid, body.details, payer))


@router.get("/surpluses", responses=documented(401, 403, 409, 422, 500, 503))
def list_surpluses(*, caller: Reader, request: Request) -> SurplusPage:
    """Money that abandoned attempts took after all and that has not gone back yet."""
    items = [
        SurplusOut(
            intent_id=public_id(IdKind.INTENT, one.intent_id),
            attempt_id=public_id(IdKind.ATTEMPT, one.attempt_id),
            psp=one.psp,
            currency=one.surplus.currency,
            surplus_minor=one.surplus.minor,
        )
        for one in orchestrator_of(request).surpluses()
    ]
    return SurplusPage(items=items)


def _driven(
    service: Service, caller: ApiKey, effect: str, key: str, body: Wire, intent_id: str, response: Response, drive: Callable[[], Progress]
) -> DrivenOut:
    with UnitOfWork(service.engine) as work:
        claimed = claim(work, caller, effect, key, body)
        work.commit()
    if first := claimed.answered_before(DrivenOut, response):
        return first
    progress = drive()
    action = progress.action
    answer = DrivenOut(
        intent_id=intent_id,
        status=progress.status,
        rule=progress.rule,
        not_before=progress.not_before,
        action=ActionOut(kind=action.kind, url=action.url, data=dict(action.data)) if action else None,
    )
    if progress.status in _FINAL:
        with UnitOfWork(service.engine) as work:
            work.connection.execute(_KEEP, {"key": claimed.key, "body": answer.model_dump_json()})
            work.commit()
    response.headers["Idempotent-Replayed"] = "false"
    return answer
