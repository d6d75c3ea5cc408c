"""Webhooks as PSPs deliver them: bytes over HTTP, through the whole application, into a real database.

What a message means is tested in tests/unit/payments/psps, what the service does with it in tests/integration/payments. Here: what the PSP is
answered, what is left behind, and what is not (a forged fact, a second booking, a person in a log).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import logging
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, text

from tests.integration.http.conftest import ALL, KEYS, STRIPE_SECRET, Caller
from tests.integration.payments.adyen_messages import KEY, body, item, signed
from transactional.http.app import create_app
from transactional.payments.facts import FactKind
from transactional.payments.psps import _adyen_webhooks
from transactional.settings import load_settings

PLAYER = UUID(int=7).hex
PERSON = {"cardHolderName": "Anna Quist", "shopperEmail": "anna.quist@example.com", "iban": "NL13TEST0123456789", "shopperIP": "203.0.113.77"}
VECTOR_KEYS = (
    "9064450A8892A093D9E97EFCC9639DE31B74F3A7803135555A3C96F5A57915D6",
    "74F490DD33F7327BAECC88B2947C011FC02D014A473AAA33A8EC93E4DC069174",
    "D7DD5BA6146493707BF0BE7496F6404EC7A63616B7158EC927B9F54BB436765F",
)


@pytest.fixture
def app(database_url: str) -> FastAPI:
    """The application with the secrets these tests, and the vendors' vectors, sign with."""
    secrets = ",".join([f"stripe={STRIPE_SECRET}", *(f"adyen={key}" for key in (KEY, *VECTOR_KEYS))])
    return create_app(load_settings(database_url=database_url, api_keys=KEYS, webhook_secrets=secrets))


class Psps:
    """The two PSPs, delivering to the API; and what their messages left."""

    def __init__(self, caller: Caller, engine: Engine) -> None:
        self.api, self._engine = caller, engine

    def deliver(self, psp: str, message: bytes, headers: dict[str, str] | None = None) -> Any:
        return self.api.client.post(f"/v1/webhooks/{psp}", content=message, headers={"Content-Type": "application/json"} | (headers or {}))

    def adyen(self, *items: dict[str, Any]) -> Any:
        return self.deliver("adyen", body(*items))

    def stripe(self, message: bytes, signed_over: bytes | None = None) -> Any:
        """Signed as Stripe does, at the database's time (the API's clock); `signed_over`: other bytes than those delivered."""
        with self._engine.connect() as connection:
            stamp = int(connection.execute(text("select extract(epoch from clock_timestamp())")).scalar_one())
        digest = hmac.digest(STRIPE_SECRET.encode(), f"{stamp}.".encode() + (message if signed_over is None else signed_over), "sha256")
        return self.deliver("stripe", message, {"Stripe-Signature": f"t={stamp},v1={digest.hex()}"})

    def attempt(self, psp: str = "adyen", account: str = "CountroomEU", currency: str = "EUR") -> dict[str, Any]:
        """A deposit of 50.00 somebody tries."""
        wish = {"player_id": f"ply_{PLAYER}", "direction": "deposit", "money": {"currency": currency, "amount_minor": 5000}}
        intent = self.api.post("/v1/intents", wish).json()
        made = self.api.post(f"/v1/intents/{intent['intent_id']}/attempts", {"psp": psp, "merchant_account": account})
        assert made.status_code == 201, made.text
        return dict(made.json())

    def left(self) -> dict[str, int]:
        """Rows by table."""
        tables = ("webhook_deliveries", "webhook_refusals", "payment_events", "journal_entries")
        with self._engine.connect() as connection:
            return {table: int(connection.execute(text(f"select count(*) from app.{table}")).scalar_one()) for table in tables}

    def told(self) -> str:
        """Everything of the app tables that others read: all but the bodies."""
        with self._engine.connect() as connection:
            rows = [
                connection.execute(text(f"select * from app.{table}")).all() for table in ("payment_events", "webhook_refusals", "journal_entries")
            ]
        return repr(rows)


NOTHING = {"webhook_deliveries": 0, "webhook_refusals": 0, "payment_events": 0, "journal_entries": 0}


@pytest.fixture
def psps(api: Caller, engine: Engine) -> Psps:
    return Psps(api, engine)


