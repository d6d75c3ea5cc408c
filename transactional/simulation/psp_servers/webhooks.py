"""What a simulated PSP has to tell by webhook, signed as the real one signs, told when and as often as somebody wants. For the PSP servers.

The traps: a webhook that only ever comes once, in order and after the answer; a signature made by the code that checks it (here it is made from the PSPs'
pages with hmac alone). Source: docs.stripe.com/webhooks/signatures, docs.adyen.com/development-resources/webhooks/verify-hmac-signatures.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_ADYEN_SIGNED = ("pspReference", "originalReference", "merchantAccountCode", "merchantReference", "value", "currency", "eventCode", "success")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as it goes over the wire."""

    body: bytes
    headers: Mapping[str, str]


class Outbox:
    """Events in the order in which they happened; each delivery is signed anew."""

    def __init__(self, sign: Callable[[Mapping[str, Any]], Delivery]) -> None:
        self._sign, self._events, self._lock = sign, list[Mapping[str, Any]](), threading.Lock()

    def tell(self, event: Mapping[str, Any]) -> None:
        """Something happened."""
        with self._lock:
            self._events.append(event)

    def take(self, *, times: int = 1, newest_first: bool = False) -> list[Delivery]:
        """What was not taken yet, each `times` over: a PSP that repeats itself, or has lost its order."""
        with self._lock:
            events, self._events = self._events, []
        return [self._sign(event) for _ in range(times) for event in (reversed(events) if newest_first else events)]

    def post(self, url: str, *, times: int = 1, newest_first: bool = False, timeout_s: float = 10) -> list[int]:
        """Deliver over HTTP to a service on this machine; the status of each answer."""
        if not url.startswith(("http://127.0.0.1:", "http://localhost:")):
            raise ValueError("a simulated PSP tells its webhooks to this machine only")
        return [_post(url, one, timeout_s) for one in self.take(times=times, newest_first=newest_first)]


def _post(url: str, one: Delivery, timeout_s: float) -> int:
    request = urllib.request.Request(url, one.body, {"Content-Type": "application/json", **one.headers})  # noqa: S310 (checked by `post`)
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def stripe_delivery(event: Mapping[str, Any], secret: str, at: datetime) -> Delivery:
    """An event with Stripe's `t=…,v1=…` over `t.body`."""
    body, signed_at = json.dumps(event).encode(), int(at.timestamp())
    signature = hmac.new(secret.encode(), f"{signed_at}.".encode() + body, hashlib.sha256).hexdigest()
    return Delivery(body, {"Stripe-Signature": f"t={signed_at},v1={signature}"})


def adyen_delivery(item: Mapping[str, Any], key: str) -> Delivery:
    """A notification of one item, with Adyen's signature over its values in the item."""
    values = {**item, "value": item["amount"]["value"], "currency": item["amount"]["currency"]}
    signed = ":".join(str(values.get(name, "")) for name in _ADYEN_SIGNED)
    signature = base64.b64encode(hmac.new(bytes.fromhex(key), signed.encode(), hashlib.sha256).digest()).decode()
    whole = {**item, "additionalData": {**item.get("additionalData", {}), "hmacSignature": signature}}
    return Delivery(json.dumps({"live": "false", "notificationItems": [{"NotificationRequestItem": whole}]}).encode(), {})
