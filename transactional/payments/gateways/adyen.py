"""Adyen behind the protocol, through its own SDK: Checkout for payments and their modifications, instant card payouts. For registry.py.

References: a payment is named by its pspReference, a modification by one of its own that only its webhook tells; our merchant reference goes with each, since
Adyen tells back the one of the modification. An `instrument` is "<shopper reference>:<stored payment method>", also of a payout.

The traps: Adyen has no query, so a status sends the missing request again under its own key (kept for a week) and answers UNKNOWN when nobody has it any more;
the SDK reads broken JSON as an empty answer; it rewrites URLs ("-live" to "-test" and back) by its platform; it follows redirects with the API key.
`base_url` is "https://checkout-test.adyen.com" or "https://<prefix>-checkout-live.adyenpayments.com/checkout", `payout_url` that of "pal".
Source: docs.adyen.com/api-explorer/Checkout/72, /Payout/68, docs.adyen.com/development-resources/api-idempotency.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import requests
from Adyen.client import AdyenClient
from Adyen.exceptions import AdyenError
from Adyen.services.checkout.modifications_api import ModificationsApi
from Adyen.services.checkout.payments_api import PaymentsApi
from Adyen.services.payouts.instant_payouts_api import InstantPayoutsApi

from transactional.payments.gateways import _adyen_answers as answers
from transactional.payments.gateways.account import GatewayAccount, Now
from transactional.payments.gateways.transport import Transport, was_never_sent
from transactional.payments.gateways.wire import Stopwatch, Unreadable, Unsendable, asked_minor, thing
from transactional.payments.orchestration.asking import Authorise, Cancel, Capture, Complete, Payout, Refund, Request, Status
from transactional.payments.orchestration.gateway import Answer, Outcome, ask
from transactional.payments.psps.adyen import ADYEN
from transactional.vocabulary.money import Money

Said = Mapping[str, Any]
_CHECKOUT, _PAYOUT = "/v72", "/pal/servlet/Payout/v68"
# what the SDK raises for an answer of another shape than it expects, beside its own errors
_OTHER_SHAPE = (Unreadable, AttributeError, KeyError, TypeError, ValueError, RecursionError)


def connect(account: GatewayAccount, now: Now) -> AdyenGateway:
    """The gateway of an account; nothing is sent yet."""
    return AdyenGateway(account, now)


class AdyenGateway:
    """One Adyen company account; the merchant account goes with each request. Safe to use from several threads. Never raises for what Adyen does."""

    psp = "adyen"

    def __init__(self, account: GatewayAccount, now: Now) -> None:
        self._account, self._now, self._transport = account, now, Transport(account.proxy)

    def close(self) -> None:
        """End the connections."""
        self._transport.close()

    def authorise(self, request: Authorise) -> Answer:
        """/payments. Taken at once is told as CAPTURED by its webhook only."""

        def do(client: AdyenClient) -> Answer:
            asked = {
                **self._ours(request),
                "amount": self._money(request.money),
                "paymentMethod": {"type": "scheme" if request.payment_method in (None, "card") else request.payment_method},
                "shopperInteraction": "ContAuth",
                "recurringProcessingModel": "CardOnFile",
                "channel": "Web",
            }
            shopper, asked["paymentMethod"]["storedPaymentMethodId"] = _instrument(request.instrument)
            asked["shopperReference"] = shopper
            asked |= _wishes(request)
            said = self._checkout(PaymentsApi, client).payments(asked, request.idempotency_key)
            return answers.payment(_told(said), request.money, self._now())

        return self._ask(request, do)

    def complete(self, request: Complete) -> Answer:
        """/payments/details with what the browser brought back."""

        def do(client: AdyenClient) -> Answer:
            details = {name: value for name, value in request.details.items() if name != "paymentData"}
            if not details:
                raise Unsendable("details_missing")
            asked: dict[str, Any] = {"details": details}
            if "paymentData" in request.details:
                asked["paymentData"] = request.details["paymentData"]
            said = self._checkout(PaymentsApi, client).payments_details(asked, request.idempotency_key)
            return answers.payment(_told(said), None, self._now())

        return self._ask(request, do)

    def capture(self, request: Capture) -> Answer:
        """Take all or a part; parts may follow. PENDING: the CAPTURE webhook says what became of it."""

        def do(client: AdyenClient) -> Answer:
            asked = {**self._ours(request), "amount": self._money(request.money)}
            said = self._checkout(ModificationsApi, client).capture_authorised_payment(asked, _named(request), request.idempotency_key)
            return answers.modification(_told(said), request.psp_reference, self._now())

        return self._ask(request, do)

    def cancel(self, request: Cancel) -> Answer:
        """Let go by Adyen's reference, else by ours. PENDING also when it is too late: its webhook then says that it failed."""

        def do(client: AdyenClient) -> Answer:
            api, key = self._checkout(ModificationsApi, client), request.idempotency_key
            if request.psp_reference is not None:
                said = api.cancel_authorised_payment_by_psp_reference(self._ours(request), _named(request), key)
            else:
                said = api.cancel_authorised_payment({**self._ours(request), "paymentReference": request.attempt.merchant_reference}, key)
            return answers.modification(_told(said), request.psp_reference, self._now())

        return self._ask(request, do)

    def refund(self, request: Refund) -> Answer:
        """Give back. PENDING: the REFUND webhook says what became of it."""

        def do(client: AdyenClient) -> Answer:
            asked = {**self._ours(request), "amount": self._money(request.money)}
            said = self._checkout(ModificationsApi, client).refund_captured_payment(asked, _named(request), request.idempotency_key)
            return answers.modification(_told(said), request.psp_reference, self._now())

        return self._ask(request, do)

    def payout(self, request: Payout) -> Answer:
        """An instant payout to a card of the player's."""

        def do(client: AdyenClient) -> Answer:
            if self._account.payout_url is None:
                raise Unsendable("no_payout_url")
            shopper, card = _instrument(request.instrument)
            asked = {
                **self._ours(request),
                "amount": self._money(request.money),
                "shopperReference": shopper,
                "selectedRecurringDetailReference": card,
            }
            api = InstantPayoutsApi(client)
            api.baseUrl = self._account.payout_url + _PAYOUT
            return answers.payout(_told(api.payout(asked, request.idempotency_key)), request.money, self._now())

        return self._ask(request, do)

    def status(self, request: Status) -> Answer:
        """The missing request once more, under its own key; UNKNOWN without it."""
        if request.repeating is None:
            return Answer(Outcome.UNKNOWN, self._now(), 0, request.psp_reference)
        return ask(self, request.repeating)

    def _ours(self, request: Authorise | Capture | Cancel | Refund | Payout) -> dict[str, Any]:
        return {"merchantAccount": request.attempt.merchant_account, "reference": request.attempt.merchant_reference}

    def _money(self, money: Money) -> dict[str, Any]:
        return {"value": asked_minor(ADYEN, money, self._now()), "currency": money.currency}

    def _checkout(self, kind: Any, client: AdyenClient) -> Any:
        api = kind(client)
        api.baseUrl = self._account.base_url + _CHECKOUT
        return api

    def _ask(self, request: Request, do: Callable[[AdyenClient], Answer]) -> Answer:
        """Send it once, and say what is certain of it. `timeout_ms` is for the connection and then for each silence of the answer."""
        watch, http = Stopwatch(), _Http(self._transport, request.timeout_ms / 1000)
        # the SDK makes "-live" of every "-test" on one platform and the reverse on the other: the one that leaves our URL alone
        platform = "test" if "-test" in self._account.base_url else "live"
        client = AdyenClient(xapikey=self._account.api_key, platform=platform, live_endpoint_prefix="")
        client.http_client, client.http_init = http, True
        try:
            answer = do(client)
        except Unsendable as error:
            answer = Answer(Outcome.ERROR, self._now(), 0, raw_code=error.code)
        except requests.RequestException as error:
            answer = Answer(Outcome.ERROR if was_never_sent(error) else Outcome.UNKNOWN, self._now(), 0)
        except AdyenError as error:
            answer = answers.error(error.message, http.status or 0, self._now())
        except _OTHER_SHAPE:
            answer = Answer(Outcome.UNKNOWN, self._now(), 0)
        return replace(answer, latency_ms=watch.ms, http_status=http.status)


