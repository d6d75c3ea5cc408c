"""Where does an attempt stand, given everything that was ever said about it? For the service, the API and support.

Pure: the state is a function of the SET of facts, so webhooks may come in any order and any number of times. The traps: a late "failed"
that overwrites a capture, a capture after a void that is dropped because "voided is final", a failed refund counted as paid back, a refund
that came before its capture. Money beats words: what was captured, sent or charged back is summed; only without money do words decide.

Source: reference LR §3 cases 3, 7, 24, 25; LR §4.2 lifecycle arcs (a failed capture may capture later, a reversed chargeback may come back).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from transactional.payments.facts import FactKind, PaymentFact
from transactional.vocabulary.money import Money


class Status(StrEnum):
    """The one word for an attempt. Amounts in parts are in the sums of AttemptState."""

    UNKNOWN = "unknown"
    CREATED = "created"
    REQUIRES_ACTION = "requires_action"
    AUTHORISED = "authorised"
    FAILED = "failed"
    VOIDED = "voided"
    PARTIALLY_CAPTURED = "partially_captured"
    CAPTURED = "captured"
    SETTLED = "settled"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    CHARGED_BACK = "charged_back"
    REQUESTED = "requested"
    HELD = "held"
    APPROVED = "approved"
    SENT = "sent"
    RETURNED = "returned"
    CANCELLED = "cancelled"


class Flag(StrEnum):
    """What a person should look at: never an error, always a fact."""

    LATE_AFTER_VOID = "late_after_void"
    VOID_AFTER_CAPTURE = "void_after_capture"
    FAILED_AFTER_CAPTURE = "failed_after_capture"
    OVER_CAPTURED = "over_captured"
    OVER_REFUNDED = "over_refunded"
    UNDONE_WITHOUT_MOVEMENT = "undone_without_movement"
    SENT_AFTER_END = "sent_after_end"
    SEVERAL_CURRENCIES = "several_currencies"


class RefundStatus(StrEnum):
    """Where one refund stands; failed and cancelled both give the money back to the player's deposit."""

    REQUESTED = "requested"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Refund:
    """One refund of an attempt, by the PSP's reference for it ('' when the PSP gave none)."""

    reference: str
    status: RefundStatus
    refunded_minor: int


@dataclass(frozen=True, slots=True)
class AttemptState:
    """Units: positive minor units of `currency`, each net of what was undone. `currency` None: no amount was ever told."""

    status: Status
    currency: str | None = None
    authorised_minor: int = 0
    captured_minor: int = 0
    settled_minor: int = 0
    refunded_minor: int = 0
    charged_back_minor: int = 0
    paid_out_minor: int = 0
    refunds: tuple[Refund, ...] = ()
    flags: frozenset[Flag] = frozenset()


def canonical(facts: Iterable[PaymentFact]) -> list[PaymentFact]:
    """The facts once each (by dedupe key), in an order that does not depend on arrival."""
    known: dict[str, PaymentFact] = {}
    for fact in sorted(facts, key=_order):
        known.setdefault(fact.dedupe_key, fact)
    return list(known.values())


def _order(fact: PaymentFact) -> tuple[datetime, str, str, str, int]:
    amount = fact.amount or Money("", 0)
    return fact.effective_at, fact.dedupe_key, fact.kind, amount.currency, amount.minor


def undone_amounts(movements: Sequence[PaymentFact], undoing: Sequence[PaymentFact]) -> list[tuple[PaymentFact, Money]]:
    """Which of the undoing facts undo something, and how much: the n-th undoing pairs with the n-th movement, a surplus undoes nothing.

    A retried refund that failed once is therefore still one refund; failed and cancelled told of the same refund undo it once.
    """
    moved = [fact.amount for fact in movements if fact.amount is not None and fact.amount.minor > 0]
    return [(fact, fact.amount or amount) for fact, amount in zip(undoing, moved, strict=False)]


class _Reading:
    """The canonical facts of one attempt, asked by kind."""

    def __init__(self, facts: Iterable[PaymentFact], currency: str | None) -> None:
        self.facts = canonical(facts)
        self.currencies = [fact.amount.currency for fact in self.facts if fact.amount]
        self.currency = currency or next(iter(self.currencies), None)

    def of(self, *kinds: FactKind) -> list[PaymentFact]:
        return [fact for fact in self.facts if fact.kind in kinds]

    def sum(self, *kinds: FactKind) -> int:
        return self.minor(fact.amount for fact in self.of(*kinds))

    def minor(self, amounts: Iterable[Money | None]) -> int:
        return sum(amount.minor for amount in amounts if amount is not None and amount.currency == self.currency)

    def latest(self, *kinds: FactKind) -> FactKind | None:
        """The kind last in effect; at the same instant the one named first wins."""
        found = sorted(self.of(*kinds), key=lambda fact: (fact.effective_at, -kinds.index(fact.kind)))
        return found[-1].kind if found else None


