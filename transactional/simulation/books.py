"""The casino's own side: what its services are told, and when. Pure: facts, entries and their ids; drive.py hands them to the services.

Games are beside it (games.py). The trap: two tellings of one fact; a movement is told by exactly one fact, whose key names it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta

from transactional.ledger import settlement_templates as templates
from transactional.ledger.accounts import house_account
from transactional.ledger.entries import Entry, KeyedEntry, Posting
from transactional.payments.facts import FactKind, NewAttempt, NewIntent, PaymentFact, entry_id_of, event_id_of
from transactional.payments.money_kinds import EXPECTED_SIGN, MoneyKind
from transactional.simulation.casino import BANK_OF, Bank
from transactional.simulation.games import CHUNK, Bets, Chunk, Purses
from transactional.simulation.movements import Batch, Line, Movement, Payment, Payout, Spot, dice
from transactional.vocabulary.ids import uuid7
from transactional.vocabulary.money import Money

K = MoneyKind
_FACTS = {
    K.DEPOSIT: FactKind.CAPTURED,
    K.REFUND: FactKind.REFUNDED,
    K.REFUND_REVERSED: FactKind.REFUND_FAILED,
    K.CHARGEBACK: FactKind.CHARGEBACK,
    K.CHARGEBACK_REVERSED: FactKind.CHARGEBACK_REVERSED,
    K.SECOND_CHARGEBACK: FactKind.SECOND_CHARGEBACK,
    K.WITHDRAWAL: FactKind.PAYOUT_SENT,
    K.WITHDRAWAL_RETURNED: FactKind.PAYOUT_RETURNED,
}
# In one half day of six nobody wins before a refund or dispute takes what he no longer has: the shortfalls a ledger must bear.
_SHORT_EVERY = 6
# After the world's end: every file has come and the days are signed; then the last bookings are written.
SIGNED_AT = timedelta(hours=5)
_WRITTEN_LATE = timedelta(hours=5, minutes=30)


def books_of(seed: int, payments: Sequence[Payment], start: datetime, end: datetime) -> list[Chunk]:
    """Everything the casino's services are told between `start` and `end`, oldest first. Where a movement is told is noted on it."""
    told: dict[int, Chunk] = {}
    facts: list[tuple[PaymentFact, Payment]] = []
    late: list[tuple[PaymentFact, Payment]] = []
    for payment in payments:
        if not payment.unknown_to_casino:
            chunk = _chunk_of(told, payment.created_at, start)
            chunk.intents.append(_intent(payment, chunk.recorded_at))
            chunk.attempts.append(_attempt(payment, chunk.recorded_at))
            for fact, is_late in _facts(payment):
                (late if is_late else facts).append((fact, payment))
    facts.sort(key=lambda pair: (pair[0].effective_at, pair[1].number, pair[0].dedupe_key))
    by_chunk: dict[int, list[tuple[PaymentFact, Payment]]] = defaultdict(list)
    for fact, payment in facts:
        if fact.effective_at < end:
            chunk = _chunk_of(told, fact.effective_at, start)
            chunk.facts.append(fact)
            by_chunk[id(chunk)].append((fact, payment))
    chunks = [told[index] for index in sorted(told)]
    if late:
        chunks.append(Chunk(end + _WRITTEN_LATE, facts=[fact for fact, _ in late]))
        by_chunk[id(chunks[-1])] = late
    purse, rng, bets = Purses(), dice(seed, "games"), Bets(dice(seed, "bets"))
    for index, chunk in enumerate(chunks):
        bets.settle(chunk)
        purse.play(rng, chunk, by_chunk[id(chunk)], short=index % _SHORT_EVERY == 3)
        bets.place(chunk)
    return chunks


def _chunk_of(told: dict[int, Chunk], at: datetime, start: datetime) -> Chunk:
    index = (at - start) // CHUNK
    return told.setdefault(index, Chunk(start + (index + 1) * CHUNK))


