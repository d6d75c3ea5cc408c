"""How Stripe prints a payment, a charge, a refund, a transfer and an event. For stripe.py; nothing happens here.

The trap: an object with every field always filled. `latest_charge` is an id unless it was asked for whole, and there is none before the issuer was asked.
Source: docs.stripe.com/api (PaymentIntent, Charge, Refund, Transfer, Event objects).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from transactional.simulation.psp_servers.behaviour import Behaviour
from transactional.simulation.psp_servers.books import Kept


def form(body: bytes) -> dict[str, Any]:
    """A form body with bracketed names (`metadata[key]`, `expand[0]`) as nested values."""
    root: dict[str, Any] = {}
    for name, value in parse_qsl(body.decode(), keep_blank_values=True):
        parts = [part.rstrip("]") for part in name.split("[")]
        holder = root
        for part in parts[:-1]:
            holder = holder.setdefault(part, {})
        holder[parts[-1]] = value
    return root


def intent(kept: Kept, *, expand: bool) -> dict[str, Any]:
    """The PaymentIntent."""
    facts = kept.facts
    whole = charge(kept) if facts.get("charge") else None
    return {
        "id": kept.reference,
        "object": "payment_intent",
        "amount": kept.amount,
        "amount_capturable": kept.authorised,
        "amount_received": kept.captured,
        "cancellation_reason": None,
        "canceled_at": facts.get("canceled_at"),
        "client_secret": f"{kept.reference}_secret_simulated",
        "created": facts["created"],
        "currency": kept.currency.lower(),
        "last_payment_error": facts.get("error"),
        "latest_charge": whole if expand or whole is None else whole["id"],
        "metadata": facts["metadata"],
        "next_action": facts.get("next_action"),
        "status": kept.state,
    }


def charge(kept: Kept) -> dict[str, Any]:
    """The Charge of a payment whose issuer was asked."""
    facts = kept.facts
    taken = {"id": f"txn_{kept.reference[3:]}", "object": "balance_transaction", "created": facts.get("taken_at")} if kept.captured else None
    return {
        "id": facts["charge"],
        "object": "charge",
        "amount": kept.amount,
        "amount_captured": kept.captured,
        "amount_refunded": kept.refunded,
        "balance_transaction": taken,
        "captured": kept.captured > 0,
        "created": facts["created"],
        "currency": kept.currency.lower(),
        "metadata": facts["metadata"],
        "payment_intent": kept.reference,
        "payment_method_details": {"type": "card", "card": {"three_d_secure": facts.get("three_d_secure")}},
        "status": "failed" if facts.get("error") else "succeeded",
    }


def refund(kept: Kept, reference: str, minor: int, status: str, created: int) -> dict[str, Any]:
    """A Refund."""
    return {
        "id": reference,
        "object": "refund",
        "amount": minor,
        "charge": kept.facts["charge"],
        "created": created,
        "currency": kept.currency.lower(),
        "metadata": kept.facts["metadata"],
        "payment_intent": kept.reference,
        "status": status,
    }


def transfer(kept: Kept) -> dict[str, Any]:
    """A Transfer."""
    return {
        "id": kept.reference,
        "object": "transfer",
        "amount": kept.amount,
        "amount_reversed": 0,
        "created": kept.facts["created"],
        "currency": kept.currency.lower(),
        "destination": kept.facts["destination"],
        "metadata": kept.facts["metadata"],
        "reversed": False,
        "transfer_group": kept.merchant_reference,
    }


def listed(things: Sequence[Mapping[str, Any]], kind: str = "list") -> dict[str, Any]:
    """A page of things."""
    return {"object": kind, "data": list(things), "has_more": False, "url": "/v1/simulated"}


def card_error(behaviour: Behaviour) -> dict[str, Any]:
    """A decline, as it stands in an error and in `last_payment_error`."""
    return {
        "type": "card_error",
        "code": "card_declined",
        "decline_code": behaviour.decline,
        "network_decline_code": behaviour.network_code,
        "network_advice_code": behaviour.advice_code,
        "message": "Your card, Ms Example, was declined.",
    }


def event(number: int, name: str, thing: Mapping[str, Any], at: int) -> dict[str, Any]:
    """An Event as a webhook tells it."""
    return {"id": f"evt_sim_{number:08d}", "object": "event", "type": name, "created": at, "data": {"object": thing}, "livemode": False}