def state_of(facts: Iterable[PaymentFact], currency: str | None = None) -> AttemptState:
    """The state of an attempt from its facts, whatever their order and repetition.

    `currency` is the intent's; without it the earliest amount decides. Amounts in another currency are flagged and not summed.
    """
    read = _Reading(facts, currency)
    captures, capture_failures = read.of(FactKind.CAPTURED), read.of(FactKind.CAPTURE_FAILED)
    payout_ends = read.of(FactKind.PAYOUT_RETURNED, FactKind.PAYOUT_FAILED)
    sent = read.of(FactKind.PAYOUT_SENT)
    refunds = _refunds(read)
    amounts = AttemptState(
        status=Status.UNKNOWN,
        currency=read.currency,
        authorised_minor=max((read.minor([fact.amount]) for fact in read.of(FactKind.AUTHORISED)), default=0),
        captured_minor=read.sum(FactKind.CAPTURED) - read.minor(amount for _, amount in undone_amounts(captures, capture_failures)),
        settled_minor=read.sum(FactKind.SETTLED),
        refunded_minor=sum(refund.refunded_minor for refund in refunds),
        charged_back_minor=read.sum(FactKind.CHARGEBACK, FactKind.SECOND_CHARGEBACK) - read.sum(FactKind.CHARGEBACK_REVERSED),
        paid_out_minor=read.sum(FactKind.PAYOUT_SENT) - read.minor(amount for _, amount in undone_amounts(sent, payout_ends)),
        refunds=refunds,
    )
    return replace(amounts, status=_status(read, amounts), flags=frozenset(_flags(read, amounts)))


def _refunds(read: _Reading) -> tuple[Refund, ...]:
    ends = (FactKind.REFUND_FAILED, FactKind.REFUND_CANCELLED)
    every = read.of(FactKind.REFUND_REQUESTED, FactKind.REFUNDED, *ends)
    found = []
    for reference in sorted({fact.modification_reference or "" for fact in every}):
        mine = [fact for fact in every if (fact.modification_reference or "") == reference]
        sent = [fact for fact in mine if fact.kind is FactKind.REFUNDED]
        undoing = [fact for fact in mine if fact.kind in ends]
        left = read.minor(fact.amount for fact in sent) - read.minor(amount for _, amount in undone_amounts(sent, undoing))
        found.append(Refund(reference, _refund_status(undoing, is_sent=len(sent) > len(undoing)), left))
    return tuple(found)


def _refund_status(undoing: Sequence[PaymentFact], *, is_sent: bool) -> RefundStatus:
    if is_sent:
        return RefundStatus.SENT
    if not undoing:
        return RefundStatus.REQUESTED
    return RefundStatus.CANCELLED if undoing[-1].kind is FactKind.REFUND_CANCELLED else RefundStatus.FAILED


def _status(read: _Reading, state: AttemptState) -> Status:
    if read.of(FactKind.PAYOUT_SENT):
        return Status.SENT if state.paid_out_minor > 0 else Status.RETURNED
    if state.charged_back_minor > 0:
        return Status.CHARGED_BACK
    if state.captured_minor > 0:
        return _captured_status(state)
    return _status_without_money(read)


def _captured_status(state: AttemptState) -> Status:
    if state.refunded_minor > 0:
        return Status.REFUNDED if state.refunded_minor >= state.captured_minor else Status.PARTIALLY_REFUNDED
    if state.settled_minor > 0 and state.settled_minor >= state.captured_minor:
        return Status.SETTLED
    return Status.PARTIALLY_CAPTURED if state.captured_minor < state.authorised_minor else Status.CAPTURED


def _status_without_money(read: _Reading) -> Status:
    """Void and cancellation are decisions and win; among the rest the last in effect: a declined card may be followed by one that works."""
    if read.of(FactKind.VOIDED):
        return Status.VOIDED
    if read.of(FactKind.PAYOUT_CANCELLED):
        return Status.CANCELLED
    if read.of(FactKind.PAYOUT_RETURNED):
        return Status.RETURNED
    if read.of(FactKind.PAYOUT_FAILED, FactKind.CAPTURE_FAILED):
        return Status.FAILED
    word = read.latest(FactKind.FAILED, FactKind.AUTHORISED, FactKind.REQUIRES_ACTION) or read.latest(FactKind.PAYOUT_APPROVED, FactKind.PAYOUT_HELD)
    if word is None:
        word = read.latest(FactKind.PAYOUT_REQUESTED) or read.latest(FactKind.CREATED)
    return Status.UNKNOWN if word is None else Status(word.removeprefix("payout_"))


def _flags(read: _Reading, state: AttemptState) -> Iterable[Flag]:
    captures, voids = read.of(FactKind.CAPTURED), read.of(FactKind.VOIDED)
    if captures and voids:
        yield Flag.LATE_AFTER_VOID if captures[-1].effective_at >= voids[0].effective_at else Flag.VOID_AFTER_CAPTURE
    if state.captured_minor > 0 and any(fact.effective_at >= captures[0].effective_at for fact in read.of(FactKind.FAILED)):
        yield Flag.FAILED_AFTER_CAPTURE
    if 0 < state.authorised_minor < state.captured_minor:
        yield Flag.OVER_CAPTURED
    if state.refunded_minor > max(state.captured_minor, 0):
        yield Flag.OVER_REFUNDED
    if read.of(FactKind.PAYOUT_SENT) and read.of(FactKind.PAYOUT_CANCELLED):
        yield Flag.SENT_AFTER_END
    if _surplus_undoing(read, state):
        yield Flag.UNDONE_WITHOUT_MOVEMENT
    if len(set(read.currencies) | ({read.currency} if read.currency else set())) > 1:
        yield Flag.SEVERAL_CURRENCIES


def _surplus_undoing(read: _Reading, state: AttemptState) -> bool:
    """Something was undone that we never saw happen: a reversed chargeback or a returned payout whose first half is missing."""
    return state.charged_back_minor < 0 or len(read.of(FactKind.PAYOUT_RETURNED)) > len(read.of(FactKind.PAYOUT_SENT))
