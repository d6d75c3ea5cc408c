"""Adyen's two reports as Adyen writes them: settlement details per batch, payment accounting per day of the account's zone. Pure.

Amounts are major-unit decimals; the settlement report has paired unsigned debit and credit columns, the accounting report signed registers.
Each line's place is written back to its movement, so that the answer key can name it. The trap: `Payable (SC)` on SentForSettle is a forecast.
Source: the real files described in reference LR §4.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from transactional.payments.money_kinds import MoneyKind
from transactional.simulation.casino import EXPONENTS, Merchant
from transactional.simulation.charges import Charge, charge_for, exchanged
from transactional.simulation.fx import Rates
from transactional.simulation.movements import Batch, Line, Movement, Payment, Spot
from transactional.vocabulary.money import format_minor
from transactional.vocabulary.time import business_date

_SETTLEMENT_HEADER = (
    "Company Account,Merchant Account,Psp Reference,Merchant Reference,Payment Method,Creation Date,TimeZone,Type,Modification Reference,"
    "Gross Currency,Gross Debit (GC),Gross Credit (GC),Exchange Rate,Net Currency,Net Debit (NC),Net Credit (NC),Commission (NC),Markup (NC),"
    "Scheme Fees (NC),Interchange (NC),Payment Method Variant,Modification Merchant Reference,Batch Number,Reserved4,Reserved5,Reserved6,"
    "Reserved7,Reserved8,Reserved9,Reserved10,Booking Date,Booking Date TimeZone"
)
_ACCOUNTING_HEADER = (
    "Company Account,Merchant Account,Psp Reference,Merchant Reference,Payment Method,Payment Method Variant,Booking Date,TimeZone,Record Type,"
    "Modification Psp Reference,Main Currency,Main Amount,Payment Currency,Received (PC),Exchange Rate,Authorised (PC),Captured (PC),"
    "Settlement Currency,Payable (SC),Commission (SC),Markup (SC),Scheme Fees (SC),Interchange (SC),Processing Fee Currency,Processing Fee (FC),"
    "Modification Merchant Reference,Original Amount,Merchant Order Reference,Shopper Reference,Reserved3,Reserved4,Reserved5,Reserved6,Reserved7,"
    "Reserved8,Reserved9,Reserved10"
)
K = MoneyKind
RECORD_TYPES = {
    K.DEPOSIT: "SentForSettle",
    K.REFUND: "SentForRefund",
    K.REFUND_REVERSED: "RefundFailed",
    K.CHARGEBACK: "Chargeback",
    K.CHARGEBACK_REVERSED: "ChargebackReversed",
    K.SECOND_CHARGEBACK: "SecondChargeback",
    K.WITHDRAWAL: "PaidOut",
    K.WITHDRAWAL_RETURNED: "PaidOutReversed",
}
# What passes the Captured register; disputes and payouts to players do not, and print their gross as Original Amount only.
_CAPTURED = frozenset({K.DEPOSIT, K.REFUND, K.REFUND_REVERSED})


def quoted(cell: str) -> str:
    """A cell as CSV writes it."""
    return f'"{cell}"' if "," in cell else cell


def local_text(moment: datetime, zone: ZoneInfo) -> str:
    """A local time as reports print it."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def zone_label(moment: datetime, merchant: Merchant, zone: ZoneInfo) -> str:
    """The label Adyen prints beside a local time."""
    return merchant.summer_label if moment.astimezone(zone).dst() else merchant.winter_label


def settlement_detail(batch: Batch, path: str, *, first_print: bool = False) -> bytes:
    """The bytes of one batch's report. `first_print`: as it was before a line was restated (its places are then kept apart)."""
    zone = ZoneInfo(batch.merchant.zone)
    rows = [_SETTLEMENT_HEADER]
    for number, line in enumerate(batch.lines, start=2):
        rows.append(_settlement_row(batch, line, zone, first_print=first_print))
        spot = Spot("payout" if line.kind in (K.PAYOUT, K.PAYOUT_RETURNED) else "settlement", path, number)
        if first_print:
            line.first_spot = spot
        else:
            line.spot = spot
            if line.movement is not None:
                line.movement.settlement.append(spot)
    return ("\n".join(rows) + "\n").encode()


def _settlement_row(batch: Batch, line: Line, zone: ZoneInfo, *, first_print: bool) -> str:
    gross, net, charge = line.gross_minor, line.net_minor, line.charge
    if first_print and line.first_print is not None:
        gross, net, charge = line.first_print
    payment = line.movement.payment if line.movement else None
    label = zone_label(line.occurred_at, batch.merchant, zone)
    debit, credit = _sides(gross, line.gross_currency)
    net_debit, net_credit = _sides(net, line.net_currency)
    cells = [
        batch.merchant.company,
        batch.merchant.account,
        payment.psp_reference if payment else "",
        payment.reference_at_psp if payment else "",
        payment.method if payment else "",
        local_text(line.occurred_at, zone),
        label,
        line.raw_kind,
        line.text,
        line.gross_currency,
        debit,
        credit,
        "" if payment is None else str(line.rate or 1),
        line.net_currency,
        net_debit,
        net_credit,
        *(_amount(part, line.net_currency) for part in (charge.commission, charge.markup, charge.scheme, charge.interchange)),
        payment.variant if payment else "",
        "<auto>" if payment else line.note,
        batch.batch_id,
        *([""] * 7),
        local_text(line.booked_at, zone),
        zone_label(line.booked_at, batch.merchant, zone),
    ]
    return ",".join(quoted(cell) for cell in cells)


