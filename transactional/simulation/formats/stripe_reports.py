"""Stripe's four reports as Stripe writes them: balance change from activity (per day) and payout reconciliation, itemized (per payout day), the summary of
the balance (per day) and what it is made of (ending balance, itemized: on Sundays). Pure.

Amounts are signed major-unit decimals in the currency of settlement; what the customer saw stands beside them. The activity report leaves
payouts out. A partial capture is a whole charge and a `partial_capture_reversal`. Column set: itemized.5 with address and card columns left
to those that reports are commonly exported with. Source: reference LR §4.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from transactional.payments.money_kinds import MoneyKind
from transactional.simulation.casino import EXPONENTS, Merchant
from transactional.simulation.formats.adyen_reports import local_text, quoted
from transactional.simulation.movements import Batch, Line, Spot
from transactional.vocabulary.money import format_minor
from transactional.vocabulary.time import add_business_days, business_date, localise

_COMMON = (
    "balance_transaction_id,created_utc,created,available_on_utc,available_on,currency,gross,fee,net,reporting_category,source_id,description,"
    "customer_facing_amount,customer_facing_currency,regulatory_tag,automatic_payout_id,automatic_payout_effective_at_utc,"
    "automatic_payout_effective_at,customer_id,charge_id,payment_intent_id,charge_created_utc,charge_created,invoice_id,invoice_number,"
    "subscription_id,payment_method_type,is_link,card_brand,card_funding,card_country,statement_descriptor,dispute_reason,"
    "payment_metadata[merchant_reference]"
)
_PAYOUT_ONLY = ",destination_payment_id,order_id,trace_id,trace_id_status"
K = MoneyKind
_DESCRIPTIONS = {
    K.DEPOSIT: "Deposit",
    K.REFUND: "REFUND FOR DEPOSIT",
    K.REFUND_REVERSED: "REFUND FAILURE",
    K.CHARGEBACK: "Chargeback withdrawal",
    K.CHARGEBACK_REVERSED: "Chargeback reversal",
    K.WITHDRAWAL: "Player payout",
    K.WITHDRAWAL_RETURNED: "Player payout returned",
    K.PAYOUT: "STRIPE PAYOUT",
    K.PAYOUT_RETURNED: "STRIPE PAYOUT RETURNED",
}


def payout_reconciliation(batches: Sequence[Batch], path: str, *, first_print: bool = False) -> bytes:
    """The bytes of one day's payout reconciliation: every line of the payouts of that day, each payout's own line last (of one by hand it alone)."""
    rows, number = [_COMMON + _PAYOUT_ONLY], 1
    for batch in batches:
        zone, payout = ZoneInfo(batch.merchant.zone), batch.payouts[0]
        for line in batch.lines:
            if batch.by_hand and line.kind is not K.PAYOUT:
                continue
            number += 1
            rows.append(_row(line, batch.merchant, zone, batch, first_print=first_print) + f",,,{payout.bank_reference},supported")
            spot = Spot("payout" if line.kind in (K.PAYOUT, K.PAYOUT_RETURNED) else "settlement", path, number)
            if first_print:
                line.first_spot = spot
            else:
                line.spot = spot
                if line.movement is not None:
                    line.movement.settlement.append(spot)
    return ("\n".join(rows) + "\n").encode()


def balance_change(lines: Sequence[Line], merchant: Merchant, path: str) -> bytes:
    """The bytes of one day's activity: every change of the balance created on that day of the account's zone, payouts left out."""
    zone = ZoneInfo(merchant.zone)
    rows = [_COMMON]
    for number, line in enumerate(lines, start=2):
        rows.append(_row(line, merchant, zone, None, first_print=False))
        if line.movement is not None:
            line.movement.activity.append(Spot("activity", path, number))
    return ("\n".join(rows) + "\n").encode()


def ending_balance(lines: Sequence[Line], merchant: Merchant) -> bytes:
    """The bytes of a list of what is in the balance and in no payout yet. Every line of it is told by the other reports too."""
    zone = ZoneInfo(merchant.zone)
    return ("\n".join([_COMMON, *(_row(line, merchant, zone, None, first_print=False) for line in lines)]) + "\n").encode()


def balance_summary(day: date, changes: Mapping[str, Mapping[date, tuple[int, int]]]) -> bytes:
    """The bytes of one day's summary. Shape: currency → day → (activity, payouts), both as they change the balance."""
    rows = ["category,description,net_amount,currency"]
    for currency, by_day in sorted(changes.items()):
        opening = sum(sum(change) for other, change in by_day.items() if other < day)
        activity, payouts = by_day.get(day, (0, 0))
        told = {"starting_balance": opening, "activity": activity, "payouts": payouts, "ending_balance": opening + activity + payouts}
        rows += [f"{name},{_SUMMARY_WORDS[name]},{format_minor(minor, EXPONENTS[currency])},{currency.lower()}" for name, minor in told.items()]
    return ("\n".join(rows) + "\n").encode()


