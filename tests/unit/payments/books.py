"""A ledger of a few dictionaries, for tests of booking: floors, backing and nothing else. Shares no code with the service."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from transactional.ledger.entries import Entry
from transactional.payments.booking import Booking, Party, PaymentBook
from transactional.payments.facts import FactKind, PaymentFact
from transactional.vocabulary.money import Money

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
PARTY = Party(UUID(int=1), UUID(int=2), UUID(int=3))
CASH, PENDING = f"player_cash:{PARTY.player_id.hex}", f"player_pending_withdrawal:{PARTY.player_id.hex}"
RECEIVABLE, OWED, SUSPENSE = "psp_receivable:adyen:CountroomEU", "chargeback_receivable", "suspense:adyen"


def fact(text: str, number: int = 0) -> PaymentFact:
    """'refunded 40 r1': kind, amount, the PSP's reference of the modification. The dedupe key is the text."""
    kind, minor, reference = (*text.split(), "", "")[:3]
    return PaymentFact(
        kind=FactKind(kind),
        psp="adyen",
        merchant_account="CountroomEU",
        effective_at=START + timedelta(minutes=number),
        dedupe_key=text,
        amount=Money("EUR", int(minor or 100)),
        psp_reference="P1",
        modification_reference=reference or None,
    )


class Books:
    """Balances by account code, debits positive; a player's accounts never go above zero (their floor)."""

    def __init__(self, cash: int = 0) -> None:
        self.balances: Counter[str] = Counter({CASH: -cash} if cash else {})
        self.owed_by_intent: Counter[tuple[str, UUID | None]] = Counter()

    def post(self, entry: Entry) -> None:
        for posting in entry.postings:
            code, left, backing = posting.account.code, posting.amount_minor, posting.backed_by and posting.backed_by.code
            if backing and left > 0:
                taken = min(left, -self.balances[code])
                self._add(backing, left - taken, posting.intent_id)
                left = taken
            elif backing:
                repaid = min(-left, max(self.owed_by_intent[backing, posting.intent_id], 0))
                self._add(backing, -repaid, posting.intent_id)
                left += repaid
            self._add(code, left, posting.intent_id)
        assert all(balance <= 0 for code, balance in self.balances.items() if code.startswith("player_")), f"overdrawn: {self.balances}"

    def _add(self, code: str, minor: int, intent_id: UUID | None) -> None:
        self.balances[code] += minor
        self.owed_by_intent[code, intent_id] += minor

    def nonzero(self) -> dict[str, int]:
        return {code: balance for code, balance in sorted(self.balances.items()) if balance}


def booked(steps: Iterable[str | PaymentFact], cash: int = 0, party: Party | None = PARTY) -> tuple[dict[str, int], list[Booking]]:
    """The balances after recording the steps one by one, and every booking made."""
    book, books, bookings = PaymentBook(party), Books(cash), []
    for number, step in enumerate(steps):
        for booking in book.record(fact(step, number) if isinstance(step, str) else step):
            bookings.append(booking)
            if booking.entry:
                books.post(booking.entry)
    return books.nonzero(), bookings