def _sides(minor: int | None, currency: str) -> tuple[str, str]:
    if minor is None:
        return "", ""
    text = format_minor(abs(minor), EXPONENTS[currency])
    return (text, "") if minor < 0 else ("", text)


def _amount(minor: int | None, currency: str) -> str:
    return "" if minor is None else format_minor(minor, EXPONENTS[currency])


@dataclass(slots=True)
class Record:
    """One record of the accounting report: a step of a payment. Amounts signed minor units of the payment currency."""

    at: datetime
    order: int
    payment: Payment
    record_type: str
    main_minor: int
    received: int | None = None
    authorised: int | None = None
    captured: int | None = None
    modification_reference: str = ""
    movement: Movement | None = None
    settled: Line | None = None


def records_of(payments: Iterable[Payment], batches: Sequence[Batch]) -> list[Record]:
    """Every step of these payments at Adyen, in the order it happened."""
    records: list[Record] = []
    for payment in payments:
        records += _opening(payment)
        for movement in payment.movements:
            if movement.in_activity:
                records += [_step(movement, copy) for copy in range(movement.copies)]
    for batch in batches:
        records += [_settled(line) for line in batch.lines if line.counts and line.kind is K.DEPOSIT and line.movement is not None]
    return sorted(records, key=lambda record: (record.at, record.payment.number, record.order))


def _opening(payment: Payment) -> list[Record]:
    """Received, then authorised or refused; a payment we only know from a dispute began before the window."""
    if not payment.refused and not any(move.in_activity and move.kind in (K.DEPOSIT, K.WITHDRAWAL) for move in payment.movements):
        return []
    asked, at = payment.asked_minor, payment.created_at
    received = Record(at, 0, payment, "Received", asked, received=asked)
    if payment.refused:
        return [received, Record(at + timedelta(seconds=2), 1, payment, "Refused", asked, received=-asked)]
    if payment.direction == "withdrawal":
        return [received]
    return [received, Record(at + timedelta(seconds=2), 1, payment, "Authorised", asked, received=-asked, authorised=asked)]


def _step(movement: Movement, copy: int) -> Record:
    amount = movement.amount_minor
    deposit = movement.kind is K.DEPOSIT
    return Record(
        movement.occurred_at + timedelta(minutes=3 * copy),
        2,
        movement.payment,
        RECORD_TYPES[movement.kind],
        abs(amount),
        authorised=-amount if deposit else None,
        captured=amount if movement.kind in _CAPTURED else None,
        modification_reference=movement.modification_reference,
        movement=movement,
    )


def _settled(line: Line) -> Record:
    movement = line.movement
    assert movement is not None
    gross = line.gross_minor or 0
    reference = movement.modification_reference
    return Record(
        line.booked_at, 3, movement.payment, "Settled", abs(line.net_minor), captured=-gross, modification_reference=reference, settled=line
    )


def accounting_report(records: Sequence[Record], merchant: Merchant, rates: Rates, path: str) -> bytes:
    """The bytes of one day's payment accounting report; `records` are those booked on that day."""
    zone = ZoneInfo(merchant.zone)
    rows = [_ACCOUNTING_HEADER]
    for number, record in enumerate(records, start=2):
        rows.append(_accounting_row(record, merchant, rates, zone))
        if record.movement is not None:
            record.movement.activity.append(Spot("activity", path, number))
    return ("\n".join(rows) + "\n").encode()


def _accounting_row(record: Record, merchant: Merchant, rates: Rates, zone: ZoneInfo) -> str:
    payment, lane = record.payment, record.payment.lane
    rate, payable, charge = _payable(record, merchant, rates)
    settled = record.settled is not None
    original = format_minor(abs(record.movement.amount_minor) if record.movement else payment.asked_minor, EXPONENTS[lane.currency])
    main_currency = lane.settles_in if settled else lane.currency
    cells = [
        merchant.company,
        merchant.account,
        payment.psp_reference,
        payment.reference_at_psp,
        payment.method,
        payment.variant,
        local_text(record.at, zone),
        zone_label(record.at, merchant, zone),
        record.record_type,
        record.modification_reference,
        main_currency,
        format_minor(record.main_minor, EXPONENTS[main_currency]),
        lane.currency,
        _amount(record.received, lane.currency),
        rate,
        _amount(record.authorised, lane.currency),
        _amount(record.captured, lane.currency),
        lane.settles_in if payable is not None else "",
        _amount(payable, lane.settles_in),
        *(_amount(part, lane.settles_in) for part in (charge.commission, charge.markup, charge.scheme, charge.interchange)),
        "EUR" if record.record_type == "Received" else "",
        "0.12" if record.record_type == "Received" else "",
        "<auto>" if record.modification_reference else "",
        original,
        *([""] * 10),
    ]
    return ",".join(cells)


def _payable(record: Record, merchant: Merchant, rates: Rates) -> tuple[str, int | None, Charge]:
    """Rate, what is or will be payable, and the fees. On records without a movement of the payable register: blank."""
    if record.settled is not None:
        line = record.settled
        return str(line.rate or 1), line.net_minor, line.charge
    movement = record.movement
    if movement is None:
        return "", None, Charge()
    lane, terms = movement.lane, merchant.terms
    rate = None
    if lane.converts:
        day = business_date(record.at, merchant.zone)
        rate = rates.offered(day, lane.currency, lane.settles_in, terms.fx_markup_bps, movement.rate_factor)
    converted = exchanged(movement.amount_minor, lane, rate) if rate else movement.amount_minor
    charge = charge_for(
        movement.kind,
        terms,
        converted,
        variant=movement.payment.variant,
        settled_in=lane.settles_in,
        extra_minor=movement.extra_fee_minor,
    )
    return str(rate or 1), converted - charge.total, charge