_SUMMARY_WORDS = {
    "starting_balance": "Balance at the start of the day",
    "activity": "Net of all activity",
    "payouts": "Paid out to the bank",
    "ending_balance": "Balance at the end of the day",
}


def _row(line: Line, merchant: Merchant, zone: ZoneInfo, batch: Batch | None, *, first_print: bool) -> str:
    gross, net, charge = line.gross_minor, line.net_minor, line.charge
    if first_print and line.first_print is not None:
        gross, net, charge = line.first_print
    payment, exponent = line.movement.payment if line.movement else None, EXPONENTS[line.net_currency]
    available = _available(line, merchant)
    cells = [
        line.ext_id,
        _utc_text(line.occurred_at),
        local_text(line.occurred_at, zone),
        _utc_text(localise(datetime.combine(available, time(0)), merchant.zone)),
        f"{available} 00:00:00",
        line.net_currency.lower(),
        format_minor(net + charge.total, exponent),
        format_minor(charge.total, exponent),
        format_minor(net, exponent),
        line.raw_kind,
        line.text if payment or line.kind in (K.PAYOUT, K.PAYOUT_RETURNED) else "",
        _DESCRIPTIONS[line.kind] if payment or line.kind in _DESCRIPTIONS else line.text,
        format_minor(gross, EXPONENTS[line.gross_currency]) if payment and gross is not None else "",
        line.gross_currency.lower() if payment else "",
        "",
        *_payout_cells(batch),
        "",
        *_payment_cells(line),
    ]
    return ",".join(quoted(cell) for cell in cells)


def _payout_cells(batch: Batch | None) -> list[str]:
    if batch is None or batch.by_hand:
        return ["", "", ""]
    at = batch.payouts[0].paid_at
    return [batch.batch_id, _utc_text(at), local_text(at, ZoneInfo(batch.merchant.zone))]


def _payment_cells(line: Line) -> list[str]:
    movement = line.movement
    if movement is None:
        return [""] * 15
    payment = movement.payment
    deposit = payment.direction == "deposit"
    charge = next((move.modification_reference for move in payment.movements if move.kind is K.DEPOSIT), "") if deposit else ""
    created = payment.created_at if deposit else None
    zone = ZoneInfo(movement.merchant.zone)
    brand = {"visa": "Visa", "mc": "MasterCard"}[payment.method]
    return [
        charge,
        payment.psp_reference if deposit else "",
        _utc_text(created) if created else "",
        local_text(created, zone) if created else "",
        *["", "", ""],
        "card",
        "false",
        brand,
        "debit" if payment.variant.endswith("debit") else "credit",
        "US",
        "COUNTROOM",
        "fraudulent" if movement.kind in (K.CHARGEBACK, K.CHARGEBACK_REVERSED) else "",
        payment.reference_at_psp,
    ]


def _available(line: Line, merchant: Merchant) -> date:
    """The local date from which the money counts."""
    local = business_date(line.occurred_at, merchant.zone)
    held = line.kind in (K.DEPOSIT, K.WITHDRAWAL, K.WITHDRAWAL_RETURNED)
    return add_business_days(local, merchant.settles_after_days) if held else local


def _utc_text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
