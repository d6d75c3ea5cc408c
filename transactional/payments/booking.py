"""Which ledger entry does a fact about a payment become, given what is already booked? For the service; pure.

Each movement of money is booked once, and in any order of arrival the end is the same:

- A kind that undoes another (facts.CONDITIONAL) is booked when the movement it undoes is; if it came first it waits, and a later booking says
  whose it is (`books`). A returned payout is money at once; a failed one is the same return told by another word.
- What a PSP says happened is never refused for want of funds: the ledger backs the player's line (posting_templates), and a deposit that comes
  after its refund repays that debt first.
- A payout takes what this payment has pending; if it was already given back, or never requested, it takes the player's cash.
- A payment nobody knows yet rests in `suspense:<psp>`; `adopt` moves it to the player once its attempt is known.

The traps: a failed refund booked although the refund never left, a payout released to the player and then sent all the same, a withdrawal told as
failed and as returned credited twice. Source: reference LR §2.5, §3 cases 7, 24, 25, §5.8 property 15.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from transactional.ledger import posting_templates as templates
from transactional.ledger.accounts import AccountRef, house_account, player_account
from transactional.ledger.entries import Entry, Posting
from transactional.payments.facts import FactKind, PaymentFact
from transactional.payments.money_kinds import EXPECTED_SIGN, MoneyKind
from transactional.vocabulary.money import Money

_Template = Callable[[templates.Payment, Money, datetime], Entry]

_TEMPLATES: dict[MoneyKind, _Template] = {
    MoneyKind.DEPOSIT: templates.deposit_captured,
    MoneyKind.DEPOSIT_REVERSED: templates.deposit_reversed,
    MoneyKind.REFUND: templates.refund_sent,
    MoneyKind.REFUND_REVERSED: templates.refund_failed,
    MoneyKind.CHARGEBACK: templates.chargeback_received,
    MoneyKind.CHARGEBACK_REVERSED: templates.chargeback_reversed,
    MoneyKind.SECOND_CHARGEBACK: templates.second_chargeback_received,
    MoneyKind.WITHDRAWAL: templates.withdrawal_sent,
    MoneyKind.WITHDRAWAL_RETURNED: templates.withdrawal_returned,
}
_MOVES = {FactKind.CAPTURED: "capture", FactKind.REFUNDED: "refund", FactKind.PAYOUT_SENT: "payout"}
_UNDOES = {
    FactKind.CAPTURE_FAILED: "capture",
    FactKind.REFUND_FAILED: "refund",
    FactKind.REFUND_CANCELLED: "refund",
    FactKind.PAYOUT_FAILED: "payout",
    FactKind.PAYOUT_RETURNED: "payout",
}
_ENDS = frozenset({FactKind.PAYOUT_SENT, FactKind.PAYOUT_FAILED, FactKind.PAYOUT_CANCELLED})
_GIVES_BACK = frozenset({FactKind.PAYOUT_FAILED, FactKind.PAYOUT_CANCELLED})


Reference = tuple[str, str, str]
"""psp, merchant account, and a merchant's or PSP's reference there."""


@dataclass(frozen=True, slots=True)
class Party:
    """Whose payment it is. None instead of a Party: nobody knows yet."""

    player_id: UUID
    intent_id: UUID
    attempt_id: UUID


@dataclass(frozen=True, slots=True)
class Booking:
    """What a fact did: nothing (`entry` None) or one entry; `money_kind` is set when money moved at the PSP. `is_late`: the fact had waited."""

    fact: PaymentFact
    entry: Entry | None = None
    money_kind: MoneyKind | None = None
    amount: Money | None = None
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """A fact recorded earlier: the movement it was booked as (`is_late`: only after it had waited), and whether it made an entry when it came."""

    fact: PaymentFact
    money_kind: MoneyKind | None = None
    amount: Money | None = None
    has_entry: bool = False
    is_late: bool = False

    @property
    def gave_back(self) -> bool:
        """Whether it released a request to the player's cash: an entry, but no movement at the PSP."""
        return self.fact.kind in _GIVES_BACK and self.has_entry and (self.money_kind is None or self.is_late)


