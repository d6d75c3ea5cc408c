"""Real messages of PSPs (shared/data/webhooks), signed with a key of ours: each is kept, none is refused for its kind, and a second delivery of
everything in another order changes nothing."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from tests.integration.payments.adyen_messages import KEY, body, signed
from tests.integration.payments.casino import Casino
from transactional.payments.webhooks import Webhooks

NOW = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
STRIPE_SECRET = "whsec_of_a_test"


def adyen_items(webhooks: Path) -> Iterator[dict[str, Any]]:
    """Every standard notification item of the samples."""
    for path in sorted([*webhooks.glob("smashpig/adyen/*.json"), *webhooks.glob("adyen_java/*.json")]):
        message = json.loads(path.read_text())
        for wrapped in message.get("notificationItems", ()) if isinstance(message, dict) else ():
            yield wrapped["NotificationRequestItem"]


def delivered_twice(casino: Casino, psp: str, messages: list[tuple[bytes, Mapping[str, str]]], secret: str, account: str | None) -> list[str]:
    """Deliver all, then all again in another order; the codes of what was refused."""
    webhooks = Webhooks(casino.connection, casino.payments)
    first = [webhooks.receive(psp, message, headers, [secret], NOW, account=account) for message, headers in messages]
    counted = [casino.count(table) for table in ("payment_events", "journal_entries", "webhook_deliveries")]
    again = random.Random(1).sample(messages, len(messages))
    assert all(webhooks.receive(psp, message, headers, [secret], NOW, account=account).is_repeated for message, headers in again)
    assert [casino.count(table) for table in ("payment_events", "journal_entries", "webhook_deliveries")] == counted
    assert counted[2] == len({message for message, _ in messages})
    return [refusal.code for received in first for refusal in received.refusals]


def test_every_real_adyen_notification_is_kept_and_booked_once(connection: Connection, shared_data: Path) -> None:
    items = list(adyen_items(shared_data / "webhooks"))
    assert len(items) >= 30
    refused = delivered_twice(Casino(connection), "adyen", [(body(signed(item)), {}) for item in items], KEY, "CountroomEU")
    # the samples of different projects use one placeholder reference for movements of different amounts
    assert set(refused) <= {"idempotency_conflict"}


def test_every_real_stripe_event_is_kept_and_booked_once(connection: Connection, shared_data: Path) -> None:
    bodies = [path.read_bytes() for path in sorted((shared_data / "webhooks" / "stripe_ruby_mock").glob("*.json"))]
    assert len(bodies) >= 30
    messages = [(each, {"Stripe-Signature": stripe_signature(each)}) for each in bodies]
    refused = delivered_twice(Casino(connection), "stripe", messages, STRIPE_SECRET, "acct_countroom_us")
    # transfer.failed and transfer.paid are of an API of before 2017, when a transfer went to a bank: what they meant is for a person
    assert refused.count("unknown_event") == 2
    assert set(refused) == {"unknown_event", "idempotency_conflict"}


def stripe_signature(message: bytes) -> str:
    """The header Stripe would send at NOW."""
    at = int(NOW.timestamp())
    digest = hmac.new(STRIPE_SECRET.encode(), f"{at}.".encode() + message, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
