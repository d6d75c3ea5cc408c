"""Two PSPs' messages: who signed them, and what each event means. The certificate is the test's own; PayPal's is never fetched."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from transactional.payments.facts import FactKind, PaymentFact
from transactional.payments.psps.registry import SPECS
from transactional.vocabulary.errors import InputRejected, Refused
from transactional.vocabulary.money import Money

F = FactKind
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHECKOUT, PAYPAL = SPECS["checkoutcom"].webhook, SPECS["paypal"].webhook
BODY = '{"id": "evt_1", "note": "Ç"}'.encode()


def refused(call: Callable[[], None]) -> None:
    with pytest.raises(Refused) as refusal:
        call()
    assert refusal.value.code == "bad_signature"


def test_checkoutcom_signs_the_bytes_as_they_are() -> None:
    header = {"CKO-Signature": hmac.new(b"key", BODY, hashlib.sha256).hexdigest().upper()}
    CHECKOUT.verify(BODY, header, ("new", "key"), NOW)
    refused(lambda: CHECKOUT.verify(json.dumps(json.loads(BODY)).encode(), header, ("key",), NOW))
    refused(lambda: CHECKOUT.verify(BODY, header, ("other",), NOW))
    refused(lambda: CHECKOUT.verify(BODY, header, (), NOW))
    refused(lambda: CHECKOUT.verify(BODY, {}, ("key",), NOW))
    refused(lambda: CHECKOUT.verify(BODY, {"Cko-Signature": "é"}, ("key",), NOW))


@cache
def signer(days: int = 30) -> tuple[rsa.RSAPrivateKey, str]:
    """A key and its certificate, valid for so many days from yesterday, as a secret holds it."""
    key = rsa.generate_private_key(65_537, 2_048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW - timedelta(1), NOW + timedelta(days))
    return key, base64.b64encode(builder.sign(key, SHA256()).public_bytes(Encoding.DER)).decode()


def paypal_headers(body: bytes, webhook_id: str = "WH1", **changed: str) -> dict[str, str]:
    text = f"tr-1|2026-03-01T11:00:00Z|{webhook_id}|{zlib.crc32(body)}"
    signature = base64.b64encode(signer()[0].sign(text.encode(), padding.PKCS1v15(), SHA256())).decode()
    told = {"Id": "tr-1", "Time": "2026-03-01T11:00:00Z", "Sig": signature}
    headers = {f"PayPal-Transmission-{name}": value for name, value in told.items()}
    return headers | {"PAYPAL-AUTH-ALGO": "SHA256withRSA", "PAYPAL-CERT-URL": "https://evil.example.org/cert.pem"} | changed


def test_paypal_is_believed_under_the_certificate_we_were_given_and_no_other() -> None:
    secret = f"WH1:{signer()[1]}"
    PAYPAL.verify(BODY, paypal_headers(BODY), (f"WH2:{signer(29)[1]}", secret), NOW)
    refused(lambda: PAYPAL.verify(BODY + b" ", paypal_headers(BODY), (secret,), NOW))
    refused(lambda: PAYPAL.verify(BODY, paypal_headers(BODY, "WH2"), (secret,), NOW))
    refused(lambda: PAYPAL.verify(BODY, paypal_headers(BODY), (f"WH1:{signer(29)[1]}",), NOW))
    refused(lambda: PAYPAL.verify(BODY, paypal_headers(BODY), (secret,), NOW + timedelta(31)))
    refused(lambda: PAYPAL.verify(BODY, paypal_headers(BODY), (), NOW))


@pytest.mark.parametrize(
    "changed",
    [
        {"PayPal-Transmission-Id": "tr-2"},
        {"PayPal-Transmission-Time": "2026-03-01T11:00:01Z"},
        {"PayPal-Transmission-Sig": "AAAA"},
        {"PayPal-Transmission-Sig": "no base64 at all"},
        {"PayPal-Transmission-Sig": ""},
        {"PAYPAL-AUTH-ALGO": "none"},
    ],
    ids=str,
)
def test_a_changed_paypal_header_is_refused(changed: dict[str, str]) -> None:
    refused(lambda: PAYPAL.verify(BODY, paypal_headers(BODY, **changed), (f"WH1:{signer()[1]}",), NOW))


@pytest.mark.parametrize("secret", ["WH1", "WH1:", "WH1:not base64", "WH1:AAAA", ":"])
def test_a_secret_that_is_no_certificate_believes_nobody(secret: str) -> None:
    refused(lambda: PAYPAL.verify(BODY, paypal_headers(BODY), (secret,), NOW))


def checkout(event: str, **data: Any) -> PaymentFact:
    thing = {"id": "pay_1", "action_id": "act_1", "amount": 1050, "currency": "EUR", "reference": "order-1", "processed_on": "2026-03-01T10:00:00Z"}
    (fact,) = CHECKOUT.to_facts(json.dumps({"id": "evt_1", "type": event, "data": thing | data}).encode(), "ent_1")
    assert isinstance(fact, PaymentFact)
    return fact


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("payment_approved", F.AUTHORISED),
        ("payment_declined", F.FAILED),
        ("payment_captured", F.CAPTURED),
        ("payment_capture_declined", F.CAPTURE_FAILED),
        ("payment_refunded", F.REFUNDED),
        ("payment_voided", F.VOIDED),
        ("payment_paid", F.PAYOUT_SENT),
        ("payment_pending", F.INFORMATION),
    ],
)
def test_a_checkoutcom_event_is_one_fact(event: str, kind: FactKind) -> None:
    fact = checkout(event)
    assert (fact.kind, fact.psp_reference, fact.merchant_reference, fact.merchant_account) == (kind, "pay_1", "order-1", "ent_1")
    assert fact.amount == (None if kind is F.INFORMATION else Money("EUR", 1_050))


def test_two_captures_of_one_payment_are_two_movements_and_a_repetition_is_none() -> None:
    first, again, second = checkout("payment_captured"), checkout("payment_captured"), checkout("payment_captured", action_id="act_2")
    assert first.dedupe_key == again.dedupe_key != second.dedupe_key


def paypal(event: str, resource: dict[str, Any]) -> PaymentFact:
    message = {"id": "WH-1", "event_type": event, "create_time": "2026-03-01T10:00:00Z", "resource": resource}
    (fact,) = PAYPAL.to_facts(json.dumps(message).encode(), "merchant")
    assert isinstance(fact, PaymentFact)
    return fact


def test_a_paypal_capture_and_its_refund_are_of_one_payment() -> None:
    capture = paypal("PAYMENT.CAPTURE.COMPLETED", {"id": "CAP1", "amount": {"currency_code": "JPY", "value": "500"}, "custom_id": "order-1"})
    assert (capture.kind, capture.amount, capture.psp_reference, capture.merchant_reference) == (F.CAPTURED, Money("JPY", 500), "CAP1", "order-1")
    up = {"rel": "up", "href": "https://api.paypal.com/v2/payments/captures/CAP1"}
    refund = paypal("PAYMENT.CAPTURE.REFUNDED", {"id": "REF1", "amount": {"currency_code": "EUR", "value": "10.50"}, "links": [up]})
    assert (refund.kind, refund.amount, refund.psp_reference, refund.modification_reference) == (F.REFUNDED, Money("EUR", 1_050), "CAP1", "REF1")


def test_a_paypal_payout_names_our_item() -> None:
    item = {"amount": {"currency": "EUR", "value": "20.00"}, "sender_item_id": "pay-1"}
    fact = paypal("PAYMENT.PAYOUTS-ITEM.SUCCEEDED", {"transaction_id": "TX1", "payout_item_id": "I1", "payout_item": item})
    assert (fact.kind, fact.amount, fact.psp_reference, fact.merchant_reference) == (F.PAYOUT_SENT, Money("EUR", 2_000), "TX1", "pay-1")


@pytest.mark.parametrize(("webhook", "body"), [(CHECKOUT, {"type": "dispute_won"}), (PAYPAL, {"event_type": "PAYMENT.CAPTURE.REVERSED"})])
def test_an_event_that_may_move_money_and_has_no_meaning_yet_waits(webhook: Any, body: dict[str, str]) -> None:
    with pytest.raises(InputRejected) as refusal:
        webhook.to_facts(json.dumps(body).encode(), None)
    assert refusal.value.code == "unknown_event"


@pytest.mark.parametrize("webhook", [CHECKOUT, PAYPAL])
@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"type": "payment_captured", "event_type": "PAYMENT.CAPTURE.COMPLETED"}'])
def test_what_cannot_be_read_is_rejected_and_still_has_a_key(webhook: Any, body: bytes) -> None:
    with pytest.raises(InputRejected):
        webhook.to_facts(body, None)
    assert webhook.dedupe(body) == webhook.dedupe(body)
