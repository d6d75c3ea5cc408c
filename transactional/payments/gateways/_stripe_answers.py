"""What Stripe's objects and errors mean in the words of the protocol. Private part of stripe.py; pure.

The traps: 402 is a decline only if Stripe's own error stands in it; an error for a key that is in use says nothing of the request that uses it; a refund
exists (and is booked by `refund.created`) before it succeeds; `charge.created` is when it was set aside, not when it was taken.
Source: docs.stripe.com/api/errors, docs.stripe.com/payments/paymentintents/lifecycle, docs.stripe.com/refunds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from transactional.payments.facts import FactKind
from transactional.payments.gateways.wire import Unreadable, moment, part, reference, thing, told_money, word
from transactional.payments.orchestration.gateway import Action, Answer, AuthenticationStep, Movement, Outcome
from transactional.payments.psps.stripe import STRIPE
from transactional.vocabulary.money import Money

# statuses by which Stripe says that it did nothing; 409 and 424 say that somebody else may have
_CERTAIN = frozenset({400, 401, 403, 404, 429})
_UNDECIDED = frozenset({"idempotency_key_in_use", "lock_timeout", "payment_method_provider_timeout"})
_IN_PROGRESS = frozenset({"pending", "requires_action"})

_STEPS_BY_RESULT = {
    "authenticated": AuthenticationStep.PASSED,
    "attempt_acknowledged": AuthenticationStep.PASSED,
    "exempted": AuthenticationStep.EXEMPTION_GRANTED,
    "failed": AuthenticationStep.FAILED,
}
_STEPS_BY_FLOW = {"challenge": AuthenticationStep.CHALLENGE, "frictionless": AuthenticationStep.FRICTIONLESS}


def payment(intent: Mapping[str, Any], at: datetime, refunds: Sequence[Mapping[str, Any]] = ()) -> Answer:
    """A PaymentIntent, its charge and its refunds."""
    charge = part(intent.get("latest_charge"))
    named = reference(intent.get("id"))
    given_back = tuple(movement for one in refunds for movement in refund(one, at).movements)
    steps = _steps(charge)
    match intent.get("status"):
        case "succeeded":
            taken = Movement(FactKind.CAPTURED, _taken_at(charge, at), _amount(intent, "amount_received", at), _charge_id(intent))
            return Answer(Outcome.APPROVED, at, 0, named, movements=(taken, *given_back), authentication=steps)
        case "requires_capture":
            aside = Movement(FactKind.AUTHORISED, moment(charge.get("created"), at), _amount(intent, "amount_capturable", at))
            return Answer(Outcome.APPROVED, at, 0, named, movements=(aside,), authentication=steps)
        case "requires_action":
            return Answer(Outcome.REQUIRES_ACTION, at, 0, named, authentication=(AuthenticationStep.CHALLENGE,), action=_action(intent))
        case "processing":
            return Answer(Outcome.PENDING, at, 0, named)
        case "canceled":
            gone = Movement(FactKind.VOIDED, moment(intent.get("canceled_at"), at))
            return Answer(Outcome.DECLINED, at, 0, named, raw_code=word(intent.get("cancellation_reason")), movements=(gone,))
        case "requires_payment_method":
            return _declined(part(intent.get("last_payment_error")), named, at)
    raise Unreadable("a payment in a state this version does not know")


def cancelled(intent: Mapping[str, Any], at: datetime) -> Answer:
    """A PaymentIntent that we asked to let go of."""
    if intent.get("status") != "canceled":
        raise Unreadable("a payment that was let go of and is not")
    return _let_go(intent, at)


def refund(said: Mapping[str, Any], at: datetime) -> Answer:
    """A Refund. `refund.created` books it, so it is a movement from the first; one that failed is a movement and its undoing."""
    named, amount = reference(said.get("id")), _amount(said, "amount", at)
    made = Movement(FactKind.REFUNDED, moment(said.get("created"), at), amount, named)
    paid = word(said.get("payment_intent"))
    match said.get("status"):
        case "succeeded":
            return Answer(Outcome.APPROVED, at, 0, paid, movements=(made,))
        case "failed" | "canceled" as state:
            undone = Movement(FactKind.REFUND_FAILED if state == "failed" else FactKind.REFUND_CANCELLED, at, amount, named)
            return Answer(Outcome.DECLINED, at, 0, paid, raw_code=word(said.get("failure_reason")), movements=(made, undone))
        case status if status in _IN_PROGRESS:
            return Answer(Outcome.PENDING, at, 0, paid, movements=(made,))
    raise Unreadable("a refund in a state this version does not know")


def transfer(said: Mapping[str, Any], at: datetime) -> Answer:
    """A Transfer, and its reversal if it came back whole. The webhook names both by the transfer itself."""
    sent = Movement(FactKind.PAYOUT_SENT, moment(said.get("created"), at), _amount(said, "amount", at))
    back = (Movement(FactKind.PAYOUT_RETURNED, at, sent.amount),) if said.get("reversed") is True else ()
    return Answer(Outcome.APPROVED, at, 0, reference(said.get("id")), movements=(sent, *back))


def refused(body: object, http_status: int | None, call: str, at: datetime) -> Answer:
    """An error of Stripe. Only what Stripe itself says it did not do is an ERROR or a decline; the rest is UNKNOWN."""
    said = part(part(body).get("error"))
    code, kind = word(said.get("code")), word(said.get("type"))
    intent = part(said.get("payment_intent"))
    named = word(intent.get("id"))
    if http_status == 402 and kind == "card_error":
        return _declined(said, named, at)
    if http_status not in _CERTAIN or kind is None or kind == "idempotency_error" or code in _UNDECIDED:
        return Answer(Outcome.UNKNOWN, at, 0, named, raw_code=code or kind)
    if call == "status" and code == "resource_missing":
        return Answer(Outcome.NOT_FOUND, at, 0, raw_code=code)
    if call == "cancel" and code == "payment_intent_unexpected_state":
        # twice let go of is let go of; any other state is too late, and the status says which
        return _let_go(intent, at) if intent.get("status") == "canceled" else Answer(Outcome.DECLINED, at, 0, named, raw_code=code)
    return Answer(Outcome.ERROR, at, 0, named, raw_code=code or kind)


def _declined(said: Mapping[str, Any], named: str | None, at: datetime) -> Answer:
    code = word(said.get("code"))
    failed_3ds = code == "payment_intent_authentication_failure"
    return Answer(
        Outcome.DECLINED,
        at,
        0,
        named,
        raw_code=word(said.get("decline_code")) or code,
        network_code=word(said.get("network_decline_code")),
        advice_code=word(said.get("network_advice_code")),
        authentication=(AuthenticationStep.FAILED,) if failed_3ds else (),
    )


def _let_go(intent: Mapping[str, Any], at: datetime) -> Answer:
    gone = Movement(FactKind.VOIDED, moment(intent.get("canceled_at"), at))
    return Answer(Outcome.APPROVED, at, 0, word(intent.get("id")), movements=(gone,))


def _amount(said: Mapping[str, Any], field: str, at: datetime) -> Money:
    return told_money(STRIPE, said.get(field), said.get("currency"), at)


def _charge_id(intent: Mapping[str, Any]) -> str:
    """The charge, under which the webhook names the capture; told whole where we asked for it, else by its id."""
    charge = intent.get("latest_charge")
    return reference(charge.get("id") if isinstance(charge, dict) else charge)


def _taken_at(charge: Mapping[str, Any], at: datetime) -> datetime:
    return moment(part(charge.get("balance_transaction")).get("created"), at)


def _action(intent: Mapping[str, Any]) -> Action:
    what = thing(intent.get("next_action"))
    url = word(part(what.get("redirect_to_url")).get("url"))
    if url is not None:
        return Action("redirect", url)
    return Action("script", data={"client_secret": reference(intent.get("client_secret"))})


def _steps(charge: Mapping[str, Any]) -> tuple[AuthenticationStep, ...]:
    said = part(part(part(charge.get("payment_method_details")).get("card")).get("three_d_secure"))
    found = (_STEPS_BY_FLOW.get(str(said.get("authentication_flow"))), _STEPS_BY_RESULT.get(str(said.get("result"))))
    return tuple(step for step in found if step is not None)
