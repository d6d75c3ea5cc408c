"""Close requests over HTTP: ask for a day to be frozen, see what became of it, take it back. Routes only.

What is frozen is what the warehouse says, and the service never reads the warehouse: the request is a fact, and the pipeline carries it out (the sensor
`reconciliation_close_sensor`, or `countroom close --requested`). The actor is the caller's key.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from transactional.http.deps import IdempotencyKey, PageSize, Work, require
from transactional.http.idempotency import claim
from transactional.http.keys import ApiKey
from transactional.http.problems import documented
from transactional.reconciliation.api import person_of
from transactional.reconciliation.close_requests.api_models import (
    CloseRequestId,
    CloseRequestList,
    CloseRequestOut,
    NewCloseRequest,
    Withdrawal,
)
from transactional.reconciliation.close_requests.events import CloseRequest
from transactional.reconciliation.close_requests.service import CloseRequests
from transactional.vocabulary.errors import Refused
from transactional.vocabulary.ids import stable_key

router = APIRouter(prefix="/v1/close-requests", tags=["reconciliation"])

Reader = Annotated[ApiKey, Depends(require("reconciliation:read"))]
Closer = Annotated[ApiKey, Depends(require("reconciliation:close"))]
_READ = documented(401, 403, 404, 422, 500, 503)
_WRITE = documented(400, 401, 403, 404, 409, 413, 415, 422, 500, 503)


@router.get("", responses=documented(401, 403, 422, 500, 503))
def list_close_requests(
    *,
    before: Annotated[UUID | None, Query(description="Only those asked for before this one.")] = None,
    limit: PageSize = 50,
    caller: Reader,
    work: Work,
) -> CloseRequestList:
    """Requests and what became of them, the newest first."""
    found = CloseRequests(work.connection).newest(before=before, limit=limit + 1)
    items = [CloseRequestOut.of(request) for request in found[:limit]]
    return CloseRequestList(items=items, next_before=items[-1].close_request_id if len(found) > limit else None)


@router.get("/{close_request_id}", responses=_READ)
def read_close_request(*, close_request_id: CloseRequestId, caller: Reader, work: Work) -> CloseRequestOut:
    """One request and what became of it."""
    return CloseRequestOut.of(_named(CloseRequests(work.connection), close_request_id))


@router.post("", status_code=201, responses=_WRITE)
def request_close(*, body: NewCloseRequest, key: IdempotencyKey, caller: Closer, work: Work, response: Response) -> CloseRequestOut:
    """Ask for a day to be frozen. It is done within a minute while `countroom up` runs, or by `countroom close --requested`."""
    claimed = claim(work, caller, "close-requests", key, body)
    if first := claimed.answered_before(CloseRequestOut, response):
        return first
    actor, request_id = person_of(caller).name, f"http:{stable_key(claimed.key)}"
    asked = CloseRequests(work.connection).ask(body.psp, body.business_date, actor=actor, despite=body.despite_reason, request_id=request_id)
    return claimed.committed(work, CloseRequestOut.of(asked), response)


@router.post("/{close_request_id}/withdrawals", status_code=201, responses=_WRITE)
def withdraw(
    *, close_request_id: CloseRequestId, body: Withdrawal, key: IdempotencyKey, caller: Closer, work: Work, response: Response
) -> CloseRequestOut:
    """Take a request back that is still open."""
    claimed = claim(work, caller, f"close-requests/{close_request_id}/withdrawals", key, body)
    if first := claimed.answered_before(CloseRequestOut, response):
        return first
    requests, actor = CloseRequests(work.connection), person_of(caller).name
    request_id = f"http:{stable_key(claimed.key)}"
    done = requests.withdraw(_named(requests, close_request_id), actor=actor, reason=body.reason, request_id=request_id)
    return claimed.committed(work, CloseRequestOut.of(done), response)


def _named(requests: CloseRequests, close_request_id: UUID) -> CloseRequest:
    request = requests.named(close_request_id)
    if request is None:
        raise Refused("there is no such close request", code="not_found")
    return request
