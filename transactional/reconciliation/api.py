"""The work on breaks over HTTP. Routes only; every decision is the service's. The actor is the name of the caller's key.

Which breaks there are is the warehouse's to say; here they are named. A request about several breaks is done for all of them or for none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from transactional.db.unit_of_work import UnitOfWork
from transactional.http.deps import IdempotencyKey, Work, require
from transactional.http.idempotency import claim
from transactional.http.keys import ApiKey
from transactional.http.problems import documented
from transactional.reconciliation.acts import Act
from transactional.reconciliation.api_models import (
    Assignment,
    Decision,
    Evidence,
    Explanation,
    Proposals,
    Saying,
    ThreadId,
    WorkList,
    WorkOut,
)
from transactional.reconciliation.service import Breaks, Person
from transactional.reconciliation.service_levels import APPROVE_LARGE
from transactional.reconciliation.work import EventKind
from transactional.vocabulary.errors import InputRejected, Refused
from transactional.vocabulary.ids import stable_key

router = APIRouter(prefix="/v1/breaks", tags=["reconciliation"])

Reader = Annotated[ApiKey, Depends(require("reconciliation:read"))]
Worker = Annotated[ApiKey, Depends(require("reconciliation:work"))]
Approver = Annotated[ApiKey, Depends(require("reconciliation:approve"))]
_READ = documented(401, 403, 422, 500, 503)
_WRITE = documented(400, 401, 403, 404, 409, 413, 415, 422, 500, 503)


@router.get("/{thread_id}", responses=_READ)
def read_break(*, thread_id: ThreadId, caller: Reader, work: Work) -> WorkOut:
    """The work on one break, and everything that was done about it."""
    return WorkOut.of(thread_id, Breaks(work.connection).events_of([thread_id]).get(thread_id, []))


@router.post("/assignments", status_code=201, responses=_WRITE)
def assign(*, body: Assignment, key: IdempotencyKey, caller: Worker, work: Work, response: Response) -> WorkList:
    """Give breaks to a person."""
    act = Act(EventKind.ASSIGNED, owner=body.owner)
    return _done(work, caller, "assignments", key, body, response, dict.fromkeys(body.threads, act))


@router.post("/comments", status_code=201, responses=_WRITE)
def comment(*, body: Saying, key: IdempotencyKey, caller: Worker, work: Work, response: Response) -> WorkList:
    """Say something about breaks."""
    act = Act(EventKind.COMMENTED, words=body.words)
    return _done(work, caller, "comments", key, body, response, dict.fromkeys(body.threads, act))


@router.post("/explanations", status_code=201, responses=_WRITE)
def explain(*, body: Explanation, key: IdempotencyKey, caller: Worker, work: Work, response: Response) -> WorkList:
    """Say why breaks came about."""
    act = Act(EventKind.EXPLAINED, root_cause=body.root_cause, words=body.words)
    return _done(work, caller, "explanations", key, body, response, dict.fromkeys(body.threads, act))


@router.post("/evidence", status_code=201, responses=_WRITE)
def attach(*, body: Evidence, key: IdempotencyKey, caller: Worker, work: Work, response: Response) -> WorkList:
    """Name a file as evidence; it is kept elsewhere, here is where and its hash."""
    act = Act(EventKind.EVIDENCE_ATTACHED, words=body.words, evidence_key=body.evidence_key, evidence={"sha256": body.sha256})
    return _done(work, caller, "evidence", key, body, response, dict.fromkeys(body.threads, act))


@router.post("/proposals", status_code=201, responses=_WRITE)
def propose(*, body: Proposals, key: IdempotencyKey, caller: Worker, work: Work, response: Response) -> WorkList:
    """Propose an entry for each break: an adjustment or a write-off. Another caller approves it; then it is posted."""
    acts = {each.thread_id: Act(EventKind.PROPOSED, words=each.words, proposal=each.proposal()) for each in body.proposals}
    if len(acts) < len(body.proposals):
        raise Refused("one request proposes one thing for a break", code="repeated_break")
    return _done(work, caller, "proposals", key, body, response, acts)


@router.post("/approvals", status_code=201, responses=_WRITE)
def approve(*, body: Decision, key: IdempotencyKey, caller: Approver, work: Work, response: Response) -> WorkList:
    """Approve what another caller proposed. A write-off above its limit also needs the scope `reconciliation:approve_large`."""
    act = Act(EventKind.APPROVED, words=body.words)
    return _done(work, caller, "approvals", key, body, response, dict.fromkeys(body.threads, act))


@router.post("/rejections", status_code=201, responses=_WRITE)
def reject(*, body: Saying, key: IdempotencyKey, caller: Approver, work: Work, response: Response) -> WorkList:
    """Reject what was proposed, or take back an approval that is not posted yet."""
    act = Act(EventKind.REJECTED, words=body.words)
    return _done(work, caller, "rejections", key, body, response, dict.fromkeys(body.threads, act))


@router.post("/postings", status_code=201, responses=_WRITE)
def post(*, body: Decision, key: IdempotencyKey, caller: Approver, work: Work, response: Response) -> WorkList:
    """Book what was approved: one entry in the ledger for each break, however often it is asked for."""
    return _done(work, caller, "postings", key, body, response, dict.fromkeys(body.threads))


@router.post("/reopenings", status_code=201, responses=_WRITE)
def reopen(*, body: Saying, key: IdempotencyKey, caller: Approver, work: Work, response: Response) -> WorkList:
    """Work again on breaks that were booked. The entry stays; reverse it where it was wrong."""
    act = Act(EventKind.REOPENED, words=body.words)
    return _done(work, caller, "reopenings", key, body, response, dict.fromkeys(body.threads, act))


def _done(work: UnitOfWork, caller: ApiKey, effect: str, key: str, body: BaseModel, response: Response, acts: Mapping[str, Act | None]) -> WorkList:
    """Do each act (None: post), in the order of ids so that two requests never wait for each other, and answer with how far the work is."""
    claimed = claim(work, caller, f"breaks/{effect}", key, body)
    if first := claimed.answered_before(WorkList, response):
        return first
    breaks, person = Breaks(work.connection), person_of(caller)
    for thread, act in sorted(acts.items()):
        request = f"http:{stable_key(claimed.key)}:{thread}"
        try:
            breaks.post(thread, person, request_id=request) if act is None else breaks.act(thread, act, person, request_id=request)
        except Refused as refused:
            raise Refused(f"{thread}: {refused}", code=refused.code, detail=refused.detail) from refused
    done = breaks.events_of(acts)
    return claimed.committed(work, WorkList(items=[WorkOut.of(thread, done[thread]) for thread in sorted(acts)]), response)


def person_of(caller: ApiKey) -> Person:
    """The key's name in small letters. Two keys that differ in capitals only are one person, which is the safe side."""
    large = {APPROVE_LARGE} if "reconciliation:approve_large" in caller.scopes else set()
    try:
        return Person(caller.name.lower(), frozenset(large))
    except InputRejected as error:
        raise Refused("this API key's name cannot act for a person: at most 64 characters", code="forbidden") from error
