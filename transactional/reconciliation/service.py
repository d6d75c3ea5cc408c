"""Doing something about a break: one act is one event, in order, at most once. For `countroom breaks` and the API; both call these functions.

Nothing is committed here. Two people who act on one break at the same moment take turns, and the second is judged by what the first did. A request
that comes again gets the event of the first time. Posting books one entry in the ledger and says so, in the caller's one transaction: a crash leaves
both or neither, and a repetition finds the event (or, after another way of failing, the ledger's own key).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from transactional.db.refusals import refusal_in
from transactional.ledger.entries import KeyedEntry
from transactional.ledger.service import Ledger
from transactional.reconciliation.acts import Act, booking_key, check_person, check_thread, entry_of
from transactional.reconciliation.service_levels import APPROVE, APPROVE_LARGE, role_needed_for_write_off
from transactional.reconciliation.work import BOOKS, BreakEvent, EventKind, ProposalKind, Work, after, check_allowed, fold
from transactional.vocabulary.errors import InputRejected, Refused
from transactional.vocabulary.ids import uuid7

_COLUMNS = """event_id, thread_id, event_no, kind, actor, recorded_at, owner, root_cause, words, proposal_id, proposal_kind, amount_minor, currency,
    needs_role, role, evidence_key, entry_id, body"""
_EVENTS = text(f"select {_COLUMNS} from app.break_events where thread_id = any(:threads) order by thread_id, event_no")  # noqa: S608 - ours
_BY_REQUEST = text(f"select {_COLUMNS} from app.break_events where request_id = :request")  # noqa: S608 - ours
_TAKE_TURN = text("select pg_advisory_xact_lock(hashtextextended(:thread, 20261125)), clock_timestamp() as now")
_INSERT = text(
    f"""
    insert into app.break_events (event_id, thread_id, event_no, kind, actor, owner, root_cause, words, proposal_id, proposal_kind, amount_minor,
        currency, needs_role, role, evidence_key, entry_id, body, request_id)
    values (:event_id, :thread_id, :event_no, :kind, :actor, :owner, :root_cause, :words, :proposal_id, :proposal_kind, :amount_minor,
        :currency, :needs_role, :role, :evidence_key, :entry_id, cast(:body as jsonb), :request_id)
    returning {_COLUMNS}
    """  # noqa: S608 - ours
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """The event behind a request, and the work after everything known. `replayed`: it was there already."""

    event: BreakEvent
    work: Work
    replayed: bool


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts, and in which roles. Raises: InputRejected for a name that is none."""

    name: str
    roles: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        check_person(self.name)


