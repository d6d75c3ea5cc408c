"""What every PSP does with movements: lines with fees and exchange, lines about the account, payouts. Pure.

The trap: lines whose sum is not the payout. Here the payout IS the sum of the lines that count, unless a mistake is planted on purpose.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from transactional.payments.money_kinds import MoneyKind
from transactional.simulation.casino import Merchant
from transactional.simulation.charges import charge_for, exchanged
from transactional.simulation.fx import Rates
from transactional.simulation.movements import Batch, Line, Movement, Payout, dice, stripe_id
from transactional.simulation.psps.mistakes import BatchMistakes
from transactional.vocabulary.time import add_business_days, business_date, localise

K = MoneyKind
ADYEN_TYPES = {
    K.DEPOSIT: "Settled",
    K.REFUND: "Refunded",
    K.REFUND_REVERSED: "RefundedReversed",
    K.CHARGEBACK: "Chargeback",
    K.CHARGEBACK_REVERSED: "ChargebackReversed",
    K.SECOND_CHARGEBACK: "SecondChargeback",
    K.WITHDRAWAL: "PaidOut",
    K.WITHDRAWAL_RETURNED: "PaidOutReversed",
}
STRIPE_CATEGORIES = {
    K.DEPOSIT: "charge",
    K.REFUND: "refund",
    K.REFUND_REVERSED: "refund_failure",
    K.CHARGEBACK: "dispute",
    K.CHARGEBACK_REVERSED: "dispute_reversal",
    K.WITHDRAWAL: "transfer",
    K.WITHDRAWAL_RETURNED: "transfer_reversal",
}


def closes_on(merchant: Merchant, movement: Movement) -> date:
    """The bank day whose batch takes the movement. Stripe holds charges and payouts for two days; refunds and disputes count at once."""
    local = business_date(movement.occurred_at, merchant.zone)
    held = merchant.settles_after_days if movement.kind in (K.DEPOSIT, K.WITHDRAWAL, K.WITHDRAWAL_RETURNED) else 1
    return add_business_days(local, held)


class Desk:
    """The settlement desk of one merchant account."""

    def __init__(self, seed: int, merchant: Merchant, rates: Rates, as_of: datetime, mistakes: BatchMistakes) -> None:
        self.merchant, self.rates, self.as_of, self.mistakes = merchant, rates, as_of, mistakes
        self.rng = dice(seed, f"settlement {merchant.account}")
        self.main = merchant.lanes[0].settles_in
        self.held: list[tuple[date, int]] = []
        self.invoiced: set[date] = set()
        self.previous = ""
        self.returns: dict[date, list[Payout]] = defaultdict(list)

    def at(self, day: date, hour: int, minute: int) -> datetime:
        """A local time of the account, as an instant."""
        return localise(datetime.combine(day, time(hour, minute)), self.merchant.zone)

    def lines_of(self, movement: Movement, day: date, booked_at: datetime) -> list[Line]:
        """The lines of one movement: as often as the PSP moved it, and for a part captured at Stripe the part let go."""
        lines = [self.line_of(movement, day, booked_at, copy) for copy in range(movement.copies)]
        if movement.uncaptured_minor:
            lines.append(self.uncaptured(movement, lines[0]))
        if movement.repeated_in_file:
            lines.append(self.line_of(movement, day, booked_at, 0))
            lines[-1].counts = False
        return lines

    def line_of(self, movement: Movement, day: date, booked_at: datetime, copy: int) -> Line:
        lane, terms = movement.lane, self.merchant.terms
        # Stripe converts when the charge is made, Adyen when the batch closes
        rate_day = day if self.merchant.psp == "adyen" else business_date(movement.occurred_at, self.merchant.zone)
        rate = self.rates.offered(rate_day, lane.currency, lane.settles_in, terms.fx_markup_bps, movement.rate_factor) if lane.converts else None
        gross = movement.amount_minor + movement.uncaptured_minor
        basis = exchanged(movement.amount_minor, lane, rate) if rate else movement.amount_minor
        charge = charge_for(
            movement.kind,
            terms,
            basis,
            variant=movement.payment.variant,
            settled_in=lane.settles_in,
            extra_minor=movement.extra_fee_minor,
            shifted_minor=movement.shifted_fee_minor,
        )
        converted = exchanged(gross, lane, rate) if rate else gross
        types = ADYEN_TYPES if self.merchant.psp == "adyen" else STRIPE_CATEGORIES
        return Line(
            kind=movement.kind,
            raw_kind=types[movement.kind],
            gross_currency=lane.currency,
            gross_minor=gross,
            rate=rate,
            net_currency=lane.settles_in,
            net_minor=converted - charge.total + movement.net_error_minor,
            charge=charge,
            movement=movement,
            text=movement.modification_reference,
            occurred_at=movement.occurred_at + timedelta(minutes=3 * copy),
            booked_at=booked_at,
            ext_id=movement.ext_id + ("" if copy == 0 else str(copy)) if movement.ext_id else "",
        )

    def uncaptured(self, movement: Movement, whole: Line) -> Line:
        """Stripe prints the whole charge and takes the uncaptured part back; in the other currency both parts add up to what was captured."""
        captured = exchanged(movement.amount_minor, movement.lane, whole.rate) if whole.rate else 0
        return Line(
            kind=K.DEPOSIT,
            raw_kind="partial_capture_reversal",
            gross_currency=whole.gross_currency,
            gross_minor=-movement.uncaptured_minor,
            rate=whole.rate,
            net_currency=whole.net_currency,
            net_minor=captured - exchanged(whole.gross_minor or 0, movement.lane, whole.rate) if whole.rate else -movement.uncaptured_minor,
            movement=movement,
            text=movement.modification_reference,
            occurred_at=whole.occurred_at,
            booked_at=whole.booked_at,
            ext_id=f"{whole.ext_id}r",
        )

    def account_line(self, kind: MoneyKind, raw_kind: str, minor: int, at: datetime, text: str, *, currency: str = "", note: str = "") -> Line:
        """A line about the account: no payment, no gross."""
        ext_id = stripe_id(self.rng, "txn") if self.merchant.psp == "stripe" else ""
        return Line(
            kind=kind,
            raw_kind=raw_kind,
            net_currency=currency or self.main,
            net_minor=minor,
            occurred_at=at,
            booked_at=at,
            text=text,
            note=note,
            ext_id=ext_id,
        )

    def reserve(self, lines: Sequence[Line], day: date, at: datetime, index: int, raw_kind: str) -> list[Line]:
        """Three per cent of every fifth batch's deposits are held back; what the planted mistake names never comes home."""
        deposits = sum(line.net_minor for line in lines if line.kind is K.DEPOSIT and line.net_currency == self.main)
        minor = max(deposits * 3 // 100, 0)
        if index % 5 or not minor:
            return []
        if (self.merchant.account, day, self.main) not in self.mistakes.reserve_kept:
            self.held.append((day, minor))
        return [self.account_line(K.RESERVE, raw_kind, -minor, at, "Reserve held")]

    def is_reserve_due(self, day: date) -> bool:
        """Whether a batch that closes on `day` gives something back."""
        return any(day >= held_on + timedelta(days=self.merchant.reserve_days) for held_on, _ in self.held)

    def released(self, day: date, at: datetime, raw_kind: str) -> list[Line]:
        """What was held long enough comes home, each hold by a line of its own."""
        due = [hold for hold in self.held if day >= hold[0] + timedelta(days=self.merchant.reserve_days)]
        self.held = [hold for hold in self.held if hold not in due]
        return [self.account_line(K.RESERVE, raw_kind, minor, at, "Reserve released") for _, minor in due]

    def fined(self, batch: Batch, currency: str, total: int, at: datetime, raw_kind: str) -> int:
        """A planted deduction: the batch ends below zero by the planted amount, or at the planted payout; returns the new total."""
        where = (self.merchant.account, batch.closed_on, currency)
        below, wanted = self.mistakes.below_zero.get(where), self.mistakes.brought_to.get(where)
        wanted = wanted if below is None else -below
        if wanted is None:
            return total
        batch.lines.append(self.account_line(K.FEE, raw_kind, wanted - total, at, "Scheme assessment", currency=currency))
        return wanted

    def unknown_lines(self, day: date, currency: str, at: datetime) -> list[Line]:
        planted = self.mistakes.unknown_line.get((self.merchant.account, day, currency))
        return [self.account_line(K.UNKNOWN, planted[0], planted[1], at, planted[0], currency=currency)] if planted else []

    def returned_lines(self, day: date, currency: str, at: datetime) -> list[Line]:
        """Payouts that bounced and are in the balance again: they leave once more with this batch."""
        found = []
        for due in sorted(other for other in self.returns if other <= day):
            for payout in [payout for payout in self.returns[due] if payout.currency == currency]:
                adyen = self.merchant.psp == "adyen"
                raw_kind = "BankInstructionReturned" if adyen else "payout_reversal"
                text = f"Returned {payout.bank_reference}" if adyen else payout.line.text
                payout.return_line = self.account_line(K.PAYOUT_RETURNED, raw_kind, payout.amount_minor, at, text, currency=currency)
                found.append(payout.return_line)
                self.returns[due].remove(payout)
        return found

    def pay(self, batch: Batch, currency: str, total: int, paid_at: datetime, *, raw_kind: str, text: str, bank_reference: str) -> None:
        """The payout of one currency; a planted residue is what was not paid out."""
        where = (self.merchant.account, batch.closed_on, currency)
        paid = total - self.mistakes.residue.get(where, 0)
        line = self.account_line(K.PAYOUT, raw_kind, -paid, paid_at, text, currency=currency)
        paid_on = business_date(paid_at, self.merchant.zone)
        arrives = add_business_days(paid_on, 1)
        payout = Payout(
            line=line,
            currency=currency,
            amount_minor=paid,
            paid_at=paid_at,
            bank_reference=bank_reference,
            arrives_on=None if where in self.mistakes.never_arrives else arrives,
            arrives_minor=paid + self.mistakes.wrong_at_bank.get(where, 0),
        )
        if where in self.mistakes.returned:
            self.bounce(payout, arrives, seen_at_bank=self.mistakes.returned[where])
        batch.lines.append(line)
        batch.payouts.append(payout)

    def bounce(self, payout: Payout, arrives: date, *, seen_at_bank: bool) -> None:
        """The bank refuses the payout: it is credited and taken back, or never appears; a day later it is in the PSP's balance again."""
        payout.bounced_on = add_business_days(arrives, 2)
        payout.arrives_on = arrives if seen_at_bank else None
        payout.returned_on = add_business_days(arrives, 1) if seen_at_bank else None
        self.returns[payout.bounced_on].append(payout)

    def disturb(self, batch: Batch) -> None:
        """A first print of one line that was restated later: the later one is right."""
        for currency in {line.net_currency for line in batch.lines}:
            change = self.mistakes.restated.get((self.merchant.account, batch.closed_on, currency))
            line = restatable(batch, currency) if change else None
            if line is not None and change:
                line.first_print = ((line.gross_minor or 0) - change, line.net_minor - change, line.charge)


def restatable(batch: Batch, currency: str) -> Line | None:
    """The line of a batch that a defect may restate: the first plain deposit nothing else was planted on."""
    for line in batch.lines:
        movement = line.movement
        plain = movement is not None and not movement.defect_id and line.kind is K.DEPOSIT and line.rate is None and not movement.uncaptured_minor
        if plain and line.net_currency == currency:
            return line
    return None
