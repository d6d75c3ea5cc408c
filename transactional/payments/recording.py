"""One batch of facts on its way into the books: what each payment's facts become, as rows and entries to write. For the payments service; pure.

The trap: two facts of one payment in the same batch, booked as if each were alone. All facts of a payment go through one PaymentBook, in the order
given, after what was recorded before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from transactional.ledger.entries import KeyedEntry
from transactional.payments.booking import Booking, Known, Party, PaymentBook, Reference, Stranger
from transactional.payments.facts import PaymentFact, Recorded, entry_id_of, event_id_of, signed_minor
from transactional.payments.money_kinds import EXPECTED_SIGN

_LATE, _ADOPTED = "#booked", "#adopted"


def payload_hash(*said: object) -> bytes:
    """What a request or fact says, as a hash: the same key with another hash is a conflict."""
    return hashlib.sha256(orjson.dumps([str(part) if isinstance(part, UUID) else part for part in said])).digest()


def fact_hash(fact: PaymentFact) -> bytes:
    """What must be the same when a movement is told again. Not the time or the raw kind: PSPs tell one movement with several messages."""
    amount = (fact.amount.currency, fact.amount.minor) if fact.amount else (None, None)
    return payload_hash(fact.kind.value, fact.psp, fact.merchant_account, *amount, fact.psp_reference, fact.modification_reference)


def psp_reference_of(fact: PaymentFact) -> Reference | None:
    return (fact.psp, fact.merchant_account, fact.psp_reference) if fact.psp_reference else None


def merchant_reference_of(fact: PaymentFact) -> Reference | None:
    return (fact.psp, fact.merchant_account, fact.merchant_reference) if fact.merchant_reference else None


@dataclass(slots=True)
class Batch:
    """The rows and entries that recording makes. `webhook_id`: the delivery that told these facts."""

    recorded_at: datetime
    webhook_id: UUID | None = None
    entries: list[KeyedEntry] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    adoptions: list[dict[str, Any]] = field(default_factory=list)
    recorded: dict[str, Recorded] = field(default_factory=dict)
    _books: dict[object, PaymentBook] = field(default_factory=dict)

    def book_all(
        self,
        facts: Sequence[PaymentFact],
        parties: Mapping[str, Party],
        history: Mapping[UUID, Sequence[Known]],
        strangers: Mapping[Reference, Sequence[Stranger]],
    ) -> None:
        """Book new facts. `parties` by dedupe key (missing: unknown payment), `history` by attempt, `strangers` by PSP reference."""
        owned = {reference: parties[fact.dedupe_key] for fact in facts if fact.dedupe_key in parties and (reference := psp_reference_of(fact))}
        for fact in facts:
            party, reference = parties.get(fact.dedupe_key), psp_reference_of(fact)
            if party is not None:
                book = self.book_of(party, history.get(party.attempt_id, ()))
                if reference and owned.get(reference) == party:
                    self.adopt(party, book, strangers.get(reference, ()))
            else:
                book = self._book_of_stranger(fact, strangers.get(reference, ()) if reference else ())
            for booking in book.record(fact):
                self._keep(booking, party)

    def book_of(self, party: Party, history: Sequence[Known]) -> PaymentBook:
        """The one book of a payment in this batch, opened with its history."""
        if party not in self._books:
            book = self._books[party] = PaymentBook(party)
            for known in history:
                book.remember(known)
        return self._books[party]

    def adopt(self, party: Party, book: PaymentBook, strangers: Sequence[Stranger]) -> None:
        """Give events without an attempt to theirs, once."""
        for stranger in strangers:
            if any(row["event_id"] == stranger.event_id for row in self.adoptions):
                continue
            adopted, *late = book.adopt(stranger.known)
            self.adoptions.append(
                {
                    "event_id": stranger.event_id,
                    "attempt_id": party.attempt_id,
                    "entry_id": self._enter(adopted, _ADOPTED),
                    "recorded_at": self.recorded_at,
                }
            )
            for booking in late:
                self._keep(booking, party)

    def _book_of_stranger(self, fact: PaymentFact, strangers: Sequence[Stranger]) -> PaymentBook:
        key = psp_reference_of(fact) or merchant_reference_of(fact) or fact.dedupe_key
        if key not in self._books:
            book = self._books[key] = PaymentBook(None)
            for stranger in strangers:
                book.remember(stranger.known)
        return self._books[key]

    def _keep(self, booking: Booking, party: Party | None) -> None:
        fact, suffix = booking.fact, _LATE if booking.is_late else ""
        entry_id, event_id = self._enter(booking, suffix), event_id_of(fact, suffix)
        attempt_id = party.attempt_id if party else None
        amount = booking.amount or fact.amount
        sign = EXPECTED_SIGN[booking.money_kind] if booking.money_kind else signed_minor(fact.kind, 1)
        self.events.append(
            {
                "event_id": event_id,
                "attempt_id": attempt_id,
                "psp": fact.psp,
                "merchant_account": fact.merchant_account,
                "event_kind": fact.kind,
                "raw_kind": fact.raw_kind,
                "money_kind": booking.money_kind,
                "amount_minor": sign * amount.minor if amount else None,
                "currency": amount.currency if amount else None,
                "psp_reference": fact.psp_reference,
                "modification_reference": fact.modification_reference,
                "merchant_reference": fact.merchant_reference,
                "effective_at": fact.effective_at,
                "recorded_at": self.recorded_at,
                "dedupe_key": fact.dedupe_key + suffix,
                "payload_hash": fact_hash(fact),
                "webhook_id": self.webhook_id,
                "entry_id": entry_id,
                "books_event_id": event_id_of(fact) if booking.is_late else None,
            }
        )
        if not booking.is_late:
            self.recorded[fact.dedupe_key] = Recorded(event_id, fact.dedupe_key, attempt_id, entry_id, booking.money_kind, replayed=False)

    def _enter(self, booking: Booking, suffix: str) -> UUID | None:
        if booking.entry is None:
            return None
        entry_id = entry_id_of(booking.fact, suffix)
        self.entries.append(KeyedEntry(booking.entry, f"payment:{booking.fact.dedupe_key}{suffix}", entry_id, self.recorded_at))
        return entry_id
