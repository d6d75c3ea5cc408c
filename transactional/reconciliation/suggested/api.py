"""Suggested matches over HTTP: what people said of them, accept, confirm, decline. Routes only; that two people sign is the database's to keep (0016).

Which suggestions there are is the warehouse's to say (reconciliation.fct_suggestions): here they are named by their items, and the service never
reads the warehouse. What is confirmed takes effect in the next run, and only while its amounts bear it (layer L9). The actor is the caller's key.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel

from transactional.db.unit_of_work import UnitOfWork
from transactional.http.deps import IdempotencyKey, PageSize, Work, require
from transactional.http.idempotency import claim
from transactional.http.keys import ApiKey
from transactional.http.problems import documented
from transactional.reconciliation.api import person_of
from transactional.reconciliation.match_service import Decided, Matches
from transactional.reconciliation.matches import SUGGESTION_PATTERN, MatchEventKind, suggestion_id
from transactional.reconciliation.suggested.api_models import (
    Acceptance,
    Confirmation,
    Decline,
    SuggestionId,
    SuggestionList,
    SuggestionOut,
)
from transactional.vocabulary.errors import Refused
from transactional.vocabulary.ids import stable_key

router = APIRouter(prefix="/v1/suggestions", tags=["reconciliation"])

Reader = Annotated[ApiKey, Depends(require("reconciliation:read"))]
Worker = Annotated[ApiKey, Depends(require("reconciliation:work"))]
Approver = Annotated[ApiKey, Depends(require("reconciliation:approve"))]
_READ = documented(401, 403, 422, 500, 503)
_WRITE = documented(400, 401, 403, 404, 409, 413, 415, 422, 500, 503)


@router.get("", responses=_READ)
def list_suggestions(
    *,
    state: Annotated[
        MatchEventKind | None, Query(description="Only those of which this was said last: accepted ones wait for a second name.")
    ] = None,
    after: Annotated[str | None, Query(pattern=SUGGESTION_PATTERN, description="Only those after this id.")] = None,
    limit: PageSize = 50,
    caller: Reader,
    work: Work,
) -> SuggestionList:
    """Suggestions of which somebody said something. Those nobody touched yet are in reconciliation.fct_suggestions and not here."""
    found = Matches(work.connection).page(state, after=after, limit=limit + 1)
    items = [SuggestionOut.of(name, events) for name, events in found[:limit]]
    return SuggestionList(items=items, next_after=items[-1].suggestion_id if len(found) > limit else None)


@router.get("/{suggestion}", responses=_READ)
def read_suggestion(*, suggestion: SuggestionId, caller: Reader, work: Work) -> SuggestionOut:
    """What was said of one suggestion."""
    return SuggestionOut.of(suggestion, Matches(work.connection).events_of([suggestion]).get(suggestion, []))


@router.post("/{suggestion}/acceptances", status_code=201, responses=_WRITE)
def accept(*, suggestion: SuggestionId, body: Acceptance, key: IdempotencyKey, caller: Worker, work: Work, response: Response) -> SuggestionOut:
    """Say that the items belong together. Another caller confirms it."""

    def accepted(matches: Matches, actor: str, request_id: str) -> Decided:
        if suggestion_id(body.layer, body.item_keys) != suggestion:
            raise Refused("this is not the id of these items: read the suggestion again", code="wrong_items")
        return matches.accept(suggestion, body.layer, body.item_keys, actor=actor, words=body.words, request_id=request_id)

    return _done(work, caller, "acceptances", suggestion, key, body, response, accepted)


@router.post("/{suggestion}/confirmations", status_code=201, responses=_WRITE)
def confirm(*, suggestion: SuggestionId, body: Confirmation, key: IdempotencyKey, caller: Approver, work: Work, response: Response) -> SuggestionOut:
    """Put a second name under what another caller accepted; the next run follows."""

    def confirmed(matches: Matches, actor: str, request_id: str) -> Decided:
        return matches.confirm(suggestion, actor=actor, words=body.words, request_id=request_id)

    return _done(work, caller, "confirmations", suggestion, key, body, response, confirmed)


@router.post("/{suggestion}/declines", status_code=201, responses=_WRITE)
def decline(*, suggestion: SuggestionId, body: Decline, key: IdempotencyKey, caller: Approver, work: Work, response: Response) -> SuggestionOut:
    """Say that they do not belong together, or take back what was confirmed: the next run judges its items anew."""

    def declined(matches: Matches, actor: str, request_id: str) -> Decided:
        return matches.decline(suggestion, actor=actor, words=body.words, request_id=request_id)

    return _done(work, caller, "declines", suggestion, key, body, response, declined)


def _done(
    work: UnitOfWork,
    caller: ApiKey,
    effect: str,
    name: str,
    key: str,
    body: BaseModel,
    response: Response,
    act: Callable[[Matches, str, str], Decided],
) -> SuggestionOut:
    claimed = claim(work, caller, f"suggestions/{name}/{effect}", key, body)
    if first := claimed.answered_before(SuggestionOut, response):
        return first
    matches = Matches(work.connection)
    act(matches, person_of(caller).name, f"http:{stable_key(claimed.key)}")
    return claimed.committed(work, SuggestionOut.of(name, matches.events_of([name])[name]), response)