def _intent(payment: Payment, recorded_at: datetime) -> NewIntent:
    amount = Money(payment.booked_currency, payment.asked_minor)
    direction = "deposit" if payment.direction == "deposit" else "withdrawal"
    key = f"intent:{payment.intent_id.hex}"
    return NewIntent(payment.player_id, direction, amount, key, payment.intent_id, payment.created_at, recorded_at)  # type: ignore[arg-type]


def _attempt(payment: Payment, recorded_at: datetime) -> NewAttempt:
    return NewAttempt(
        intent_id=payment.intent_id,
        psp=payment.merchant.psp,
        merchant_account=payment.merchant.account,
        idempotency_key=f"attempt:{payment.attempt_id.hex}",
        payment_method=payment.variant,
        merchant_reference=payment.merchant_reference,
        attempt_id=payment.attempt_id,
        created_at=payment.created_at + timedelta(seconds=1),
        recorded_at=recorded_at,
    )


def _facts(payment: Payment) -> Iterator[tuple[PaymentFact, bool]]:
    """What is said of a payment, and whether it is said only after the close of its day."""
    for word in _words(payment):
        yield word, False
    for movement in payment.movements:
        if movement.booked_minor is not None:
            fact = _fact(movement, "")
            movement.books += _spots(fact, movement.kind)
            yield fact, movement.booked_after_close
        if movement.booked_twice:
            again = _fact(movement, "by hand:", later=timedelta(hours=2))
            movement.second_booking += _spots(again, movement.kind)
            yield again, False


def _spots(fact: PaymentFact, kind: MoneyKind) -> list[Spot]:
    """Where a fact is told: the event, and in its entry the line on psp_receivable. Templates write the debit first."""
    return [Spot("ledger", entry_id_of(fact).hex, 1 if EXPECTED_SIGN[kind] > 0 else 2), Spot("attempt", event_id_of(fact).hex, 0)]


def _words(payment: Payment) -> Iterator[PaymentFact]:
    """What is said about a payment before or without money: authorised, refused, requested, approved."""
    asked = Money(payment.booked_currency, payment.asked_minor)

    def word(kind: FactKind, after: timedelta, amount: Money | None = None) -> PaymentFact:
        return PaymentFact(
            kind=kind,
            psp=payment.merchant.psp,
            merchant_account=payment.merchant.account,
            effective_at=payment.created_at + after,
            dedupe_key=f"{payment.merchant.psp}:{kind.value}:{payment.psp_reference}",
            amount=amount,
            psp_reference=payment.psp_reference,
            merchant_reference=payment.merchant_reference,
            attempt_id=payment.attempt_id,
        )

    if payment.direction == "withdrawal":
        yield word(FactKind.PAYOUT_REQUESTED, timedelta(seconds=2), asked)
        yield word(FactKind.PAYOUT_APPROVED, timedelta(minutes=9))
    elif payment.refused:
        yield word(FactKind.FAILED, timedelta(seconds=4))
    else:
        yield word(FactKind.AUTHORISED, timedelta(seconds=3), asked)


def _fact(movement: Movement, prefix: str, later: timedelta = timedelta()) -> PaymentFact:
    payment, kind = movement.payment, _FACTS[movement.kind]
    reference = movement.psp_reference or payment.psp_reference
    named = not movement.nameless
    again = f"#{movement.repetition}" if movement.repetition else ""
    return PaymentFact(
        kind=kind,
        psp=payment.merchant.psp,
        merchant_account=payment.merchant.account,
        effective_at=movement.occurred_at + movement.booked_later + later,
        dedupe_key=f"{prefix}{payment.merchant.psp}:{kind.value}:{movement.modification_reference or reference}{again}",
        amount=Money(movement.booked_currency, abs(movement.booked_minor or 0)),
        psp_reference=(movement.miswritten or reference or None) if named else None,
        modification_reference=(movement.modification_reference or None) if named and not movement.miswritten else None,
        merchant_reference=payment.merchant_reference,
        attempt_id=payment.attempt_id,
    )


