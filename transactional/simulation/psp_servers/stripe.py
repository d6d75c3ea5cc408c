"""Stripe, simulated over HTTP: PaymentIntents, Refunds, Transfers and the search, with its idempotency and its webhooks. For tests, faults and worlds.

Written from Stripe's pages, not from our adapter. The traps it keeps: a key's answer is repeated whatever it was, also a 500 (RT §4.21); one capture per
charge, and the rest is released; the search finds nothing while `is_search_behind`. Source: docs.stripe.com/api, docs.stripe.com/api/idempotent_requests.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from transactional.simulation.psp_servers import stripe_objects as objects
from transactional.simulation.psp_servers.behaviour import Behaviour, Script
from transactional.simulation.psp_servers.books import Books, Kept
from transactional.simulation.psp_servers.http import Incoming, Outgoing, json_answer, pause
from transactional.simulation.psp_servers.idempotency import Keys
from transactional.simulation.psp_servers.webhooks import Outbox, stripe_delivery

_CALLS = (
    ("authorise", "POST", r"/v1/payment_intents"),
    ("complete", "POST", r"/v1/payment_intents/(\w+)/confirm"),
    ("capture", "POST", r"/v1/payment_intents/(\w+)/capture"),
    ("cancel", "POST", r"/v1/payment_intents/(\w+)/cancel"),
    ("refund", "POST", r"/v1/refunds"),
    ("payout", "POST", r"/v1/transfers"),
    ("search", "GET", r"/v1/payment_intents/search"),
    ("retrieve", "GET", r"/v1/(?:payment_intents|transfers)/(\w+)"),
    ("refunds", "GET", r"/v1/refunds"),
    ("transfers", "GET", r"/v1/transfers"),
)
_QUERIES = frozenset({"search", "retrieve", "refunds", "transfers"})


class _Error(Exception):
    """An answer that is an error of Stripe."""

    def __init__(self, status: int, code: str | None, kind: str = "invalid_request_error", **more: Any) -> None:
        self.status, self.body = status, {"error": {"type": kind, "code": code, "message": "simulated", **more}}


class StripeSimulator:
    """One Stripe account with the test's script. `books` is its truth, `outbox` its webhooks, signed with `webhook_secret`."""

    def __init__(self, now: Callable[[], datetime], api_key: str, webhook_secret: str, script: Script | None = None) -> None:
        self.script, self.books, self.is_search_behind = script or Script(), Books(), False
        self.outbox = Outbox(lambda event: stripe_delivery(event, webhook_secret, now()))
        self._now, self._api_key, self._keys, self._lock, self._number = now, api_key, Keys(), threading.RLock(), 0

    def call_of(self, incoming: Incoming) -> str:
        """The name of a request in the script; every GET is a query."""
        name = _route(incoming)[0]
        return "query" if name in _QUERIES else name

    def answer(self, incoming: Incoming, behaviour: Behaviour) -> Outgoing:
        """Do it, and say what Stripe says."""
        if incoming.headers.get("authorization") != f"Bearer {self._api_key}":
            return json_answer(401, {"error": {"type": "invalid_request_error", "message": f"Invalid API Key provided: {self._api_key}"}})
        if behaviour.fault == "limited":
            return json_answer(429, {"error": {"type": "invalid_request_error", "code": "rate_limit", "message": "simulated"}})
        name, found = _route(incoming)
        request = hashlib.sha256(incoming.path.encode() + incoming.body).digest()
        with self._keys.turn(incoming.headers.get("idempotency-key") if incoming.method == "POST" else None, request) as turn:
            if turn.is_busy:
                return json_answer(409, {"error": {"type": "idempotency_error", "code": "idempotency_key_in_use", "message": "simulated"}})
            if turn.is_other:
                return json_answer(400, {"error": {"type": "idempotency_error", "message": "another request came with this key"}})
            if turn.first is not None:
                return Outgoing(turn.first.status, turn.first.body, headers={"Idempotent-Replayed": "true"})
            pause(behaviour)
            with self._lock:
                turn.keep = self._done(name, found, incoming, behaviour)
            return turn.keep

    def payer_acts(self, merchant_reference: str, *, passed: bool = True) -> dict[str, str]:
        """The payer finishes (or fails) the challenge; what the browser brings back."""
        with self._lock:
            kept = self.books.under(merchant_reference)[-1]
            kept.facts.pop("next_action", None)
            if passed:
                kept.facts["three_d_secure"] = {"authentication_flow": "challenge", "result": "authenticated"}
                self._approve(kept)
            else:
                kept.state = "requires_payment_method"
                kept.facts["error"] = {"type": "card_error", "code": "payment_intent_authentication_failure", "message": "simulated"}
                self._tell("payment_intent.payment_failed", self._intent(kept))
        return {"payment_intent": kept.reference, "redirect_status": "succeeded" if passed else "failed"}

    def _done(self, name: str, found: tuple[str, ...], incoming: Incoming, behaviour: Behaviour) -> Outgoing:
        broken = json_answer(500, {"error": {"type": "api_error", "message": "simulated"}})
        if behaviour.fault == "error_before":
            return broken
        try:
            said = self._do(name, found, objects.form(incoming.body), dict(incoming.query), behaviour)
        except _Error as error:
            return json_answer(error.status, error.body)
        return broken if behaviour.fault == "error_after" else json_answer(200, said)

    def _do(self, name: str, found: tuple[str, ...], asked: dict[str, Any], query: dict[str, str], behaviour: Behaviour) -> dict[str, Any]:
        match name:
            case "authorise":
                return self._authorise(asked, behaviour)
            case "capture":
                return self._capture(self._payment(*found), int(asked["amount_to_capture"]))
            case "cancel":
                return self._cancel(self._payment(*found))
            case "refund":
                return self._refund(self._payment(asked["payment_intent"]), int(asked["amount"]), behaviour)
            case "payout":
                return self._transfer(asked, behaviour)
            case "retrieve":
                kept = self._payment(*found)
                return objects.transfer(kept) if kept.kind == "payout" else self._intent(kept)
            case "search":
                return self._search(query["query"])
            case "refunds":
                kept = self._payment(query["payment_intent"])
                return objects.listed(kept.facts.get("refunds", []))
            case "transfers":
                return objects.listed([objects.transfer(one) for one in self.books.under(query["transfer_group"]) if one.kind == "payout"])
        raise _Error(404, None)

    def _authorise(self, asked: dict[str, Any], behaviour: Behaviour) -> dict[str, Any]:
        kept = self.books.add(
            Kept(self._id("pi"), asked["metadata"]["merchant_reference"], asked["currency"].upper(), int(asked["amount"]), facts=self._facts(asked))
        )
        kept.facts["at_once"] = asked.get("capture_method") != "manual"
        self._tell("payment_intent.created", self._intent(kept))
        if behaviour.decline is not None:
            kept.state, kept.facts["charge"], kept.facts["error"] = "requires_payment_method", self._id("ch"), objects.card_error(behaviour)
            self._tell("charge.failed", objects.charge(kept))
            self._tell("payment_intent.payment_failed", self._intent(kept))
            raise _Error(402, "card_declined", "card_error", **_beside(objects.card_error(behaviour)), payment_intent=self._intent(kept))
        if behaviour.three_ds == "challenge":
            kept.state = "requires_action"
            kept.facts["next_action"] = _challenge(kept.reference, asked.get("return_url"))
            self._tell("payment_intent.requires_action", self._intent(kept))
            return self._intent(kept)
        if behaviour.three_ds == "frictionless":
            kept.facts["three_d_secure"] = {"authentication_flow": "frictionless", "result": "authenticated"}
        self._approve(kept)
        return self._intent(kept)

    def _approve(self, kept: Kept) -> None:
        kept.facts["charge"], kept.state, kept.authorised = self._id("ch"), "requires_capture", kept.amount
        if kept.facts["at_once"]:
            self._take(kept, kept.amount)
            self._tell("charge.succeeded", objects.charge(kept))
            self._tell("payment_intent.succeeded", self._intent(kept))
        else:
            self._tell("charge.succeeded", objects.charge(kept))
            self._tell("payment_intent.amount_capturable_updated", self._intent(kept))

    def _capture(self, kept: Kept, minor: int) -> dict[str, Any]:
        if kept.state != "requires_capture":
            raise _Error(400, "payment_intent_unexpected_state", payment_intent=self._intent(kept))
        if not 0 < minor <= kept.authorised:
            raise _Error(400, "amount_too_large", param="amount_to_capture")
        self._take(kept, minor)
        self._tell("charge.captured", objects.charge(kept))
        self._tell("payment_intent.succeeded", self._intent(kept))
        return self._intent(kept)

    def _take(self, kept: Kept, minor: int) -> None:
        """What is not taken now is released."""
        kept.captured, kept.authorised, kept.state, kept.facts["taken_at"] = minor, 0, "succeeded", self._seconds()

    def _cancel(self, kept: Kept) -> dict[str, Any]:
        if kept.state in ("succeeded", "canceled"):
            raise _Error(400, "payment_intent_unexpected_state", payment_intent=self._intent(kept))
        kept.authorised, kept.state, kept.facts["canceled_at"] = 0, "canceled", self._seconds()
        self._tell("payment_intent.canceled", self._intent(kept))
        return self._intent(kept)

    def _refund(self, kept: Kept, minor: int, behaviour: Behaviour) -> dict[str, Any]:
        if not 0 < minor <= kept.captured - kept.refunded:
            raise _Error(400, "charge_already_refunded" if kept.captured else "payment_intent_unexpected_state")
        kept.refunded += minor
        said = objects.refund(kept, self._id("re"), minor, "pending" if behaviour.is_slow_to_finish else "succeeded", self._seconds())
        kept.facts.setdefault("refunds", []).append(said)
        self._tell("refund.created", said)
        self._tell("charge.refunded", objects.charge(kept))
        return said

    def _transfer(self, asked: dict[str, Any], behaviour: Behaviour) -> dict[str, Any]:
        if behaviour.decline is not None:
            raise _Error(400, behaviour.decline)
        minor = int(asked["amount"])
        kept = Kept(self._id("tr"), asked["transfer_group"], asked["currency"].upper(), minor, "payout", "sent", paid_out=minor)
        kept.facts.update(self._facts(asked), destination=asked["destination"])
        self.books.add(kept)
        self._tell("transfer.created", objects.transfer(kept))
        return objects.transfer(kept)

    def _search(self, query: str) -> dict[str, Any]:
        asked = re.fullmatch(r"metadata\['merchant_reference'\]:'(.*)'", query)
        if asked is None:
            raise _Error(400, "parameter_invalid")
        ours = re.sub(r"\\(.)", r"\1", asked.group(1))
        found = [] if self.is_search_behind else [one for one in self.books.under(ours) if one.kind == "payment"]
        return objects.listed([objects.intent(one, expand=False) for one in found], "search_result")

    def _payment(self, reference: str) -> Kept:
        if reference not in self.books.kept:
            raise _Error(404, "resource_missing", param="intent")
        return self.books.kept[reference]

    def _intent(self, kept: Kept) -> dict[str, Any]:
        return objects.intent(kept, expand=True)

    def _facts(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"created": self._seconds(), "metadata": asked.get("metadata", {})}

    def _tell(self, name: str, thing: dict[str, Any]) -> None:
        self._number += 1
        self.outbox.tell(objects.event(self._number, name, thing, self._seconds()))

    def _id(self, kind: str) -> str:
        self._number += 1
        return f"{kind}_sim{self._number:08d}"

    def _seconds(self) -> int:
        return int(self._now().timestamp())


def _route(incoming: Incoming) -> tuple[str, tuple[str, ...]]:
    for name, method, path in _CALLS:
        found = re.fullmatch(path, incoming.path)
        if method == incoming.method and found:
            return name, found.groups()
    return "nothing", ()


def _challenge(reference: str, return_url: str | None) -> dict[str, Any]:
    url = {"url": f"https://hooks.stripe.com/3d_secure/{reference}", "return_url": return_url}
    return {"type": "redirect_to_url", "redirect_to_url": url} if return_url else {"type": "use_stripe_sdk", "use_stripe_sdk": {}}


def _beside(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name not in ("type", "code")}
