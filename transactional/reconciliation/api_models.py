"""What the routes of the work on breaks take and give. The trap: a proposal without its accounts, or an answer that hides who proposed it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field

from transactional.http.wire import PRINTABLE_PATTERN, AccountCode, AmountMinor, Currency, Instant, Reference, Wire, Words
from transactional.payments.money_kinds import MoneyKind
from transactional.reconciliation.acts import ACTOR_PATTERN, ROOT_CAUSE_PATTERN, THREAD_PATTERN, Proposal
from transactional.reconciliation.work import BreakEvent, ProposalKind, fold
from transactional.vocabulary.ids import IdKind, public_id

ThreadId = Annotated[str, Field(pattern=THREAD_PATTERN, description="A break, by the id it was first seen under.", examples=[f"brk_{'0' * 32}"])]
Threads = Annotated[list[ThreadId], Field(min_length=1, max_length=200, description="The breaks; all of them or, if one is refused, none.")]
Person = Annotated[str, Field(pattern=ACTOR_PATTERN, description="Name of a person or API key.", examples=["ana"])]
RootCause = Annotated[str, Field(pattern=ROOT_CAUSE_PATTERN, description="Why it came about, in one word.", examples=["late_file"])]
PlayerKind = Literal[
    "deposit", "deposit_reversed", "refund", "refund_reversed", "chargeback", "chargeback_reversed", "second_chargeback", "withdrawal", "withdrawal_returned"
]  # fmt: skip


class Assignment(Wire):
    """Give breaks to a person."""

    threads: Threads
    owner: Person


class Saying(Wire):
    """Breaks, and what is said about them: a comment, or why something is taken back."""

    threads: Threads
    words: Words


class Explanation(Wire):
    """Say why breaks came about."""

    threads: Threads
    root_cause: RootCause
    words: Words | None = None


class Evidence(Wire):
    """Name a file that is kept elsewhere, by its place and its hash."""

    threads: Threads
    evidence_key: str = Field(min_length=1, max_length=500, pattern=PRINTABLE_PATTERN, description="Where it is kept: a key of the object store.")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="Its SHA-256, hexadecimal.")
    words: Words | None = None


class Movement(Wire):
    """The movement at the PSP that our books lack: an entry that books it takes part in matching."""

    kind: PlayerKind = Field(description="Kind of money movement.")
    psp_reference: Reference
    modification_reference: Reference | None = None


class NewProposal(Wire):
    """What to book for one break: `amount_minor` from the credited to the debited account."""

    thread_id: ThreadId
    kind: Literal["adjustment", "write_off"] = Field(description="An adjustment of the books, or a loss.")
    currency: Currency
    amount_minor: AmountMinor
    debit_code: AccountCode
    credit_code: AccountCode
    books: Movement | None = Field(None, description="Only for an adjustment that books a movement the ledger lacks.")
    words: Words | None = None

    def proposal(self) -> Proposal:
        """As the service takes it."""
        movement = (MoneyKind(self.books.kind), self.books.psp_reference, self.books.modification_reference) if self.books else (None, None, None)
        return Proposal(ProposalKind(self.kind), self.currency, self.amount_minor, self.debit_code, self.credit_code, *movement)


class Proposals(Wire):
    """Proposals for several breaks, one for each."""

    proposals: list[NewProposal] = Field(min_length=1, max_length=200, description="All of them or, if one is refused, none.")


class Decision(Wire):
    """Breaks whose proposals are approved, or booked."""

    threads: Threads
    words: Words | None = None


class ProposalOut(Wire):
    """The proposal that stands: proposed, approved or booked."""

    event_id: str = Field(description="Id of the proposal.")
    kind: str = Field(description="adjustment or write_off.")
    currency: str = Field(description="ISO 4217 code.")
    amount_minor: int = Field(description="Minor units, positive.")
    debit_code: str = Field(description="The debited account.")
    credit_code: str = Field(description="The credited account.")
    proposed_by: str = Field(description="Who may not approve it.")
    needs_role: str | None = Field(description="The role its approval needs beyond the first; null when none.")

    @classmethod
    def of(cls, event: BreakEvent) -> Self:
        """The answer about one proposal."""
        return cls(
            event_id=str(event.event_id),
            kind=str(event.proposal_kind),
            currency=str(event.currency),
            amount_minor=int(event.amount_minor or 0),
            debit_code=str(event.body["debit_code"]),
            credit_code=str(event.body["credit_code"]),
            proposed_by=event.actor,
            needs_role=event.needs_role,
        )


class EventOut(Wire):
    """One fact about a break."""

    event_no: int = Field(description="1, 2, ... for this break.")
    kind: str = Field(description="What was done.")
    actor: str = Field(description="Who did it.")
    recorded_at: Instant
    owner: str | None = Field(description="Whom it was given to.")
    root_cause: str | None = Field(description="Why it came about.")
    words: str | None = Field(description="For people.")

    @classmethod
    def of(cls, event: BreakEvent) -> Self:
        """The answer about one event."""
        told = {"owner": event.owner, "root_cause": event.root_cause, "words": event.words}
        return cls(event_no=event.event_no, kind=event.kind.value, actor=event.actor, recorded_at=event.recorded_at, **told)


class WorkOut(Wire):
    """How far the work on one break is, and everything that was done. A break nobody did anything about is open and has no events."""

    thread_id: str = Field(description="The break, by the id it was first seen under.")
    state: str = Field(description="open, assigned, explained, proposed, approved, posted or written_off.")
    owner: str | None = Field(description="Who has it.")
    root_cause: str | None = Field(description="Why it came about.")
    note_count: int = Field(description="Comments and explanations.")
    evidence_count: int = Field(description="Files attached.")
    proposal: ProposalOut | None = Field(description="What is proposed, approved or booked.")
    entry_id: str | None = Field(description="The journal entry booked for it.")
    events: list[EventOut] = Field(description="Everything that was done, in its order.")

    @classmethod
    def of(cls, thread_id: str, events: Sequence[BreakEvent]) -> Self:
        """The answer about one break."""
        work = fold(events)
        return cls(
            thread_id=thread_id,
            state=work.state.value,
            owner=work.owner,
            root_cause=work.root_cause,
            note_count=work.note_count,
            evidence_count=work.evidence_count,
            proposal=ProposalOut.of(work.proposal) if work.proposal else None,
            entry_id=public_id(IdKind.ENTRY, work.entry_id) if work.entry_id else None,
            events=[EventOut.of(event) for event in events],
        )


class WorkList(Wire):
    """The work on the breaks of a request, after it."""

    items: list[WorkOut] = Field(description="One per break, by id.")
