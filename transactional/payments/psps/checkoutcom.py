"""Checkout.com, whole: reports, webhooks, zone, lags. For landing, the service and the engine, through registry.SPECS.

Money is major units, fees are negative (what they add to the balance). The traps: a row `Merchant Payout` in the settlement breakdown is not the payout but
what the payout costs; a row of a token or an account update has no processing currency; the payout itself stands in another report (payouts), a line a
payout with its totals by kind. A reserve held back from a charge is in its deduction and in no fee: such a row shows as `row_arithmetic`.

Webhooks: `Cko-Signature` is the HMAC-SHA256 of the raw body under the endpoint's key, in hex. No time is signed, so a replay is stopped by the dedupe
key, which names the action (act_...), else the payment and the event. Source: checkout.com docs (settlement breakdown, payouts, workflows and webhooks),
the real files of shared/data/psp_reports/checkoutcom.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from transactional.payments.facts import MONEY_KIND_OF, FactKind, PaymentFact
from transactional.payments.money_kinds import MoneyKind
from transactional.payments.psps import _messages
from transactional.payments.psps.spec import AmountSource, PspSpec, ReportFormat, TimeSource, WebhookSpec, house_money
from transactional.vocabulary.errors import InputRejected, Refused
from transactional.vocabulary.money import Money

K, F = MoneyKind, FactKind

_EXPONENTS = {"CLP": 2}  # a request's last two digits of CLP are always 00. Source: checkout.com docs, "Calculating the value"

_KINDS = {
    "charge": K.DEPOSIT,
    "capture": K.DEPOSIT,
    "refund": K.REFUND,
    "refund reversal": K.REFUND_REVERSED,
    "chargeback": K.CHARGEBACK,
    "chargeback reversal": K.CHARGEBACK_REVERSED,
    "second chargeback": K.SECOND_CHARGEBACK,
    "payout": K.WITHDRAWAL,
    "pay to card": K.WITHDRAWAL,
    "payout reversal": K.WITHDRAWAL_RETURNED,
    "merchant payout": K.FEE,
    "void": K.FEE,
    "authorization": K.FEE,
    "authentication": K.FEE,
    "network token provisioning": K.FEE,
    "network token update": K.FEE,
    "account updater": K.FEE,
    "card verification": K.FEE,
    "tax": K.TAX,
    "rolling reserve": K.RESERVE,
    "adjustment": K.CORRECTION,
    "transfer in": K.BALANCE_TRANSFER,
    "transfer out": K.BALANCE_TRANSFER,
}
_PERSONAL = ("customer*", "card *", "*email*", "*name on card*", "*address*", "client entity name", "sub entity name", "currency account name")
_BREAKDOWN = """Client Entity ID|Processing Channel ID|Type|Payment ID|Reference|Processed On|Available On|Holding Currency|Payout ID
|Gross In Holding Currency|Deduction In Holding Currency|Net In Holding Currency|Processing Fee In Holding Currency|Scheme Fee In Holding Currency
|Interchange In Holding Currency|Processing Currency|Gross In Processing Currency|FX Rate Applied""".replace("\n", "")
_TEXTS = {
    "psp_reference": ("Payment ID",),
    "modification_reference": ("Action ID", "Payment ID"),
    "merchant_reference": ("Reference",),
    "ext_id": ("Breakdown ID",),
    "batch_id": ("Payout ID",),
    "payment_method": ("Payment Method",),
}
_FEES = {
    "commission_minor": ("Processing Fee In Holding Currency", "Tax In Holding Currency"),
    "scheme_fee_minor": ("Scheme Fee In Holding Currency",),
    "interchange_minor": ("Interchange In Holding Currency",),
}

SETTLEMENT_BREAKDOWN = ReportFormat(
    name="settlement_breakdown",
    role="settlement",
    required=frozenset(_BREAKDOWN.split("|")),
    kind="Type",
    kinds=_KINDS,
    gross=(
        AmountSource("Gross In Processing Currency", "Processing Currency", only_if_not="Holding Currency"),
        AmountSource("Gross In Holding Currency", "Holding Currency"),
    ),
    net=AmountSource("Net In Holding Currency", "Holding Currency"),
    occurred=TimeSource("Processed On", local_is_utc=True),
    account="Client Entity ID",
    texts=_TEXTS,
    fees=_FEES,
    rate="FX Rate Applied",
    personal=_PERSONAL,
    fees_are_signed=True,
)

PAYOUTS = ReportFormat(
    name="payouts",
    role="settlement",
    required=frozenset(
        "Client Entity ID|Currency Account ID|Holding Currency|Payout ID|Payout Date|Payout Amount|Payments|Refunds|Chargebacks".split("|")
    ),
    kind="Payout ID",
    kinds={},
    kind_of_all=K.PAYOUT,
    gross=(AmountSource("Payout Amount", "Holding Currency", negated=True),),
    net=AmountSource("Payout Amount", "Holding Currency", negated=True),
    occurred=TimeSource("Payout Date", local_is_utc=True),
    account="Client Entity ID",
    texts={"ext_id": ("Payout ID",), "batch_id": ("Payout ID",), "bank_reference": ("Payout ID",)},
    personal=_PERSONAL,
)

# The same rows by date range and of no payout: what has touched the balance, and not yet which payout it is in.
BALANCE_BREAKDOWN = replace(
    SETTLEMENT_BREAKDOWN,
    name="balance_breakdown",
    role="activity",
    required=SETTLEMENT_BREAKDOWN.required - {"Payout ID"},
    texts={name: headers for name, headers in _TEXTS.items() if name != "batch_id"},
)

_EVENTS = {
    "payment_approved": F.AUTHORISED,
    "payment_declined": F.FAILED,
    "payment_captured": F.CAPTURED,
    "payment_capture_declined": F.CAPTURE_FAILED,
    "payment_voided": F.VOIDED,
    "payment_canceled": F.VOIDED,
    "payment_expired": F.VOIDED,
    "payment_refunded": F.REFUNDED,
    "payment_refund_declined": F.REFUND_FAILED,
    "payment_paid": F.PAYOUT_SENT,
}
# What announces or asks. Disputes (dispute_received, dispute_won, ...) move money by rules of the scheme and are not here: they are unknown, and wait.
_ANNOUNCEMENTS = frozenset(
    """
    payment_pending payment_capture_pending payment_refund_pending payment_void_declined payment_authentication_failed payment_instrument_verified
    payment_instrument_error payment_retry_scheduled authentication_approved authentication_attempted authentication_expired authentication_failed
    authentication_started card_verified card_verification_declined dispute_evidence_required dispute_evidence_submitted report_generated
    """.split()
)


def verify(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> None:
    """`now` is not used: no time is signed. Raises: Refused (`bad_signature`) unless one of the keys signed these bytes."""
    del now
    told = next((value for name, value in headers.items() if name.casefold() == "cko-signature"), "").strip().lower().encode()
    valid = [hmac.compare_digest(hmac.new(key.encode(), body, hashlib.sha256).hexdigest().encode(), told) for key in secrets]
    if not any(valid):
        raise Refused("the signature does not belong to this message", code="bad_signature")


def to_facts(body: bytes, account: str | None) -> list[PaymentFact | InputRejected]:
    """What a message says: one fact. Raises: InputRejected when it cannot be read or its event is not known."""
    event = _messages.message(body)
    name = _messages.text(event.get("type")) or "unnamed"
    kind = F.INFORMATION if name in _ANNOUNCEMENTS else _EVENTS.get(name)
    if kind is None:
        raise _messages.unknown("checkoutcom", name)
    data = _messages.as_object(event.get("data"))
    at = _messages.instant(data.get("processed_on") or event.get("created_on"))
    payment, action = _messages.text(data.get("id")), _messages.text(data.get("action_id"))
    return [
        PaymentFact(
            kind=kind,
            psp="checkoutcom",
            merchant_account=account or "unassigned",
            effective_at=at,
            dedupe_key=f"checkoutcom:{kind}:{action or payment}" if action or payment else _messages.body_key("checkoutcom", body),
            amount=_amount(kind, data, at),
            psp_reference=payment,
            modification_reference=action if MONEY_KIND_OF[kind] else None,
            merchant_reference=_messages.text(data.get("reference")),
            raw_kind=name,
        )
    ]


def _amount(kind: FactKind, data: dict[str, Any], at: datetime) -> Money | None:
    if kind is F.INFORMATION or data.get("amount") is None:
        return None
    return house_money(data.get("amount"), data.get("currency"), at.date(), _EXPONENTS)


def dedupe(body: bytes) -> str:
    """The event's id, else its bytes."""
    try:
        found = _messages.text(_messages.message(body).get("id"))
    except InputRejected:
        found = None
    return f"checkoutcom:{found}" if found else _messages.body_key("checkoutcom", body)


CHECKOUTCOM = PspSpec(
    psp="checkoutcom",
    zone="UTC",
    reports=(SETTLEMENT_BREAKDOWN, PAYOUTS, BALANCE_BREAKDOWN),
    webhook=WebhookSpec(verify=verify, to_facts=to_facts, dedupe=dedupe),
    exponent_overrides=_EXPONENTS,
    activity_lag_days=1,
    settles_after_days=2,
    settlement_grace_days=1,
    bank_lag_days=2,
    source="checkout.com/docs: settlement breakdown, balance breakdown and payouts reports; workflows (webhooks)",
)
