"""PayPal's webhooks: the signature, offline, and what each event says. Private part of paypal.py.

The traps: a certificate fetched from whatever URL the message names (an attacker names his own: here it is given beforehand, and must be valid now); a
message signed again and again (a retry keeps its transmission, so age is no proof: the dedupe key is); an amount as text in major units.
Source: developer.paypal.com, webhooks integration (message = transmission id | time | webhook id | CRC-32 of the body), webhook event names.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from transactional.payments.facts import MONEY_KIND_OF, FactKind, PaymentFact
from transactional.payments.psps import _messages
from transactional.vocabulary.currencies import exponent_of
from transactional.vocabulary.errors import InputRejected, Refused
from transactional.vocabulary.money import Money, parse_minor

F = FactKind
_HEADERS = ("paypal-transmission-id", "paypal-transmission-time", "paypal-transmission-sig", "paypal-auth-algo")

_EVENTS = {
    "PAYMENT.AUTHORIZATION.CREATED": F.AUTHORISED,
    "PAYMENT.AUTHORIZATION.VOIDED": F.VOIDED,
    "PAYMENT.CAPTURE.COMPLETED": F.CAPTURED,
    "PAYMENT.CAPTURE.DECLINED": F.CAPTURE_FAILED,
    "PAYMENT.CAPTURE.DENIED": F.CAPTURE_FAILED,
    "PAYMENT.CAPTURE.REFUNDED": F.REFUNDED,
    "PAYMENT.PAYOUTS-ITEM.SUCCEEDED": F.PAYOUT_SENT,
    "PAYMENT.PAYOUTS-ITEM.RETURNED": F.PAYOUT_RETURNED,
    "PAYMENT.PAYOUTS-ITEM.REFUNDED": F.PAYOUT_RETURNED,
    "PAYMENT.PAYOUTS-ITEM.FAILED": F.PAYOUT_FAILED,
    "PAYMENT.PAYOUTS-ITEM.CANCELED": F.PAYOUT_CANCELLED,
}
# What announces. PAYMENT.CAPTURE.REVERSED and the disputes take money back by rules of their own: unknown, they wait for a person.
_ANNOUNCEMENTS = frozenset(
    """
    CHECKOUT.ORDER.APPROVED CHECKOUT.ORDER.COMPLETED CHECKOUT.ORDER.SAVED CHECKOUT.PAYMENT-APPROVAL.REVERSED PAYMENT.CAPTURE.PENDING
    PAYMENT.REFUND.PENDING PAYMENT.PAYOUTS-ITEM.BLOCKED PAYMENT.PAYOUTS-ITEM.HELD PAYMENT.PAYOUTS-ITEM.UNCLAIMED PAYMENT.PAYOUTSBATCH.DENIED
    PAYMENT.PAYOUTSBATCH.PROCESSING PAYMENT.PAYOUTSBATCH.SUCCESS CUSTOMER.DISPUTE.UPDATED
    """.split()
)


def verify(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> None:
    """Raises: Refused (`bad_signature`) unless one of the certificates, valid at `now`, signed these bytes for its webhook id."""
    told = {name.casefold(): value for name, value in headers.items()}
    transmission, at, signature, algorithm = (told.get(name, "") for name in _HEADERS)
    if algorithm.casefold() != "sha256withrsa" or not (transmission and at and signature):
        raise Refused("the message is not signed as PayPal signs (SHA256withRSA)", code="bad_signature")
    try:
        signed = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        raise Refused("the signature is no base64", code="bad_signature") from None
    text = f"{transmission}|{at}|%s|{zlib.crc32(body)}"
    if not any(_signed_by(secret, text, signed, now) for secret in secrets):
        raise Refused("the signature does not belong to this message", code="bad_signature")


def _signed_by(secret: str, text: str, signature: bytes, now: datetime) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509 import load_der_x509_certificate

    webhook_id, _, certificate = secret.partition(":")
    try:
        known = load_der_x509_certificate(base64.b64decode(certificate, validate=True))
        key = known.public_key()
        if not isinstance(key, RSAPublicKey) or not known.not_valid_before_utc <= now <= known.not_valid_after_utc:
            return False
        key.verify(signature, (text % webhook_id).encode(), PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True


def to_facts(body: bytes, account: str | None) -> list[PaymentFact | InputRejected]:
    """What a message says: one fact. Raises: InputRejected when it cannot be read or its event is not known."""
    event = _messages.message(body)
    name = _messages.text(event.get("event_type")) or "unnamed"
    kind = F.INFORMATION if name in _ANNOUNCEMENTS else _EVENTS.get(name)
    if kind is None:
        raise _messages.unknown("paypal", name)
    thing = _messages.as_object(event.get("resource"))
    at = _messages.instant(thing.get("create_time") or thing.get("time_processed") or event.get("create_time"))
    own, moves = _messages.text(thing.get("transaction_id")) or _messages.text(thing.get("id")), MONEY_KIND_OF[kind] is not None
    return [
        PaymentFact(
            kind=kind,
            psp="paypal",
            merchant_account=_merchant(thing) or account or "unassigned",
            effective_at=at,
            dedupe_key=f"paypal:{kind}:{own}" if own else _messages.body_key("paypal", body),
            amount=_amount(kind, thing, at),
            psp_reference=_paid_by(thing) or own,
            modification_reference=own if moves else None,
            merchant_reference=_messages.text(thing.get("custom_id")) or _messages.text(thing.get("invoice_id")) or _sender_item(thing),
            raw_kind=name,
        )
    ]


def dedupe(body: bytes) -> str:
    """The event's id, else its bytes."""
    try:
        found = _messages.text(_messages.message(body).get("id"))
    except InputRejected:
        found = None
    return f"paypal:{found}" if found else _messages.body_key("paypal", body)


def _amount(kind: FactKind, thing: Mapping[str, Any], at: datetime) -> Money | None:
    printed = thing.get("amount") or _object(thing.get("payout_item")).get("amount")
    if kind is F.INFORMATION or printed is None:
        return None
    amount = _messages.as_object(printed)
    code = _messages.text(amount.get("currency_code") or amount.get("currency")) or ""
    return Money(code, parse_minor(str(amount.get("value")), exponent_of(code, at.date())))


def _merchant(thing: Mapping[str, Any]) -> str | None:
    return _messages.text(_object(thing.get("payee")).get("merchant_id"))


def _sender_item(thing: Mapping[str, Any]) -> str | None:
    return _messages.text(_object(thing.get("payout_item")).get("sender_item_id"))


def _paid_by(thing: Mapping[str, Any]) -> str | None:
    """The capture a refund belongs to: what its `up` link ends in."""
    links = thing.get("links")
    for link in links if isinstance(links, list) else []:
        href = _messages.text(_object(link).get("href"))
        if href and _object(link).get("rel") == "up" and "/captures/" in href:
            return href.rpartition("/")[2]
    return None


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
