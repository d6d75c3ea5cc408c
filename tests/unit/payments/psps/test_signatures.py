"""Who may tell us of money: signatures on the bytes as they came. The vendors' own vectors, and every way to bend a message."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.integration.payments.adyen_messages import KEY, body, item
from transactional.payments.psps.registry import SPECS
from transactional.vocabulary.errors import Refused

NOW = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
OTHER_KEY = "9064450A8892A093D9E97EFCC9639DE31B74F3A7803135555A3C96F5A57915D6"
SECRET = "whsec_of_a_test"
_FIELDS = ("pspReference", "originalReference", "merchantAccountCode", "merchantReference", "value", "currency", "eventCode", "success")


def adyen(message: bytes, headers: dict[str, str] | None = None, keys: tuple[str, ...] = (KEY,)) -> None:
    SPECS["adyen"].webhook.verify(message, headers or {}, keys, NOW)


def stripe(message: bytes, header: str | None, secrets: tuple[str, ...] = (SECRET,)) -> None:
    SPECS["stripe"].webhook.verify(message, {} if header is None else {"Stripe-Signature": header}, secrets, NOW)


def stripe_header(message: bytes, secret: str = SECRET, at: datetime = NOW, scheme: str = "v1") -> str:
    stamp = int(at.timestamp())
    return f"t={stamp},{scheme}={hmac.new(secret.encode(), f'{stamp}.'.encode() + message, hashlib.sha256).hexdigest()}"


def refused(call: Callable[[], None]) -> None:
    with pytest.raises(Refused) as refusal:
        call()
    assert refusal.value.code == "bad_signature"


def vectors(shared_data: Path, scheme: str) -> list[dict[str, Any]]:
    found = json.loads((shared_data / "webhooks" / "hmac_vectors.json").read_text())[scheme]["vectors"]
    assert isinstance(found, list)
    return found


def test_the_vendors_signed_texts_verify_and_with_no_other_key(shared_data: Path) -> None:
    checked = 0
    for vector in vectors(shared_data, "adyen_classic"):
        parts = vector.get("data_to_sign", "").split(":")
        if len(parts) != len(_FIELDS):
            continue
        said: dict[str, Any] = {name: value for name, value in zip(_FIELDS, parts, strict=True) if value}
        amount = {"value": int(said.pop("value")), "currency": said.pop("currency")}
        message = body(said | {"amount": amount, "additionalData": {"hmacSignature": vector["signature"]}})
        adyen(message, keys=(vector["key"],))
        refused(lambda message=message: adyen(message, keys=("0" * 64,)))
        checked += 1
    assert checked == 2


@pytest.mark.parametrize("name", ["backslash", "colon", "forwardslash", "mixed"])
def test_values_are_signed_as_they_are_without_escapes(shared_data: Path, name: str) -> None:
    # the vendor's older rule escaped colon and backslash; a library that still does refuses genuine messages
    (key,) = [vector["key"] for vector in vectors(shared_data, "adyen_classic") if "payload_files" in vector]
    message = json.loads((shared_data / "webhooks" / "adyen_python" / f"{name}_notification.json").read_text())
    adyen(body(message), keys=(key,))
    refused(lambda: adyen(body(message | {"pspReference": "another"}), keys=(key,)))


def test_every_signed_text_is_what_hmac_says_of_its_bytes(shared_data: Path) -> None:
    signed = [one for one in vectors(shared_data, "adyen_classic") if "data_to_sign" in one]
    made = [base64.b64encode(hmac.digest(bytes.fromhex(one["key"]), one["data_to_sign"].encode(), "sha256")).decode() for one in signed]
    assert made == [one["signature"] for one in signed]


def test_the_vendors_banking_body_verifies_byte_by_byte(shared_data: Path) -> None:
    (vector,) = vectors(shared_data, "adyen_banking_body")
    message, header = vector["body"].encode(), {"HmacSignature": vector["signature"]}
    adyen(message, header, (vector["key"],))
    refused(lambda: adyen(json.dumps(json.loads(message)).encode(), header, (vector["key"],)))


@pytest.mark.parametrize(
    "change",
    [
        {"pspReference": "P2"},
        {"amount": {"value": 101, "currency": "EUR"}},
        {"amount": {"value": 100, "currency": "USD"}},
        {"success": "false"},
        {"merchantAccountCode": "Another"},
        {"additionalData": {}},
        {"additionalData": {"hmacSignature": ""}},
        {"additionalData": {"hmacSignature": "not base64 at all"}},
        {"additionalData": None},
    ],
    ids=str,
)
def test_a_changed_notification_is_refused(change: dict[str, Any]) -> None:
    refused(lambda: adyen(body(item("CAPTURE", "P1") | change)))


def test_one_forged_item_among_genuine_ones_refuses_the_message() -> None:
    # the vendor's helper looks at the first item only
    refused(lambda: adyen(body(item("CAPTURE", "P1"), item("CAPTURE", "P2") | {"amount": {"value": 1, "currency": "EUR"}})))


@pytest.mark.parametrize(
    "message", [b"", b"{}", b"[]", b"null", b"\xff\xfe", b'{"notificationItems": []}', b'{"notificationItems": [1]}', b"{" * 100_000]
)
def test_what_cannot_be_signed_is_refused_and_not_an_error(message: bytes) -> None:
    refused(lambda: adyen(message))
    refused(lambda: stripe(message, "t=1,v1=00"))


def test_a_rotation_accepts_the_old_and_the_new_secret() -> None:
    adyen(body(item("CAPTURE", "P1")), keys=(OTHER_KEY, KEY))
    message = b'{"id": "evt_1"}'
    stripe(message, stripe_header(message), ("whsec_new", SECRET))
    stripe(message, f"{stripe_header(message, 'whsec_new')},v1={'0' * 64}", ("whsec_new",))
    refused(lambda: adyen(body(item("CAPTURE", "P1")), keys=()))
    refused(lambda: stripe(message, stripe_header(message), ()))


def test_a_banking_message_is_signed_over_its_bytes() -> None:
    message = b'{"type": "balancePlatform.transfer.created", "data": {"id": "1"}}'
    header = {"hmacsignature": base64.b64encode(hmac.digest(bytes.fromhex(KEY), message, "sha256")).decode()}
    adyen(message, header)
    refused(lambda: adyen(message + b" ", header))
    refused(lambda: adyen(message))


def test_stripe_signs_bytes_and_not_what_json_makes_of_them() -> None:
    message = '{"id": "evt_1",  "name": "Ç"}'.encode()
    stripe(message, stripe_header(message))
    refused(lambda: stripe(json.dumps(json.loads(message)).encode(), stripe_header(message)))


@pytest.mark.parametrize(
    "header", [None, "", "v1=00", "t=,v1=00", "t=abc,v1=00", f"t={int(NOW.timestamp())}", f"t={int(NOW.timestamp())},v0={'0' * 64}"]
)
def test_a_stripe_header_that_says_nothing_is_refused(header: str | None) -> None:
    refused(lambda: stripe(b"{}", header))


@pytest.mark.parametrize(("seconds", "is_accepted"), [(-300, True), (-301, False), (0, True), (300, True), (301, False)])
def test_an_old_or_future_stripe_message_is_a_replay(seconds: int, is_accepted: bool) -> None:
    at = datetime.fromtimestamp(NOW.timestamp() + seconds, UTC)
    if is_accepted:
        stripe(b"{}", stripe_header(b"{}", at=at))
    else:
        refused(lambda: stripe(b"{}", stripe_header(b"{}", at=at)))


def test_the_timestamp_is_part_of_what_is_signed() -> None:
    old = stripe_header(b"{}", at=datetime(2026, 1, 1, tzinfo=UTC))
    refused(lambda: stripe(b"{}", f"t={int(NOW.timestamp())},{old.split(',')[1]}"))
