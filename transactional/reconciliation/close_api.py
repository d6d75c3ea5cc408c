"""Closes of days over HTTP: read, sign, re-open. Routes only; that two people sign is the database's to keep (revision 0014).

A day is frozen by `countroom close` and not here: what is frozen is what the warehouse says, and the service never reads the warehouse. To have it frozen
over HTTP, ask for it (close_requests/api.py).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel

from transactional.db.unit_of_work import UnitOfWork
from transactional.http.deps import IdempotencyKey, PageSize, Work, require
from transactional.http.idempotency import claim
from transactional.http.keys import ApiKey
from transactional.http.problems import documented
from transactional.reconciliation.api import person_of
from transactional.reconciliation.close_api_models import PSP_PATTERN, CloseId, CloseList, CloseOut, Reopening, Signing
from transactional.reconciliation.closes import Close
from transactional.reconciliation.closing import Closes
from transactional.vocabulary.errors import Refused
from transactional.vocabulary.ids import stable_key

router = APIRouter(prefix="/v1/closes", tags=["reconciliation"])

Reader = Annotated[ApiKey, Depends(require("reconciliation:read"))]
Closer = Annotated[ApiKey, Depends(require("reconciliation:close"))]
_READ = documented(401, 403, 404, 422, 500, 503)
_WRITE = documented(400, 401, 403, 404, 409, 413, 415, 422, 500, 503)


@router.get("", responses=documented(401, 403, 422, 500, 503))
def list_closes(
    *,
    psp: Annotated[str | None, Query(pattern=PSP_PATTERN, description="Only this PSP.")] = None,
    since: Annotated[date | None, Query(description="First day.")] = None,
    before: Annotated[date | None, Query(description="First day after.")] = None,
    limit: PageSize = 50,
    caller: Reader,
    work: Work,
) -> CloseList:
    """Closes, newest day first. A day is never split: a page ends with the day that brings it to `limit` closes."""
    closes = Closes(work.connection)
    shown = closes.newest(psp, since=since, before=before, at_least=limit)
    oldest = shown[-1].business_date if shown else None
    has_older = oldest is not None and bool(closes.newest(psp, since=since, before=oldest, at_least=1))
    return CloseList(items=[CloseOut.of(close) for close in shown], next_before=oldest if has_older else None)


@router.get("/{close_id}", responses=_READ)
def read_close(*, close_id: CloseId, caller: Reader, work: Work) -> CloseOut:
    """One close."""
    return CloseOut.of(_named(Closes(work.connection), close_id))


@router.post("/{close_id}/signatures", status_code=201, responses=_WRITE)
def sign(*, close_id: CloseId, body: Signing, key: IdempotencyKey, caller: Closer, work: Work, response: Response) -> CloseOut:
    """Sign a close. It is signed when two callers have; the same caller is refused a second time."""

    def signed(closes: Closes, close: Close, actor: str, request_id: str) -> Close:
        if close.frozen.checksum != body.checksum:
            raise Refused("the close has another checksum than the one you have read: read it again", code="other_checksum")
        return closes.sign(close.psp, close.business_date, actor=actor, request_id=request_id, close_id=close.close_id)

    return _done(work, caller, "signatures", close_id, key, body, response, signed)


@router.post("/{close_id}/reopenings", status_code=201, responses=_WRITE)
def reopen(*, close_id: CloseId, body: Reopening, key: IdempotencyKey, caller: Closer, work: Work, response: Response) -> CloseOut:
    """Let go of a closed day, for a reason. What was signed stays readable; the day may be closed again as its next generation."""

    def reopened(closes: Closes, close: Close, actor: str, request_id: str) -> Close:
        held = close.close_id
        return closes.reopen(close.psp, close.business_date, actor=actor, reason=body.reason, request_id=request_id, close_id=held)

    return _done(work, caller, "reopenings", close_id, key, body, response, reopened)


def _done(
    work: UnitOfWork,
    caller: ApiKey,
    effect: str,
    close_id: UUID,
    key: str,
    body: BaseModel,
    response: Response,
    act: Callable[[Closes, Close, str, str], Close],
) -> CloseOut:
    claimed = claim(work, caller, f"closes/{close_id}/{effect}", key, body)
    if first := claimed.answered_before(CloseOut, response):
        return first
    closes = Closes(work.connection)
    done = act(closes, _named(closes, close_id), person_of(caller).name, f"http:{stable_key(claimed.key)}")
    return claimed.committed(work, CloseOut.of(done), response)


def _named(closes: Closes, close_id: UUID) -> Close:
    close = closes.by_id(close_id)
    if close is None:
        raise Refused("there is no such close", code="not_found")
    return close