def charge(reference: str, minor: int = 5000, **more: Any) -> dict[str, Any]:
    """Stripe's word that a charge was captured, for the attempt with that reference."""
    thing = {"object": "charge", "id": "ch_1", "payment_intent": "pi_1", "amount": minor, "amount_captured": minor, "captured": True}
    thing |= {"currency": "usd", "metadata": {"merchant_reference": reference}}
    return {"id": "evt_1", "type": "charge.succeeded", "created": 1_772_366_400, "account": "acct_us", "data": {"object": thing | more}}


def accepted(answer: Any) -> None:
    assert (answer.status_code, answer.text) == (200, "[accepted]"), answer.text


def refused(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    assert answer.json()["code"] == code


def lines_of(psps: Psps, code: str, currency: str) -> list[dict[str, int]]:
    """What each entry on an account moved."""
    entries = psps.api.get("/v1/transfers", code=code, currency=currency).json()["items"]
    return [{line["code"]: line["amount_minor"] for line in entry["lines"]} for entry in entries]


def test_a_stripe_delivery_becomes_a_fact_and_an_entry(psps: Psps) -> None:
    attempt = psps.attempt("stripe", "acct_us", "USD")
    accepted(psps.stripe(json.dumps(charge(attempt["merchant_reference"])).encode()))
    standing = psps.api.get(f"/v1/attempts/{attempt['attempt_id']}").json()
    assert (standing["status"], standing["captured_minor"]) == ("captured", 5000)
    assert lines_of(psps, "psp_receivable:stripe:acct_us", "USD") == [{"psp_receivable:stripe:acct_us": 5000, f"player_cash:{PLAYER}": -5000}]
    assert psps.left() == {"webhook_deliveries": 1, "webhook_refusals": 0, "payment_events": 1, "journal_entries": 1}


def test_an_adyen_delivery_becomes_a_fact_and_an_entry(psps: Psps) -> None:
    attempt = psps.attempt()
    accepted(psps.adyen(item("CAPTURE", "C1", original="P1", minor=5000, merchant_reference=attempt["merchant_reference"])))
    standing = psps.api.get(f"/v1/attempts/{attempt['attempt_id']}").json()
    assert (standing["status"], standing["captured_minor"]) == ("captured", 5000)
    assert lines_of(psps, "psp_receivable:adyen:CountroomEU", "EUR") == [{"psp_receivable:adyen:CountroomEU": 5000, f"player_cash:{PLAYER}": -5000}]


def test_a_stripe_message_nobody_signed_leaves_nothing(psps: Psps) -> None:
    message = json.dumps(charge("M1")).encode()
    digest = hashlib.sha256(message).hexdigest()
    for header in ("", "\t", "t=1;drop", "t=1,v1=00", f"t=1,v1={digest}", f"v1={digest}", f"t=99999999999,v1={digest}"):
        refused(psps.deliver("stripe", message, {"Stripe-Signature": header}), 401, "bad_signature")
    refused(psps.deliver("stripe", message), 401, "bad_signature")
    refused(psps.stripe(message, signed_over=b"another body"), 401, "bad_signature")
    assert psps.left() == NOTHING


def test_a_stripe_body_changed_by_any_one_byte_is_refused(psps: Psps) -> None:
    message = json.dumps(charge("M1")).encode()
    for place in range(0, len(message), 23):
        changed = message[:place] + bytes([message[place] ^ 1]) + message[place + 1 :]
        refused(psps.stripe(changed, signed_over=message), 401, "bad_signature")
    for changed in (message + b" ", b" " + message, message[:-1], message.replace(b": ", b":", 1)):
        refused(psps.stripe(changed, signed_over=message), 401, "bad_signature")
    assert psps.left() == NOTHING


BENT = [
    (b'"value": 5000', b'"value": 5001'),
    (b'"currency": "EUR"', b'"currency": "EUS"'),
    (b'"pspReference": "C1"', b'"pspReference": "C2"'),
    (b'"originalReference": "P1"', b'"originalReference": "P2"'),
    (b'"merchantReference": "M1"', b'"merchantReference": "M2"'),
    (b'"merchantAccountCode": "CountroomEU"', b'"merchantAccountCode": "CountroomEV"'),
    (b'"eventCode": "CAPTURE"', b'"eventCode": "CAPTURF"'),
    (b'"success": "true"', b'"success": "trud"'),
    (b'"hmacSignature": "', b'"hmacSignature": "0'),
]


def test_an_adyen_item_with_one_byte_of_what_it_signs_changed_is_refused(psps: Psps) -> None:
    message = body(item("CAPTURE", "C1", original="P1", minor=5000))
    for said, bent in BENT:
        assert message.count(said) == 1
        refused(psps.deliver("adyen", message.replace(said, bent)), 401, "bad_signature")
    assert psps.left() == NOTHING


def test_a_message_that_is_too_large_is_refused_before_it_is_read(psps: Psps) -> None:
    message = body(item("CAPTURE", "C1", original="P1", reason="x" * 1_000_000))
    refused(psps.deliver("adyen", message), 413, "too_large")
    refused(psps.deliver("stripe", b" " * 10_000_000), 413, "too_large")
    assert psps.left() == NOTHING


def test_a_psp_nobody_has_a_spec_for_is_not_found_and_what_cannot_be_a_name_is_refused_in_words(psps: Psps) -> None:
    for psp in ("nobody", "gocardless", "worldpay"):
        refused(psps.deliver(psp, body(item("CAPTURE", "C1"))), 404, "unknown_psp")
    for name in ("UPPER", "a..b", "x" * 60, "%00", "a'b"):
        refused(psps.deliver(name, b"{}"), 422, "invalid_request")


def test_the_same_delivery_again_is_one_fact_and_one_answer(psps: Psps) -> None:
    stripe = json.dumps(charge(psps.attempt("stripe", "acct_us", "USD")["merchant_reference"])).encode()
    adyen = item("CAPTURE", "C1", original="P1", minor=5000, merchant_reference=psps.attempt()["merchant_reference"])
    for _ in range(3):
        accepted(psps.stripe(stripe))  # signed anew each time, as Stripe does
        accepted(psps.adyen(adyen))
    assert psps.left() == {"webhook_deliveries": 2, "webhook_refusals": 0, "payment_events": 2, "journal_entries": 2}


def test_every_order_of_the_same_deliveries_ends_in_the_same_state(psps: Psps) -> None:
    ends = []
    for number, order in enumerate(itertools.permutations(range(4))):
        attempt = psps.attempt()
        mine = {"original": f"P{number}", "merchant_reference": attempt["merchant_reference"]}
        messages = [
            item("AUTHORISATION", f"P{number}", minor=5000, merchant_reference=attempt["merchant_reference"]),
            item("CAPTURE", f"C{number}", minor=5000, **mine),
            item("REFUND", f"R{number}", minor=1200, **mine),
            item("CHARGEBACK", f"D{number}", minor=3800, **mine),
        ]
        for place in order:
            accepted(psps.adyen(messages[place]))
        standing = psps.api.get(f"/v1/attempts/{attempt['attempt_id']}").json()
        ends.append({name: value for name, value in standing.items() if name not in ("attempt_id", "intent_id", "merchant_reference", "refunds")})
    assert all(end == ends[0] for end in ends)
    assert (ends[0]["captured_minor"], ends[0]["refunded_minor"], ends[0]["charged_back_minor"]) == (5000, 1200, 3800)
    balance = psps.api.get("/v1/accounts", code="psp_receivable:adyen:CountroomEU", currency="EUR").json()["balance_minor"]
    assert balance == 0
    assert psps.left()["webhook_refusals"] == 0


def test_an_event_nobody_knows_is_accepted_kept_and_shown_until_a_version_that_knows_it_gets_it_again(
    psps: Psps, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = psps.attempt()
    message = item("EVENT_OF_TOMORROW", "X1", original="P1", minor=5000, merchant_reference=attempt["merchant_reference"])
    accepted(psps.adyen(message))
    accepted(psps.adyen(message))
    assert psps.left() == {"webhook_deliveries": 1, "webhook_refusals": 1, "payment_events": 0, "journal_entries": 0}
    health = psps.api.client.get("/health")
    assert (health.status_code, health.json()["state"], health.json()["queue"]["state"]) == (200, "ok", "attention")
    assert health.json()["queue"]["detail"].startswith("1 webhooks could not be used")
    monkeypatch.setitem(_adyen_webhooks._EVENTS, ("EVENT_OF_TOMORROW", True), FactKind.CAPTURED)
    accepted(psps.adyen(message))
    assert psps.api.client.get("/health").json()["queue"]["state"] == "ok"
    assert psps.api.get(f"/v1/attempts/{attempt['attempt_id']}").json()["captured_minor"] == 5000


def test_a_genuine_message_that_cannot_be_used_is_accepted_and_kept_so_that_it_is_not_sent_for_thirty_days(psps: Psps) -> None:
    accepted(psps.stripe(b"no json at all"))
    accepted(psps.stripe(b'{"type": "charge.succeeded"}'))
    accepted(psps.adyen(item("CAPTURE", "C1", original="P1", eventDate="yesterday")))
    assert psps.left() == {"webhook_deliveries": 3, "webhook_refusals": 3, "payment_events": 0, "journal_entries": 0}
    assert psps.api.client.get("/health").json()["queue"]["detail"].startswith("3 webhooks")


def personal_messages(psps: Psps) -> list[tuple[Any, int]]:
    """Messages with a person in them, of every fate, and the status each must get."""
    mine = {"original": "P1", "additionalData": PERSON, "merchant_reference": psps.attempt()["merchant_reference"]}
    billing = {"billing_details": {"name": PERSON["cardHolderName"], "email": PERSON["shopperEmail"]}, "receipt_email": PERSON["shopperEmail"]}
    genuine = json.dumps(charge("M1", **billing)).encode()
    return [
        (psps.adyen(item("CAPTURE", "C1", **mine)), 200),
        (psps.adyen(item("CAPTURE", "C2", **mine) | {"eventDate": PERSON["shopperEmail"]}), 200),
        (psps.adyen(item("EVENT_OF_TOMORROW", "C3", **mine)), 200),
        (psps.adyen(item("CAPTURE", "C4", **mine, amount={"value": 100, "currency": PERSON["iban"]})), 200),
        (psps.adyen(item("CAPTURE", "C5", **mine, amount={"value": PERSON["iban"], "currency": "EUR"})), 200),
        (psps.adyen(item("CAPTURE", "C1", **mine, minor=99)), 200),
        (psps.adyen(item("CAPTURE", "C6", **mine) | {"success": "false"}), 401),
        (psps.adyen(item("CAPTURE", "C7", **mine) | {"additionalData": {"hmacSignature": PERSON["iban"]}}), 401),
        (psps.stripe(genuine), 200),
        (psps.stripe(json.dumps(charge("M1", **billing) | {"created": PERSON["shopperEmail"]}).encode()), 200),
        (psps.stripe(genuine, signed_over=b"another"), 401),
        (psps.deliver("stripe", genuine, {"Stripe-Signature": PERSON["shopperEmail"]}), 401),
        (psps.deliver("nobody", genuine), 404),
        (psps.deliver("adyen", genuine + b" " * 1_000_000), 413),
    ]


def test_no_person_gets_from_a_message_into_a_log_an_answer_or_a_table_that_others_read(psps: Psps, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        answers = personal_messages(psps)
    assert [answer.status_code for answer, _ in answers] == [status for _, status in answers]
    said = caplog.text + psps.told() + "".join(answer.text for answer, _ in answers)
    assert [word for word in PERSON.values() if word.casefold() in said.casefold()] == []
    assert [secret for secret in (STRIPE_SECRET, KEY, ALL) if secret in said] == []


def test_the_signature_is_checked_on_the_bytes_that_came(psps: Psps) -> None:
    """A body that JSON would write otherwise: spaces, the order of keys, escapes, a number's spelling."""
    plain = charge(psps.attempt("stripe", "acct_us", "USD")["merchant_reference"], description="Çağrı 😀 / end")
    reordered = dict(reversed(plain.items()))
    odd = json.dumps(reordered, indent=3, ensure_ascii=True).replace("/", "\\/").replace(": ", " :\t").encode() + b"\r\n"
    assert odd != json.dumps(json.loads(odd)).encode()
    refused(psps.stripe(json.dumps(json.loads(odd)).encode(), signed_over=odd), 401, "bad_signature")
    accepted(psps.stripe(odd))
    accepted(psps.stripe(json.dumps(plain, ensure_ascii=False).encode() + b"\n"))  # the same event in other bytes: another delivery, no second fact
    assert psps.left() == {"webhook_deliveries": 2, "webhook_refusals": 0, "payment_events": 1, "journal_entries": 1}


def test_an_adyen_item_may_be_spelt_in_any_way_json_allows(psps: Psps) -> None:
    """Its signature is over values, so spaces, order and escapes are free."""
    said = item("CAPTURE", "C1", original="P1", merchant_reference="Kassa/Åäö:1\\2")
    odd = json.dumps({"NotificationRequestItem": dict(reversed(said.items()))}, indent=1).replace("/", "\\/")
    accepted(psps.deliver("adyen", f'{{"notificationItems" :\n [ {odd} ], "live":"false"}}'.encode()))
    assert psps.left()["payment_events"] == 1


def vectors(shared_data: Path, scheme: str) -> list[dict[str, Any]]:
    return list(json.loads((shared_data / "webhooks" / "hmac_vectors.json").read_text())[scheme]["vectors"])


_SIGNED = ("pspReference", "originalReference", "merchantAccountCode", "merchantReference", "value", "currency", "eventCode", "success")


def test_the_vendors_vectors_are_accepted_over_http_and_a_bent_one_is_not(psps: Psps, shared_data: Path) -> None:
    messages = []
    for vector in vectors(shared_data, "adyen_classic"):
        parts = vector.get("data_to_sign", "").split(":")
        if len(parts) == len(_SIGNED):
            said: dict[str, Any] = {name: value for name, value in zip(_SIGNED, parts, strict=True) if value}
            amount = {"value": int(said.pop("value")), "currency": said.pop("currency")}
            messages.append(said | {"amount": amount, "additionalData": {"hmacSignature": vector["signature"]}, "eventDate": "2026-01-01T00:00:00Z"})
        for name in vector.get("payload_files", ()):
            given = json.loads((shared_data / "webhooks" / name).read_text())
            messages += [one["NotificationRequestItem"] for one in given["notificationItems"]] if "notificationItems" in given else [given]
    assert len(messages) == 7
    for message in messages:
        accepted(psps.adyen(message))
        refused(psps.adyen(message | {"pspReference": "another"}), 401, "bad_signature")
    assert psps.left()["webhook_deliveries"] == len({body(message) for message in messages})


def test_the_vendors_banking_body_is_accepted_over_http_byte_by_byte(psps: Psps, shared_data: Path) -> None:
    (vector,) = vectors(shared_data, "adyen_banking_body")
    header = {"HmacSignature": vector["signature"]}
    message = vector["body"].encode()
    refused(psps.deliver("adyen", message.replace(b"active", b"aCtive"), header), 401, "bad_signature")
    refused(psps.deliver("adyen", json.dumps(json.loads(message)).encode(), header), 401, "bad_signature")
    refused(psps.deliver("adyen", message), 401, "bad_signature")
    assert psps.left() == NOTHING
    accepted(psps.deliver("adyen", message, header))
    assert psps.left()["webhook_deliveries"] == 1


def test_every_real_message_is_accepted_signed_and_refused_unsigned(psps: Psps, shared_data: Path) -> None:
    stripe = sorted((shared_data / "webhooks" / "stripe_ruby_mock").glob("*.json"))
    for path in stripe:
        accepted(psps.stripe(path.read_bytes()))
        refused(psps.deliver("stripe", path.read_bytes()), 401, "bad_signature")
    standard = [*(shared_data / "webhooks" / "smashpig" / "adyen").glob("*.json"), *(shared_data / "webhooks" / "adyen_java").rglob("*.json")]
    for path in sorted(standard):
        message = path.read_bytes()
        refused(psps.deliver("adyen", message.replace(b"hmacSignature", b"noSignature")), 401, "bad_signature")
        accepted(signed_anew(psps, message))
    assert len(stripe) >= 30
    assert len(standard) >= 40


def signed_anew(psps: Psps, message: bytes) -> Any:
    """A real Adyen message with our signature: in each item, or over the body where it has none."""
    parsed = json.loads(message)
    if "notificationItems" in parsed:
        return psps.adyen(*(signed(one["NotificationRequestItem"]) for one in parsed["notificationItems"]))
    if "eventCode" in parsed:
        return psps.deliver("adyen", json.dumps(signed(parsed)).encode())
    return psps.deliver("adyen", message, {"HmacSignature": base64.b64encode(hmac.digest(bytes.fromhex(KEY), message, "sha256")).decode()})