class _Http:
    """The SDK's seam for a transport of one's own: once, without redirects, in the time this call has."""

    user_agent = "countroom"

    def __init__(self, transport: Transport, seconds: float) -> None:
        self._transport, self._seconds = transport, seconds
        self.status: int | None = None

    def request(self, method: str, url: str, json: Any = None, xapikey: str = "", headers: Mapping[str, str] | None = None) -> tuple[Any, ...]:
        """As the SDK's own clients answer: the text, what was sent, the status, the headers."""
        given = {**(headers or {}), "x-api-key": xapikey}
        said = self._transport.session().request(method, url, json=json, headers=given, timeout=(self._seconds, self._seconds))
        self.status = said.status_code
        return said.text, None, said.status_code, said.headers


def _told(said: Any) -> Said:
    return thing(said.message)


def _named(request: Capture | Cancel | Refund) -> str:
    """The payment's reference as a part of a path: it came from outside."""
    if request.psp_reference is None:
        raise Unsendable("nothing_there")
    return quote(request.psp_reference, safe="")


def _instrument(token: str) -> tuple[str, str]:
    shopper, _, stored = token.rpartition(":")
    if not shopper or not stored:
        raise Unsendable("instrument_without_shopper")
    return shopper, stored


def _wishes(request: Authorise) -> dict[str, Any]:
    """When it is taken, and how the payer is authenticated; without a wish Adyen's own rules decide."""
    extra: dict[str, str] = {}
    asked: dict[str, Any] = {"returnUrl": request.return_url} if request.return_url else {}
    if request.country:
        asked["countryCode"] = request.country
    if request.capturing == "separately":
        extra["manualCapture"] = "true"
    else:
        asked["captureDelayHours"] = 0
    if request.three_ds == "yes":
        asked["authenticationData"] = {"attemptAuthentication": "always"}
    elif request.three_ds == "exemption":
        extra["scaExemption"] = "transactionRiskAnalysis"
    return asked | ({"additionalData": extra} if extra else {})
