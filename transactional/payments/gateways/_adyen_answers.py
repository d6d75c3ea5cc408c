"""What Adyen's results and errors mean in the words of the protocol. Private part of adyen.py; pure.

The traps: a modification is answered "received", which is no capture; error 704 says that the first request under the key is still being worked on; the
scheme's code and its advice stand in front of words ("51 : Insufficient funds") that are not kept; a partial authorisation is not what was asked for.
Source: docs.adyen.com/online-payments/payment-result-codes, docs.adyen.com/development-resources/error-codes and /api-idempotency.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from transactional.payments.facts import FactKind
from transactional.payments.gateways.wire import Unreadable, part, reference, thing, told_money, word
from transactional.payments.orchestration.gateway import Action, Answer, AuthenticationStep, Movement, Outcome
from transactional.payments.psps.adyen import ADYEN
from transactional.vocabulary.money import Money

# statuses by which Adyen says that it did nothing; what else it says, somebody may have done
_CERTAIN = frozenset({400, 401, 403, 404, 422, 429})
_IN_PROCESS = "704"
_REFUSED = frozenset({"Refused", "Error", "Cancelled"})
_LATER = frozenset({"Pending", "Received", "PresentToShopper"})
_FOR_THE_PAYER = frozenset({"RedirectShopper", "IdentifyShopper", "ChallengeShopper"})
_NOT_AUTHENTICATED, _AUTHENTICATION_REQUIRED = "11", "38"
_LEADING_CODE = re.compile(r"\s*([0-9A-Z]{2})\b", re.ASCII)


def payment(said: Mapping[str, Any], asked: Money | None, at: datetime) -> Answer:
    """The result of /payments or /payments/details. `asked` counts where Adyen does not say the amount again."""
    named, result = word(said.get("pspReference")), said.get("resultCode")
    if result == "Authorised":
        told = said.get("amount")
        money = asked if told is None else told_money(ADYEN, part(told).get("value"), part(told).get("currency"), at)
        aside = Movement(FactKind.AUTHORISED, at, money)
        return Answer(Outcome.APPROVED, at, 0, reference(named), movements=(aside,), authentication=_steps(said))
    if result in _REFUSED:
        return _refused(said, named, at)
    if result in _LATER:
        return Answer(Outcome.PENDING, at, 0, named)
    if result in _FOR_THE_PAYER:
        return Answer(Outcome.REQUIRES_ACTION, at, 0, named, authentication=(AuthenticationStep.CHALLENGE,), action=_action(said))
    raise Unreadable("a result this version does not know")


def modification(said: Mapping[str, Any], payment_reference: str | None, at: datetime) -> Answer:
    """A capture, cancel or refund that Adyen took in: it ends by webhook, under a reference of its own."""
    if said.get("status") != "received":
        raise Unreadable("a modification that was not received")
    return Answer(Outcome.PENDING, at, 0, payment_reference)


def payout(said: Mapping[str, Any], money: Money, at: datetime) -> Answer:
    """The result of a payout. Its webhook names it by the same reference."""
    named, result = word(said.get("pspReference")), said.get("resultCode")
    if result == "Authorised":
        return Answer(Outcome.APPROVED, at, 0, reference(named), movements=(Movement(FactKind.PAYOUT_SENT, at, money, named),))
    if result in _LATER:
        return Answer(Outcome.PENDING, at, 0, named)
    if result in _REFUSED:
        return _refused(said, named, at)
    raise Unreadable("a result this version does not know")


def error(body: object, http_status: int, at: datetime) -> Answer:
    """An error of Adyen. Only what Adyen itself says it did not do is an ERROR; the rest is UNKNOWN."""
    said = part(body)
    code = word(said.get("errorCode"))
    is_certain = http_status in _CERTAIN and word(said.get("errorType")) is not None and code != _IN_PROCESS
    return Answer(Outcome.ERROR if is_certain else Outcome.UNKNOWN, at, 0, raw_code=code)


def _refused(said: Mapping[str, Any], named: str | None, at: datetime) -> Answer:
    extra, code = part(said.get("additionalData")), word(said.get("refusalReasonCode"))
    return Answer(
        Outcome.DECLINED,
        at,
        0,
        named,
        raw_code=code,
        network_code=_leading(extra.get("refusalReasonRaw")),
        advice_code=_leading(extra.get("merchantAdviceCode")),
        authentication=_steps(said),
    )


def _leading(printed: object) -> str | None:
    found = _LEADING_CODE.match(printed) if isinstance(printed, str) else None
    return found.group(1) if found else None


def _steps(said: Mapping[str, Any]) -> tuple[AuthenticationStep, ...]:
    extra, code = part(said.get("additionalData")), said.get("refusalReasonCode")
    if code == _NOT_AUTHENTICATED:
        return (AuthenticationStep.FAILED,)
    if word(extra.get("scaExemptionRequested")) is not None:
        return (AuthenticationStep.EXEMPTION_REFUSED if code == _AUTHENTICATION_REQUIRED else AuthenticationStep.EXEMPTION_GRANTED,)
    return (AuthenticationStep.PASSED,) if extra.get("threeDAuthenticated") == "true" else ()


def _action(said: Mapping[str, Any]) -> Action:
    what = thing(said.get("action"))
    url = word(what.get("url"))
    fields = {name: value for name, value in what.items() if isinstance(value, str) and name != "url"}
    return Action("redirect", url, fields) if url is not None else Action("script", data=fields)