def payout_entries(seed: int, batches: Iterable[Batch], as_of: datetime, *, bank_of: Callable[[str], Bank] = BANK_OF.__getitem__) -> list[KeyedEntry]:
    """What finance books for payouts: the batch when its report is out, the money when the bank has it, its return when it bounced."""
    rng, keyed = dice(seed, "finance"), []
    for batch in batches:
        for payout in batch.payouts:
            for entry, at, name in _payout_entries(batch, payout, bank_of(payout.currency).iban):
                if at <= as_of:
                    key = f"{name}:{batch.name}:{payout.currency}"
                    entry_id = uuid7(at, rng)
                    keyed.append(KeyedEntry(entry, key, entry_id, at))
                    if entry.kind in (K.PAYOUT, K.PAYOUT_RETURNED):
                        line = next(
                            n for n, posting in enumerate(entry.postings, start=1) if posting.account.code.startswith("psp_payout_in_transit:")
                        )
                        payout.books.append(Spot("ledger", entry_id.hex, line))
    return keyed


def _payout_entries(batch: Batch, payout: Payout, iban: str) -> Iterator[tuple[Entry, datetime, str]]:
    named = templates.PayoutBatch(batch.merchant.psp, batch.merchant.account, batch.batch_id, payout.currency)
    yield templates.settlement_booked(named, _totals(batch, payout), payout.paid_at), payout.paid_at + timedelta(hours=1), "settlement"
    if payout.arrives_on is not None:
        at = datetime.combine(payout.arrives_on, time(9), UTC)
        booked = templates.payout_received if payout.arrives_minor > 0 else templates.payout_collected
        yield booked(named, iban, abs(payout.arrives_minor), at), at + timedelta(days=1), "received"
        if payout.returned_on is not None:
            at = datetime.combine(payout.returned_on, time(9), UTC)
            yield _taken_back(named, iban, payout.arrives_minor, at), at + timedelta(days=1), "taken back"
    if payout.return_line is not None:
        at = payout.return_line.occurred_at
        yield templates.payout_returned(named, payout.amount_minor, at), at + timedelta(hours=1), "returned"


def _taken_back(batch: templates.PayoutBatch, iban: str, minor: int, at: datetime) -> Entry:
    """The bank took a payout back: in transit again until the PSP says it has it."""
    in_transit, bank = batch.account("psp_payout_in_transit"), house_account("bank", batch.currency, iban)
    lines = (Posting(in_transit, minor, psp_reference=batch.batch_id), Posting(bank, -minor, psp_reference=batch.batch_id))
    return Entry("payout_taken_back", at, lines)


def _totals(batch: Batch, payout: Payout) -> templates.BatchTotals:
    """The batch as finance reads it from the report, for one currency paid out."""
    gross: dict[str, int] = defaultdict(int)
    fees: dict[str, int] = defaultdict(int)
    reserve = 0
    for line in batch.lines:
        if line.net_currency != payout.currency or not line.counts:
            continue
        if line.movement is not None and line.gross_minor is not None:
            gross[line.gross_currency] += line.gross_minor
            for kind, minor in _fees(line):
                fees[kind] += minor
        elif line.kind is K.RESERVE:
            reserve -= line.net_minor
        elif line.kind in (K.FEE, K.INVOICE_DEDUCTION):
            fees["other"] -= line.net_minor
        elif line.kind in (K.BALANCE_TRANSFER, K.PAYOUT_RETURNED):
            gross[line.net_currency] += line.net_minor
    return templates.BatchTotals(payout.amount_minor, gross, fees, reserve)


def _fees(line: Line) -> Iterator[tuple[str, int]]:
    charge = line.charge
    yield "commission", charge.commission or 0
    yield "markup", charge.markup or 0
    yield "scheme_fee", charge.scheme or 0
    yield "interchange", charge.interchange or 0