class Breaks:
    """The work on breaks, on one connection. Raises everywhere: Refused with a code, InputRejected, Transient."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def events_of(self, threads: Iterable[str]) -> dict[str, list[BreakEvent]]:
        """The events of each thread that has any, in their order."""
        found: dict[str, list[BreakEvent]] = defaultdict(list)
        for row in self.connection.execute(_EVENTS, {"threads": sorted(set(threads))}):
            found[row.thread_id].append(_event(row))
        return dict(found)

    def work_on(self, threads: Iterable[str]) -> dict[str, Work]:
        """How far the work is on each thread that has any event."""
        return {thread: fold(events) for thread, events in self.events_of(threads).items()}

    def act(self, thread_id: str, act: Act, person: Person, *, request_id: str) -> Recorded:
        """Record one act, or give the first answer to its request.

        Raises: Refused (`wrong_state`, `same_actor`, `second_role_needed`, `idempotency_conflict`).
        """
        if act.kind in BOOKS.values():
            raise InputRejected("money is booked with `post`", code="wrong_act")
        fingerprint = act.fingerprint(check_thread(thread_id), person.name)
        if known := self._known(request_id, fingerprint):
            return known
        moment, work = self._turn(thread_id)
        check_allowed(work, act.kind)
        row = self._row(thread_id, work, act.kind, person, request_id, fingerprint)
        row |= {"owner": act.owner, "root_cause": act.root_cause, "words": act.words, "evidence_key": act.evidence_key}
        row["body"] |= dict(act.evidence or {})
        if act.proposal is not None:
            proposal = act.proposal
            row |= {"proposal_kind": proposal.kind.value, "amount_minor": proposal.amount_minor, "currency": proposal.currency}
            row["body"] |= proposal.body()
            if proposal.kind is ProposalKind.WRITE_OFF:
                needed = role_needed_for_write_off(proposal.amount_minor, proposal.currency, moment.date())
                row["needs_role"] = needed if needed == APPROVE_LARGE else None
        if act.kind in {EventKind.APPROVED, EventKind.REJECTED} and work.proposal is not None:
            row["proposal_id"] = work.proposal.event_id
        if act.kind is EventKind.APPROVED:
            row["role"] = APPROVE_LARGE if APPROVE_LARGE in person.roles else APPROVE
        return self._record(row, work)

    def post(self, thread_id: str, person: Person, *, request_id: str) -> Recorded:
        """Book the approved proposal of a break: one entry in the ledger, one event. Again: the first answer, whoever asks.

        Raises: Refused (`wrong_state` when nothing is approved; what the ledger refuses).
        """
        moment, work = self._turn(check_thread(thread_id))
        if work.entry_id is not None:
            booked = next(event for event in self.events_of([thread_id])[thread_id][::-1] if event.entry_id == work.entry_id)
            return Recorded(booked, work, replayed=True)
        proposal = work.proposal
        kind = BOOKS[proposal.proposal_kind] if proposal and proposal.proposal_kind else EventKind.POSTED
        check_allowed(work, kind)
        assert proposal is not None
        fingerprint = Act(kind).fingerprint(thread_id, person.name)
        posted = Ledger(self.connection).post(KeyedEntry(entry_of(proposal), booking_key(proposal), recorded_at=moment))
        row = self._row(thread_id, work, kind, person, request_id, fingerprint)
        return self._record(row | {"proposal_id": proposal.event_id, "entry_id": posted.entry_id}, work)

    def _turn(self, thread_id: str) -> tuple[datetime, Work]:
        """Wait until nobody else acts on this break; then the moment and the work as everybody before left it."""
        try:
            moment: datetime = self.connection.execute(_TAKE_TURN, {"thread": thread_id}).one().now
        except DBAPIError as error:
            raise refusal_in(error) or error from error
        return moment, fold(self.events_of([thread_id]).get(thread_id, ()))

    def _known(self, request_id: str, fingerprint: str) -> Recorded | None:
        if not 1 <= len(request_id) <= 200 or not request_id.isprintable():
            raise InputRejected("a request id has 1 to 200 printable characters", code="wrong_key")
        row = self.connection.execute(_BY_REQUEST, {"request": request_id}).one_or_none()
        if row is None:
            return None
        if row.body.get("fingerprint") != fingerprint:
            raise Refused("this request id was used for something else", code="idempotency_conflict")
        return Recorded(_event(row), self.work_on([row.thread_id])[row.thread_id], replayed=True)

    def _row(self, thread_id: str, work: Work, kind: EventKind, person: Person, request_id: str, fingerprint: str) -> dict[str, Any]:
        empty = dict.fromkeys(
            (
                "owner",
                "root_cause",
                "words",
                "proposal_id",
                "proposal_kind",
                "amount_minor",
                "currency",
                "needs_role",
                "role",
                "evidence_key",
                "entry_id",
            )
        )
        said = {"thread_id": thread_id, "event_no": work.event_count + 1, "kind": kind.value, "actor": person.name, "request_id": request_id}
        return empty | said | {"body": {"fingerprint": fingerprint}}

    def _record(self, row: dict[str, Any], work: Work) -> Recorded:
        moment: datetime = self.connection.execute(text("select clock_timestamp()")).scalar_one()
        values = row | {"event_id": uuid7(moment), "body": orjson.dumps(row["body"]).decode()}
        try:
            event = _event(self.connection.execute(_INSERT, values).one())
        except DBAPIError as error:
            raise _translated(error) from error
        return Recorded(event, after(work, event), replayed=False)


def _translated(error: DBAPIError) -> Exception:
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None and diagnosis.constraint_name == "uq_break_events_request_id":
        return Refused("this request id was used for something else", code="idempotency_conflict")
    return refusal_in(error) or error


def _event(row: Any) -> BreakEvent:
    return BreakEvent(
        event_id=UUID(str(row.event_id)),
        thread_id=row.thread_id,
        event_no=row.event_no,
        kind=EventKind(row.kind),
        actor=row.actor,
        recorded_at=row.recorded_at,
        owner=row.owner,
        root_cause=row.root_cause,
        words=row.words,
        proposal_id=row.proposal_id,
        proposal_kind=ProposalKind(row.proposal_kind) if row.proposal_kind else None,
        amount_minor=row.amount_minor,
        currency=row.currency,
        needs_role=row.needs_role,
        role=row.role,
        evidence_key=row.evidence_key,
        entry_id=row.entry_id,
        body=row.body,
    )
