"""How far is the work on one break, and what may be done next? Pure; for the service, the command line and the API.

A thread (the life of one break over runs) has numbered events that are never edited; its state is their fold. The traps: a state column that
somebody updates and nobody can explain; a proposal approved by who made it; a second posting of one approval. The database refuses the last two
as well (revision 0013).

Source: reference LR §5.6 (break record).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from transactional.vocabulary.errors import Refused


class EventKind(StrEnum):
    """What can be said about a break."""

    ASSIGNED = "assigned"
    COMMENTED = "commented"
    EVIDENCE_ATTACHED = "evidence_attached"
    EXPLAINED = "explained"
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    POSTED = "posted"
    WRITTEN_OFF = "written_off"
    REOPENED = "reopened"


class WorkState(StrEnum):
    """How far the work is. Whether the break itself still stands is the engine's word: `shown_state` joins the two."""

    OPEN = "open"
    ASSIGNED = "assigned"
    EXPLAINED = "explained"
    PROPOSED = "proposed"
    APPROVED = "approved"
    POSTED = "posted"
    WRITTEN_OFF = "written_off"


class ProposalKind(StrEnum):
    """What a proposal would book: the entry that was missing or wrong, or the loss."""

    ADJUSTMENT = "adjustment"
    WRITE_OFF = "write_off"


K, S = EventKind, WorkState
_UNDECIDED = frozenset({S.OPEN, S.ASSIGNED, S.EXPLAINED})
_PENDING = frozenset({S.PROPOSED, S.APPROVED})
_BOOKED = frozenset({S.POSTED, S.WRITTEN_OFF})
_ALWAYS = frozenset(S)

# in which states a kind of event may come; everything else is refused
ALLOWED_IN: Mapping[EventKind, frozenset[WorkState]] = {
    K.ASSIGNED: _UNDECIDED | _PENDING,
    K.COMMENTED: _ALWAYS,
    K.EVIDENCE_ATTACHED: _ALWAYS,
    K.EXPLAINED: _UNDECIDED,
    K.PROPOSED: _UNDECIDED,
    K.APPROVED: frozenset({S.PROPOSED}),
    K.REJECTED: _PENDING,
    K.POSTED: frozenset({S.APPROVED}),
    K.WRITTEN_OFF: frozenset({S.APPROVED}),
    K.REOPENED: _BOOKED,
}
BOOKS: Mapping[ProposalKind, EventKind] = {ProposalKind.ADJUSTMENT: K.POSTED, ProposalKind.WRITE_OFF: K.WRITTEN_OFF}
"""The event that ends a proposal of each kind."""

_STATE_AFTER = {K.PROPOSED: S.PROPOSED, K.APPROVED: S.APPROVED, K.POSTED: S.POSTED, K.WRITTEN_OFF: S.WRITTEN_OFF}


@dataclass(frozen=True, slots=True)
class BreakEvent:
    """Grain: one fact about a thread. `event_no` counts from 1 in its thread; `words` are for people and hold no personal data."""

    event_id: UUID
    thread_id: str
    event_no: int
    kind: EventKind
    actor: str
    recorded_at: datetime
    owner: str | None = None
    root_cause: str | None = None
    words: str | None = None
    proposal_id: UUID | None = None
    proposal_kind: ProposalKind | None = None
    amount_minor: int | None = None
    currency: str | None = None
    needs_role: str | None = None
    role: str | None = None
    evidence_key: str | None = None
    entry_id: UUID | None = None
    body: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Work:
    """What the events of one thread add up to. `proposal` is the one that is proposed, approved or booked now; None when there is none."""

    state: WorkState = WorkState.OPEN
    owner: str | None = None
    root_cause: str | None = None
    proposal: BreakEvent | None = None
    entry_id: UUID | None = None
    note_count: int = 0
    evidence_count: int = 0
    event_count: int = 0


NO_WORK = Work()


def fold(events: Iterable[BreakEvent]) -> Work:
    """The work after the events of one thread, whatever order they are given in."""
    work = NO_WORK
    for event in sorted(events, key=lambda each: each.event_no):
        work = after(work, event)
    return work


def after(work: Work, event: BreakEvent) -> Work:
    """The work after one event more. Raises: Refused (`wrong_state`) when the event may not come now."""
    check_allowed(work, event.kind)
    now = replace(
        work,
        owner=event.owner or work.owner,
        root_cause=event.root_cause or work.root_cause,
        note_count=work.note_count + (event.kind in {K.COMMENTED, K.EXPLAINED}),
        evidence_count=work.evidence_count + (event.kind is K.EVIDENCE_ATTACHED),
        event_count=work.event_count + 1,
    )
    if event.kind is K.PROPOSED:
        return replace(now, state=S.PROPOSED, proposal=event)
    if event.kind in _STATE_AFTER:
        return replace(now, state=_STATE_AFTER[event.kind], entry_id=event.entry_id or now.entry_id)
    if event.kind in {K.REJECTED, K.REOPENED}:
        return replace(now, state=_undecided(now), proposal=None, entry_id=None)
    return replace(now, state=_undecided(now)) if work.state in _UNDECIDED else now


def _undecided(work: Work) -> WorkState:
    """Where work stands that has no proposal: explained when anybody ever said why, assigned when somebody has it."""
    return S.EXPLAINED if work.root_cause else S.ASSIGNED if work.owner else S.OPEN


def check_allowed(work: Work, kind: EventKind) -> None:
    """Raises: Refused (`wrong_state`) unless `kind` may come now, saying in which states it may."""
    allowed = ALLOWED_IN[kind]
    ends_as = BOOKS[work.proposal.proposal_kind] if work.proposal and work.proposal.proposal_kind else None
    if work.state in allowed and (kind not in {K.POSTED, K.WRITTEN_OFF} or kind is ends_as):
        return
    states = " or ".join(state.value for state in WorkState if state in allowed)
    raise Refused(f"a break that is {work.state.value} cannot be {kind.value.replace('_', ' ')}: it must be {states}", code="wrong_state")


def shown_state(work: WorkState, *, is_open: bool) -> str:
    """The state a person reads: a break that the engine no longer finds is `cleared` when money was booked for it, else `auto_cleared`."""
    if is_open:
        return work.value
    return "cleared" if work in _BOOKED else "auto_cleared"