@dataclass(frozen=True, slots=True)
class Stranger:
    """An event nobody owns yet."""

    event_id: UUID
    known: Known


@dataclass(slots=True)
class _Family:
    """Movements of one sort and what undoes them: one refund by its reference, the captures, or the payouts of a payment."""

    moved: list[Money] = field(default_factory=list)
    told_undone: int = 0
    told_returned: int = 0
    booked: int = 0
    waiting: list[PaymentFact] = field(default_factory=list)

    def is_due(self) -> bool:
        """Whether one more undoing must be booked. A return is money by itself; every other undoing needs a movement of its own."""
        return self.booked < self.told_returned + max(0, min(len(self.moved) - self.told_returned, self.told_undone))

    def amount_of(self, undoing: PaymentFact) -> Money | None:
        return undoing.amount or (self.moved[min(self.booked, len(self.moved) - 1)] if self.moved else None)


class PaymentBook:
    """One payment while facts are booked: `remember` what was recorded before, then `record` or `adopt` the rest, in any order."""

    def __init__(self, party: Party | None) -> None:
        self._party = party
        self._families: dict[tuple[str, str], _Family] = {}
        self._pending: Counter[str] = Counter()
        self._was_requested = self._has_ended = self._had_debit = False
        self._latest_at: datetime | None = None

    def remember(self, known: Known) -> None:
        """Take in a fact recorded earlier. Known facts come in the order in which they were recorded."""
        family = self._note(known.fact)
        if known.fact.kind in _UNDOES and known.money_kind is None:
            family.waiting.append(known.fact)
        elif known.fact.kind in _UNDOES:
            family.booked += 1
        self._after(known)

    def record(self, fact: PaymentFact) -> list[Booking]:
        """The booking of a new fact, then those of earlier facts that waited for it."""
        had_ended = self._has_ended
        family = self._note(fact)
        booking = self._book(fact, family, had_ended=had_ended)
        self._after(Known(fact, booking.money_kind, booking.amount, has_entry=booking.entry is not None))
        return [booking, *self._late(family)]

    def adopt(self, known: Known) -> list[Booking]:
        """A fact recorded before its attempt was known: its money out of suspense, then what waited for it."""
        entry = None
        if known.money_kind and known.amount:
            entry = _out_of_suspense(self._movement(known.money_kind, known.fact, known.amount), known.fact.psp)
        self.remember(known)
        return [Booking(known.fact, entry), *self._late(self._family(known.fact))]

    def _book(self, fact: PaymentFact, family: _Family, *, had_ended: bool) -> Booking:
        if fact.kind is FactKind.PAYOUT_REQUESTED:
            return self._request(fact, had_ended=had_ended)
        if fact.kind in _UNDOES and family.is_due():
            amount = family.amount_of(fact)
            family.booked += 1
            return self._money(fact, amount)
        if fact.kind in _UNDOES:
            family.waiting.append(fact)
        if fact.kind in _GIVES_BACK:
            return self._give_back(fact)
        return Booking(fact) if fact.kind in _UNDOES else self._money(fact, fact.amount)

    def _late(self, family: _Family) -> list[Booking]:
        late = []
        while family.waiting and family.is_due():
            fact = family.waiting.pop(0)
            amount = family.amount_of(fact)
            family.booked += 1
            late.append(replace(self._money(fact, amount), is_late=True))
        return late

    def _money(self, fact: PaymentFact, amount: Money | None) -> Booking:
        entry = self._movement(fact.money_kind, fact, amount) if fact.money_kind and amount and amount.minor else None
        return Booking(fact, entry, fact.money_kind, amount) if entry else Booking(fact)

    def _movement(self, kind: MoneyKind, fact: PaymentFact, amount: Money) -> Entry:
        entry = _TEMPLATES[kind](self._payment(fact), amount, self._takes_effect(fact, is_credit=EXPECTED_SIGN[kind] > 0))
        if self._party is None:
            return entry
        if kind is MoneyKind.DEPOSIT and self._had_debit:
            return _changed(entry, "player_cash", backed_by=house_account("chargeback_receivable", amount.currency))
        if kind is MoneyKind.WITHDRAWAL and not self._pending[amount.currency]:
            return _changed(entry, "player_pending_withdrawal", account=player_account(self._party.player_id, amount.currency))
        return entry

    def _request(self, fact: PaymentFact, *, had_ended: bool) -> Booking:
        """A request told after the payout was sent, failed or cancelled, or told again, takes nothing from the player."""
        if self._party is None or had_ended or self._was_requested or not fact.amount or not fact.amount.minor:
            return Booking(fact)
        return Booking(fact, templates.withdrawal_requested(self._payment(fact), fact.amount, self._takes_effect(fact)))

    def _give_back(self, fact: PaymentFact) -> Booking:
        for currency, minor in self._pending.items():
            if minor > 0 and self._party is not None:
                return Booking(fact, templates.withdrawal_cancelled(self._payment(fact), Money(currency, minor), self._takes_effect(fact)))
        return Booking(fact)

    def _takes_effect(self, fact: PaymentFact, *, is_credit: bool = False) -> datetime:
        """When an entry takes effect: with its fact; but a debit told late not before what this payment brought, or the ledger,
        which never overdraws the past, would not find those funds."""
        return fact.effective_at if is_credit or self._latest_at is None else max(fact.effective_at, self._latest_at)

    def _payment(self, fact: PaymentFact) -> templates.Payment:
        party = self._party
        return templates.Payment(
            psp=fact.psp,
            merchant_account=fact.merchant_account,
            player_id=party.player_id if party else None,
            intent_id=party.intent_id if party else None,
            attempt_id=party.attempt_id if party else None,
            psp_reference=fact.psp_reference,
            modification_reference=fact.modification_reference,
        )

    def _family(self, fact: PaymentFact) -> _Family:
        name = _MOVES.get(fact.kind) or _UNDOES.get(fact.kind) or ""
        return self._families.setdefault((name, (fact.modification_reference or "") if name == "refund" else ""), _Family())

    def _note(self, fact: PaymentFact) -> _Family:
        """Count what was told, before deciding what it means."""
        family = self._family(fact)
        if fact.kind in _MOVES and fact.amount and fact.amount.minor:
            family.moved.append(fact.amount)
        family.told_returned += fact.kind is FactKind.PAYOUT_RETURNED
        family.told_undone += fact.kind in _UNDOES and fact.kind is not FactKind.PAYOUT_RETURNED
        self._has_ended = self._has_ended or fact.kind in _ENDS
        return family

    def _after(self, known: Known) -> None:
        """What the booking of a fact leaves behind for the next one."""
        fact, money_kind = known.fact, known.money_kind
        if known.has_entry or money_kind is not None:
            self._latest_at = max(fact.effective_at, self._latest_at or fact.effective_at)
        if money_kind is not None and EXPECTED_SIGN[money_kind] < 0:
            self._had_debit = True
        if fact.kind is FactKind.PAYOUT_REQUESTED and known.has_entry and fact.amount:
            self._was_requested = True
            self._pending[fact.amount.currency] += fact.amount.minor
        if money_kind is MoneyKind.WITHDRAWAL and fact.amount:
            self._pending[fact.amount.currency] = max(self._pending[fact.amount.currency] - fact.amount.minor, 0)
        if known.gave_back:
            self._pending.clear()


def _changed(entry: Entry, class_name: str, *, account: AccountRef | None = None, backed_by: AccountRef | None = None) -> Entry:
    """The entry with its line on a class of account moved to another account, or backed."""

    def line(posting: Posting) -> Posting:
        if not posting.account.code.startswith(f"{class_name}:"):
            return posting
        return replace(posting, account=account or posting.account, backed_by=backed_by or posting.backed_by)

    return replace(entry, postings=tuple(line(posting) for posting in entry.postings))


def _out_of_suspense(entry: Entry, psp: str) -> Entry:
    """The same movement with suspense in the place of the PSP.

    The line on suspense carries no intent: what an intent owes there is what the ledger booked for it for want of funds, not this clearing.
    """

    def line(posting: Posting) -> Posting:
        if not posting.account.code.startswith("psp_receivable:"):
            return posting
        return replace(posting, account=house_account("suspense", posting.account.currency, psp), intent_id=None)

    return replace(entry, kind="suspense_cleared", postings=tuple(line(posting) for posting in entry.postings))
