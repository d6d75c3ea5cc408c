"""Signed Adyen notifications for tests, made with Adyen's own SDK."""

from __future__ import annotations

import json
from typing import Any

from Adyen.util import generate_notification_sig

KEY = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"


def item(event: str, reference: str, *, minor: int = 100, original: str | None = None, merchant_reference: str = "M1", **more: Any) -> dict[str, Any]:
    """One signed NotificationRequestItem."""
    said: dict[str, Any] = {
        "eventCode": event,
        "pspReference": reference,
        "merchantAccountCode": "CountroomEU",
        "merchantReference": merchant_reference,
        "amount": {"value": minor, "currency": "EUR"},
        "success": "true",
        "eventDate": "2026-03-01T12:00:00+01:00",
    }
    if original:
        said["originalReference"] = original
    return signed(said | more)


def signed(said: dict[str, Any]) -> dict[str, Any]:
    """The item with our signature (of a real message: instead of its own)."""
    signature = generate_notification_sig(said, KEY)
    given = said.get("additionalData")
    extra = given if isinstance(given, dict) else {}
    return said | {"additionalData": extra | {"hmacSignature": signature if isinstance(signature, str) else signature.decode()}}


def body(*items: dict[str, Any]) -> bytes:
    """A notification with these items."""
    return json.dumps({"live": "false", "notificationItems": [{"NotificationRequestItem": one} for one in items]}).encode()
