"""Stripe's webhooks: the signature by Stripe's own SDK on the raw bytes, and what each event says. Private part of the Stripe spec.

The traps: the SDK's tolerance reads the wall clock (here the SDK checks the signature, and the age is judged against `now`); one movement told by two
events (`charge.succeeded` and `charge.captured`): the key names the charge, so it books once. Source: Stripe webhook signatures; reference LR §4.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from transactional.payments.facts import MONEY_KIND_OF, FactKind, PaymentFact
from transactional.payments.psps import _messages
from transactional.payments.psps.spec import house_money
from transactional.vocabulary.errors import InputRejected, Refused
from transactional.vocabulary.money import Money

TOLERANCE_SECONDS = 300  # Stripe's own default; it signs each delivery anew, so a retry is never old
_UNNAMED = "unnamed"

_KINDS = {
    "charge.captured": FactKind.CAPTURED,
    "charge.failed": FactKind.FAILED,
    "payment_intent.created": FactKind.CREATED,
    "payment_intent.requires_action": FactKind.REQUIRES_ACTION,
    "payment_intent.amount_capturable_updated": FactKind.AUTHORISED,
    "payment_intent.payment_failed": FactKind.FAILED,
    "payment_intent.canceled": FactKind.VOIDED,
    "charge.dispute.funds_withdrawn": FactKind.CHARGEBACK,
    "charge.dispute.funds_reinstated": FactKind.CHARGEBACK_REVERSED,
    "refund.created": FactKind.REFUNDED,
    "refund.failed": FactKind.REFUND_FAILED,
    "transfer.created": FactKind.PAYOUT_SENT,
    "transfer.reversed": FactKind.PAYOUT_RETURNED,
}
# What announces and moves nothing between us and a player; the other events of charges, intents, refunds and transfers may, so one that is not
# listed is unknown. Source: docs.stripe.com/api/events/types.
_ANNOUNCEMENTS = frozenset(
    """
    charge.dispute.closed charge.dispute.created charge.dispute.updated charge.expired charge.pending charge.refunded charge.updated
    payment_intent.partially_funded payment_intent.processing payment_intent.succeeded transfer.updated
    """.split()
)
_OTHER_TOPICS = tuple(
    """
    account. balance. billing. billing_portal. capability. checkout. coupon. credit_note. customer. entitlements. file. financial_connections.
    identity. invoice. invoice_payment. invoiceitem. mandate. payment_link. payment_method. payout. person. plan. price. product. promotion_code.
    quote. radar. reporting. review. setup_intent. sigma. source. subscription_schedule. tax. tax_rate. terminal.
    """.split()
)
_MOVES = {kind for kind in FactKind if MONEY_KIND_OF[kind] is not None}


def verify(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> None:
    """Raises: Refused (`bad_signature`) unless one of the secrets signed these bytes within the tolerance of `now`."""
    from stripe import SignatureVerificationError, WebhookSignature

    header = next((value for name, value in headers.items() if name.lower() == "stripe-signature"), "")
    signed_at = re.search(r"(?:^|,)t=(\d{1,12})(?:,|$)", header)
    if signed_at is None or abs(int(now.timestamp()) - int(signed_at.group(1))) > TOLERANCE_SECONDS:
        raise Refused("the webhook's signature is missing or too old", code="bad_signature")
    try:
        payload = body.decode()
    except UnicodeDecodeError:
        raise Refused("the webhook's body is not UTF-8", code="bad_signature") from None
    valid = False
    for secret in secrets:
        try:
            valid = WebhookSignature.verify_header(payload, header, secret, None) or valid
        except SignatureVerificationError:
            continue
    if not valid:
        raise Refused("the webhook's signature does not fit its body", code="bad_signature")


def to_facts(body: bytes, account: str | None) -> list[PaymentFact | InputRejected]:
    """The one fact an event tells. Raises: InputRejected (`bad_message`, `unknown_event`)."""
    event = _messages.message(body)
    thing = _messages.as_object(_messages.as_object(event.get("data")).get("object"))
    name, at = _messages.text(event.get("type")) or _UNNAMED, _messages.instant(event.get("created"))
    kind = _kind(name, thing)
    reference = _modification(thing) or _messages.text(thing.get("id"))
    fact_key = f"stripe:{kind}:{reference}" if kind in _MOVES else f"stripe:{_messages.text(event.get('id')) or reference}"
    return [
        PaymentFact(
            kind=kind,
            psp="stripe",
            merchant_account=_messages.text(event.get("account")) or account or "default",
            effective_at=at,
            dedupe_key=fact_key,
            amount=_amount(kind, thing, at),
            psp_reference=_payment(thing),
            modification_reference=_modification(thing),
            merchant_reference=_messages.text(_object(thing.get("metadata")).get("merchant_reference")),
            raw_kind=name,
        )
    ]


def dedupe(body: bytes) -> str:
    """The event's id, else its bytes."""
    try:
        found = _messages.text(_messages.message(body).get("id"))
    except InputRejected:
        found = None
    return f"stripe:{found}" if found else _messages.body_key("stripe", body)


def _kind(name: str, thing: Mapping[str, Any]) -> FactKind:
    if name == "charge.succeeded":
        return FactKind.CAPTURED if thing.get("captured") is True else FactKind.AUTHORISED
    if name in ("refund.updated", "charge.refund.updated"):
        state = thing.get("status")
        return {"failed": FactKind.REFUND_FAILED, "canceled": FactKind.REFUND_CANCELLED}.get(str(state), FactKind.INFORMATION)
    if name in _KINDS:
        return _KINDS[name]
    if name in _ANNOUNCEMENTS or name.startswith(_OTHER_TOPICS):
        return FactKind.INFORMATION
    raise _messages.unknown("stripe", name)


def _amount(kind: FactKind, thing: Mapping[str, Any], at: datetime) -> Money | None:
    field = {FactKind.CAPTURED: "amount_captured", FactKind.AUTHORISED: "amount"}.get(kind, "amount")
    minor = thing.get(field, thing.get("amount"))
    if kind is FactKind.INFORMATION or minor is None or thing.get("currency") is None:
        return None
    return house_money(minor, str(thing.get("currency")).upper(), at.astimezone(UTC).date(), {})


def _payment(thing: Mapping[str, Any]) -> str | None:
    if thing.get("object") in ("payment_intent", "transfer"):
        return _messages.text(thing.get("id"))
    return _messages.text(thing.get("payment_intent")) or _messages.text(thing.get("charge"))


def _modification(thing: Mapping[str, Any]) -> str | None:
    return _messages.text(thing.get("id")) if thing.get("object") in ("charge", "refund", "dispute", "payout") else None


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
