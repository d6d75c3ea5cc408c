"""Adyen, simulated over HTTP: Checkout payments, details, modifications, instant payouts; its idempotency and webhooks. For tests, faults and worlds.

Written from Adyen's pages, not from our adapter. The traps it keeps: what is asked of a payment is "received", and its webhook says whether it was done; a
payment that waits for the payer has no pspReference yet; a 500 is not kept for its key, but what was done is. Source: docs.adyen.com/api-explorer/Checkout/72.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from transactional.simulation.psp_servers.behaviour import Behaviour, Script
from transactional.simulation.psp_servers.books import Books, Kept
from transactional.simulation.psp_servers.http import Incoming, Outgoing, json_answer, pause
from transactional.simulation.psp_servers.idempotency import Keys
from transactional.simulation.psp_servers.webhooks import Outbox, adyen_delivery

_CALLS = (
    ("authorise", r"/v72/payments"),
    ("complete", r"/v72/payments/details"),
    ("capture", r"/v72/payments/(\w+)/captures"),
    ("cancel", r"/v72/payments/(\w+)/cancels"),
    ("cancel", r"/v72/cancels"),
    ("refund", r"/v72/payments/(\w+)/refunds"),
    ("payout", r"/pal/servlet/Payout/v68/payout"),
)


class _Error(Exception):
    """An answer that is an error of Adyen."""

    def __init__(self, status: int, code: str, kind: str = "validation") -> None:
        self.answer = json_answer(status, {"status": status, "errorCode": code, "errorType": kind, "message": "simulated"})


class AdyenSimulator:
    """One Adyen account with the test's script. `books` is its truth, `outbox` its webhooks, signed with `hmac_key` (hex)."""

    def __init__(self, now: Callable[[], datetime], api_key: str, hmac_key: str, script: Script | None = None) -> None:
        self.script, self.books = script or Script(), Books()
        self.outbox = Outbox(lambda item: adyen_delivery(item, hmac_key))
        self._now, self._api_key, self._keys, self._lock, self._number = now, api_key, Keys(), threading.RLock(), 0

    def call_of(self, incoming: Incoming) -> str:
        """The name of a request in the script."""
        return _route(incoming)[0]

    def answer(self, incoming: Incoming, behaviour: Behaviour) -> Outgoing:
        """Do it, and say what Adyen says."""
        if incoming.headers.get("x-api-key") != self._api_key:
            return _Error(401, "000", "security").answer
        if behaviour.fault == "limited":
            return _Error(429, "000", "internal").answer
        request = hashlib.sha256(incoming.path.encode() + incoming.body).digest()
        with self._keys.turn(incoming.headers.get("idempotency-key"), request) as turn:
            if turn.is_busy:
                return _Error(422, "704").answer
            if turn.first is not None:
                return turn.first  # whatever the body now says
            pause(behaviour)
            broken = json_answer(500, {"status": 500, "errorCode": "905", "errorType": "internal", "message": "simulated"}, transient_error="true")
            if behaviour.fault == "error_before":
                return broken
            with self._lock:
                turn.keep = self._done(incoming, behaviour)
            return broken if behaviour.fault == "error_after" else turn.keep

    def payer_acts(self, merchant_reference: str, *, passed: bool = True) -> dict[str, str]:
        """The payer finishes (or fails) the challenge; what the browser brings back. Nothing goes on before it is told to Adyen."""
        with self._lock:
            kept = self.books.under(merchant_reference)[-1]
            kept.facts["passed"] = passed
            return {"redirectResult": kept.facts["redirect_result"]}

    def _done(self, incoming: Incoming, behaviour: Behaviour) -> Outgoing:
        name, found = _route(incoming)
        asked = json.loads(incoming.body)
        try:
            match name:
                case "authorise":
                    return json_answer(200, self._authorise(asked, behaviour))
                case "complete":
                    return json_answer(200, self._details(asked))
                case "payout":
                    return json_answer(200, self._payout(asked, behaviour))
                case "capture" | "cancel" | "refund":
                    return json_answer(201, self._modify(name, found, asked))
        except _Error as error:
            return error.answer
        return _Error(404, "000").answer

    def _authorise(self, asked: dict[str, Any], behaviour: Behaviour) -> dict[str, Any]:
        amount = asked["amount"]
        kept = self.books.add(Kept(self._id(), asked["reference"], amount["currency"], amount["value"]))
        kept.facts |= {"account": asked["merchantAccount"], "at_once": asked.get("captureDelayHours") == 0}
        if behaviour.decline is not None:
            return self._refuse(kept, behaviour)
        if behaviour.three_ds == "challenge":
            kept.state, kept.facts["redirect_result"] = "waiting", f"result_{kept.reference}"
            return {
                "resultCode": "RedirectShopper",
                "action": {"type": "redirect", "method": "GET", "url": f"https://checkoutshopper.adyen.com/{kept.reference}"},
            }
        return self._approve(kept, was_authenticated=behaviour.three_ds == "frictionless")

    def _details(self, asked: dict[str, Any]) -> dict[str, Any]:
        brought = asked["details"].get("redirectResult")
        kept = next((one for one in self.books.kept.values() if brought and one.facts.get("redirect_result") == brought), None)
        if kept is None:
            raise _Error(422, "101")
        if kept.state == "waiting" and not kept.facts.get("passed"):
            return self._refuse(kept, Behaviour(decline="11"))
        return self._approve(kept, was_authenticated=True)

    def _approve(self, kept: Kept, *, was_authenticated: bool) -> dict[str, Any]:
        if kept.state != "authorised":
            kept.state, kept.authorised = "authorised", kept.amount
            self._tell("AUTHORISATION", kept)
            if kept.facts["at_once"]:
                self._capture(kept, kept.amount, self._id())
        said = {
            "pspReference": kept.reference,
            "resultCode": "Authorised",
            "merchantReference": kept.merchant_reference,
            "amount": _amount(kept, kept.amount),
        }
        return {**said, "additionalData": {"threeDAuthenticated": str(was_authenticated).lower()}}

    def _refuse(self, kept: Kept, behaviour: Behaviour) -> dict[str, Any]:
        kept.state = "refused"
        self._tell("AUTHORISATION", kept, success=False)
        extra = {"refusalReasonRaw": behaviour.network_code, "merchantAdviceCode": behaviour.advice_code}
        return {
            "pspReference": kept.reference,
            "resultCode": "Refused",
            "refusalReason": "Refused for Ms Example",
            "refusalReasonCode": behaviour.decline,
            "additionalData": {name: f"{code} : said the card of Ms Example" for name, code in extra.items() if code},
        }

    def _modify(self, name: str, found: tuple[str, ...], asked: dict[str, Any]) -> dict[str, Any]:
        """Taken in whatever comes of it, if there is such a payment."""
        own = self._id()
        if found:
            kept = self.books.kept.get(found[0])
            if kept is None:
                raise _Error(422, "167")
        else:
            held = [one for one in self.books.under(asked["paymentReference"]) if one.state == "authorised"]
            if held:
                self._cancel(held[-1], own, "TECHNICAL_CANCEL")
            return {"status": "received", "pspReference": own, "paymentReference": asked["paymentReference"]}
        minor = asked.get("amount", {}).get("value", 0)
        match name:
            case "capture":
                self._capture(kept, minor, own)
            case "refund":
                self._refund(kept, minor, own)
            case _:
                self._cancel(kept, own, "CANCELLATION")
        return {"status": "received", "pspReference": own, "paymentPspReference": kept.reference}

    def _capture(self, kept: Kept, minor: int, own: str) -> None:
        is_done = 0 < minor <= kept.authorised
        if is_done:
            kept.authorised, kept.captured = kept.authorised - minor, kept.captured + minor
        self._tell("CAPTURE", kept, minor, own, success=is_done)

    def _refund(self, kept: Kept, minor: int, own: str) -> None:
        is_done = 0 < minor <= kept.captured - kept.refunded
        kept.refunded += minor if is_done else 0
        self._tell("REFUND", kept, minor, own, success=is_done)

    def _cancel(self, kept: Kept, own: str, event: str) -> None:
        is_done = kept.state == "authorised" and kept.captured == 0
        if is_done:
            kept.state, kept.authorised = "cancelled", 0
        self._tell(event, kept, kept.amount, own, success=is_done)

    def _payout(self, asked: dict[str, Any], behaviour: Behaviour) -> dict[str, Any]:
        amount = asked["amount"]
        kept = self.books.add(Kept(self._id(), asked["reference"], amount["currency"], amount["value"], "payout"))
        kept.facts["account"] = asked["merchantAccount"]
        if behaviour.decline is not None:
            kept.state = "refused"
            return {"pspReference": kept.reference, "resultCode": "Refused", "refusalReasonCode": behaviour.decline}
        kept.state, kept.paid_out = "sent", kept.amount
        self._tell("PAYOUT_THIRDPARTY", kept)
        return {"pspReference": kept.reference, "resultCode": "Received" if behaviour.is_slow_to_finish else "Authorised"}

    def _tell(self, event: str, kept: Kept, minor: int | None = None, own: str | None = None, *, success: bool = True) -> None:
        item = {
            "eventCode": event,
            "pspReference": own or kept.reference,
            "merchantAccountCode": kept.facts["account"],
            "merchantReference": kept.merchant_reference,
            "amount": _amount(kept, kept.amount if minor is None else minor),
            "success": str(success).lower(),
            "eventDate": self._now().isoformat(),
        }
        self.outbox.tell(item | ({"originalReference": kept.reference} if own else {}))

    def _id(self) -> str:
        self._number += 1
        return f"SIM{self._number:013d}"


def _amount(kept: Kept, minor: int) -> dict[str, Any]:
    return {"value": minor, "currency": kept.currency}


def _route(incoming: Incoming) -> tuple[str, tuple[str, ...]]:
    for name, path in _CALLS:
        found = re.fullmatch(path, incoming.path)
        if incoming.method == "POST" and found:
            return name, found.groups()
    return "nothing", ()
