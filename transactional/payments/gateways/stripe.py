"""Stripe behind the protocol, through its own SDK: PaymentIntents, Refunds, and Transfers for payouts. For registry.py.

References: a payment is named by its PaymentIntent, its capture by its Charge, a refund by its Refund, a payout by its Transfer; our merchant reference stands
in the metadata of each and in the transfer group. An `instrument` is a PaymentMethod ("pm_…"), of a customer if it is stored ("cus_…:pm_…"); of a payout,
the connected account ("acct_…").

The traps: the SDK repeats a request twice by itself unless told not to; it writes bodies (client secrets, instruments) to its log; its search lags behind by
a minute, so "not found" is believed only after `not_found_final_after`; a second capture of one charge, which Stripe's webhook tells under the first one's
name: what is not taken in the first capture is let go of. Source: docs.stripe.com/api, docs.stripe.com/search#data-freshness.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import stripe

from transactional.payments.gateways import _stripe_answers as answers
from transactional.payments.gateways.account import GatewayAccount, Now
from transactional.payments.gateways.transport import Transport, was_never_sent
from transactional.payments.gateways.wire import Stopwatch, Unreadable, Unsendable, asked_minor, part, reference, thing
from transactional.payments.orchestration.asking import Authorise, Cancel, Capture, Complete, Payout, Refund, Request, Status
from transactional.payments.orchestration.gateway import Answer, Outcome
from transactional.payments.psps.stripe import STRIPE
from transactional.vocabulary.money import Money

Said = Mapping[str, Any]
_WHOLE = ["latest_charge.balance_transaction"]
_THREE_DS = {"no": "automatic", "yes": "any", "exemption": "automatic"}  # Stripe asks for exemptions itself
# best known first: when two intents carry our reference, the one that holds money is the truth
_BY_WEIGHT = ("succeeded", "requires_capture", "processing", "requires_action", "requires_payment_method", "canceled")
# what the SDK raises for an answer of another shape than it expects, beside its own errors
_OTHER_SHAPE = (Unreadable, AttributeError, KeyError, TypeError, ValueError, RecursionError)


def connect(account: GatewayAccount, now: Now) -> StripeGateway:
    """The gateway of an account; nothing is sent yet."""
    return StripeGateway(account, now)


class StripeGateway:
    """One Stripe account. Safe to use from several threads. Never raises for what Stripe does."""

    psp = "stripe"

    def __init__(self, account: GatewayAccount, now: Now) -> None:
        self._account, self._now, self._transport = account, now, Transport(account.proxy)
        log = logging.getLogger("stripe")
        if _tells_no_bodies not in log.filters:
            log.addFilter(_tells_no_bodies)

    def close(self) -> None:
        """End the connections."""
        self._transport.close()

    def authorise(self, request: Authorise) -> Answer:
        """Create and confirm a PaymentIntent."""

        def do(api: stripe.StripeClient) -> Answer:
            customer, _, method = request.instrument.rpartition(":")
            kind = request.payment_method or "card"
            asked: dict[str, Any] = {
                **self._money(request.money),
                "confirm": True,
                "capture_method": "manual" if request.capturing == "separately" else "automatic",
                "payment_method": method,
                "payment_method_types": [kind],
                "metadata": {"merchant_reference": request.attempt.merchant_reference},
                "expand": _WHOLE,
            }
            if customer:
                asked["customer"] = customer
            if kind == "card":
                asked["payment_method_options"] = {"card": {"request_three_d_secure": _THREE_DS[request.three_ds]}}
            if request.return_url:
                asked["return_url"] = request.return_url
            return answers.payment(_told(api.v1.payment_intents.create(_params(asked), _key(request))), self._now())

        return self._ask(request, "authorise", do)

    def complete(self, request: Complete) -> Answer:
        """What Stripe says after the payer acted: it goes on by itself, and what the browser brought back is not believed."""

        def do(api: stripe.StripeClient) -> Answer:
            intent = self._intent(api, request)
            if intent.get("status") == "requires_confirmation":
                named = reference(intent.get("id"))
                intent = _told(api.v1.payment_intents.confirm(named, _params({"expand": _WHOLE}), _key(request)))
            return answers.payment(intent, self._now())

        return self._ask(request, "complete", do)

    def capture(self, request: Capture) -> Answer:
        """Take all or a part, once; the rest is let go of."""

        def do(api: stripe.StripeClient) -> Answer:
            asked = {"amount_to_capture": self._money(request.money)["amount"], "expand": _WHOLE}
            return answers.payment(_told(api.v1.payment_intents.capture(self._named(api, request), _params(asked), _key(request))), self._now())

        return self._ask(request, "capture", do)

    def cancel(self, request: Cancel) -> Answer:
        """Cancel the PaymentIntent."""

        def do(api: stripe.StripeClient) -> Answer:
            return answers.cancelled(_told(api.v1.payment_intents.cancel(self._named(api, request), None, _key(request))), self._now())

        return self._ask(request, "cancel", do)

    def refund(self, request: Refund) -> Answer:
        """Refund the PaymentIntent's charge, or a part of it."""

        def do(api: stripe.StripeClient) -> Answer:
            asked = {
                "payment_intent": self._named(api, request),
                "amount": self._money(request.money)["amount"],
                "metadata": {"merchant_reference": request.attempt.merchant_reference},
            }
            return answers.refund(_told(api.v1.refunds.create(_params(asked), _key(request))), self._now())

        return self._ask(request, "refund", do)

    def payout(self, request: Payout) -> Answer:
        """Transfer to the player's connected account."""

        def do(api: stripe.StripeClient) -> Answer:
            asked = {
                **self._money(request.money),
                "destination": request.instrument,
                "transfer_group": request.attempt.merchant_reference,
                "metadata": {"merchant_reference": request.attempt.merchant_reference},
            }
            return answers.transfer(_told(api.v1.transfers.create(_params(asked), _key(request))), self._now())

        return self._ask(request, "payout", do)

    def status(self, request: Status) -> Answer:
        """The payment or transfer by its reference, else by ours. Charge-backs are told by webhooks only."""

        def do(api: stripe.StripeClient) -> Answer:
            named = request.psp_reference or ""
            if isinstance(request.repeating, Payout) or named.startswith("tr_"):
                return self._status_of_payout(api, request)
            intent = self._found(api, request)
            if intent is None:
                # we may have died under a payout: nobody kept what was asked
                return self._status_of_payout(api, request) if request.repeating is None else Answer(Outcome.NOT_FOUND, self._now(), 0)
            refunds: list[Said] = []
            if part(intent.get("latest_charge")).get("amount_refunded"):
                listed = api.v1.refunds.list(_params({"payment_intent": intent["id"], "limit": 100}))
                refunds = [thing(one) for one in thing(_told(listed)).get("data", [])]
            return answers.payment(intent, self._now(), refunds)

        return self._ask(request, "status", do)

    def _status_of_payout(self, api: stripe.StripeClient, request: Status) -> Answer:
        if request.psp_reference:
            return answers.transfer(_told(api.v1.transfers.retrieve(request.psp_reference)), self._now())
        listed = _told(api.v1.transfers.list(_params({"transfer_group": request.attempt.merchant_reference, "limit": 1})))
        found = [thing(one) for one in listed["data"]]
        return answers.transfer(found[0], self._now()) if found else Answer(Outcome.NOT_FOUND, self._now(), 0)

    def _intent(self, api: stripe.StripeClient, request: Complete | Capture | Cancel | Refund | Status) -> Said:
        found = self._found(api, request)
        if found is None:
            raise Unsendable("nothing_there")
        return found

    def _named(self, api: stripe.StripeClient, request: Capture | Cancel | Refund) -> str:
        return request.psp_reference or reference(self._intent(api, request).get("id"))

    def _found(self, api: stripe.StripeClient, request: Complete | Capture | Cancel | Refund | Status) -> Said | None:
        """The intent by Stripe's id, else by our reference; the search's copy is old, so it is read again by its id."""
        named = request.psp_reference
        if named is None:
            ours = request.attempt.merchant_reference.replace("\\", "\\\\").replace("'", "\\'")
            listed = _told(api.v1.payment_intents.search(_params({"query": f"metadata['merchant_reference']:'{ours}'", "limit": 10})))
            found = sorted((thing(one) for one in listed["data"]), key=lambda one: _BY_WEIGHT.index(one["status"]))
            if not found:
                return None
            named = reference(found[0].get("id"))
        return _told(api.v1.payment_intents.retrieve(named, _params({"expand": _WHOLE})))

    def _money(self, money: Money) -> dict[str, Any]:
        return {"amount": asked_minor(STRIPE, money, self._now()), "currency": money.currency.lower()}

    def _ask(self, request: Request, call: str, do: Callable[[stripe.StripeClient], Answer]) -> Answer:
        """Send it once, and say what is certain of it. `timeout_ms` is for the connection and then for each silence of the answer."""
        watch, http_status = Stopwatch(), None
        seconds = request.timeout_ms / 1000
        client = stripe.RequestsClient(timeout=(seconds, seconds), session=self._transport.session())
        api = stripe.StripeClient(self._account.api_key, base_addresses={"api": self._account.base_url}, max_network_retries=0, http_client=client)
        try:
            answer = do(api)
            http_status = 200
        except Unsendable as error:
            answer = Answer(Outcome.ERROR, self._now(), 0, raw_code=error.code)
        except stripe.APIConnectionError as error:
            answer = Answer(Outcome.ERROR if was_never_sent(error) else Outcome.UNKNOWN, self._now(), 0)
        except stripe.StripeError as error:
            http_status = error.http_status
            answer = answers.refused(error.json_body, http_status, call, self._now())
        except _OTHER_SHAPE:
            answer = Answer(Outcome.UNKNOWN, self._now(), 0)
        return replace(answer, latency_ms=watch.ms, http_status=http_status)


def _told(said: Any) -> Said:
    """What the SDK made of an answer, as plain values. Raises: Unreadable (or what the SDK raises) for another shape."""
    return thing(said.to_dict())


def _params(asked: dict[str, Any]) -> Any:
    """The SDK's types list every key Stripe has; ours are checked by Stripe and the contract test."""
    return asked


def _key(request: Request) -> stripe.RequestOptions:
    return {"idempotency_key": request.idempotency_key}


def _tells_no_bodies(record: logging.LogRecord) -> bool:
    """Below a warning the SDK logs what was sent and said, with secrets in it."""
    return record.levelno >= logging.WARNING
