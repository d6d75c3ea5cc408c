"""What each message of a PSP means: one table a PSP, and the traps of each."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.payments.adyen_messages import body, item
from transactional.payments.facts import FactKind, PaymentFact
from transactional.payments.psps.registry import SPECS
from transactional.vocabulary.errors import InputRejected
from transactional.vocabulary.money import Money

F = FactKind


def adyen(event: str, **more: Any) -> PaymentFact:
    (fact,) = SPECS["adyen"].webhook.to_facts(body(item(event, "REF1", original="PAY1", **more)), None)
    assert isinstance(fact, PaymentFact)
    return fact


def stripe(event: str, thing: dict[str, Any], **more: Any) -> PaymentFact:
    message = {"id": "evt_1", "type": event, "created": 1_772_366_400, "data": {"object": thing}} | more
    (fact,) = SPECS["stripe"].webhook.to_facts(json.dumps(message).encode(), "acct_1")
    assert isinstance(fact, PaymentFact)
    return fact


@pytest.mark.parametrize(
    ("event", "success", "kind"),
    [
        ("AUTHORISATION", "true", F.AUTHORISED),
        ("AUTHORISATION", "false", F.FAILED),
        ("CAPTURE", "true", F.CAPTURED),
        ("CAPTURE", "false", F.CAPTURE_FAILED),
        ("CAPTURE_FAILED", "true", F.CAPTURE_FAILED),
        ("CANCELLATION", "true", F.VOIDED),
        ("TECHNICAL_CANCEL", "true", F.VOIDED),
        ("EXPIRE", "true", F.VOIDED),
        ("REFUND", "true", F.REFUNDED),
        ("REFUND", "false", F.REFUND_FAILED),
        ("REFUND_FAILED", "true", F.REFUND_FAILED),
        ("REFUNDED_REVERSED", "true", F.REFUND_FAILED),
        ("CHARGEBACK", "true", F.CHARGEBACK),
        ("CHARGEBACK_REVERSED", "true", F.CHARGEBACK_REVERSED),
        ("SECOND_CHARGEBACK", "true", F.SECOND_CHARGEBACK),
        ("PAYOUT_THIRDPARTY", "true", F.PAYOUT_SENT),
        ("PAIDOUT_REVERSED", "true", F.PAYOUT_RETURNED),
        # announcements: the money comes with another event
        ("NOTIFICATION_OF_CHARGEBACK", "true", F.INFORMATION),
        ("PREARBITRATION_LOST", "true", F.INFORMATION),
        ("CANCELLATION", "false", F.INFORMATION),
        ("CANCEL_OR_REFUND", "false", F.INFORMATION),
    ],
)
def test_an_adyen_event_is_one_fact(event: str, success: str, kind: FactKind) -> None:
    fact = adyen(event, success=success)
    assert (fact.kind, fact.psp, fact.merchant_account, fact.psp_reference) == (kind, "adyen", "CountroomEU", "PAY1")
    assert fact.amount == Money("EUR", 100)


@pytest.mark.parametrize(("event", "success"), [("EVENT_OF_TOMORROW", "true"), ("EVENT_OF_TOMORROW", "false"), ("CANCEL_OR_REFUND", "true")])
def test_an_adyen_event_that_may_move_money_unseen_is_not_taken_for_information(event: str, success: str) -> None:
    (refusal,) = SPECS["adyen"].webhook.to_facts(body(item(event, "REF1", success=success)), None)
    assert isinstance(refusal, InputRejected)
    assert (refusal.code, event in refusal.message) == ("unknown_event", True)


@pytest.mark.parametrize("event", ["event.of.tomorrow", "charge.of_tomorrow", "transfer.failed"])
def test_a_stripe_event_that_may_move_money_unseen_is_not_taken_for_information(event: str) -> None:
    with pytest.raises(InputRejected, match=event) as refusal:
        stripe(event, CHARGE)
    assert refusal.value.code == "unknown_event"


@pytest.mark.parametrize(("action", "kind"), [("cancel", F.VOIDED), ("refund", F.REFUNDED)])
def test_cancel_or_refund_is_what_it_became(action: str, kind: FactKind) -> None:
    assert adyen("CANCEL_OR_REFUND", additionalData={"modification.action": action}).kind is kind


def test_a_batch_with_one_unusable_item_loses_only_that_one() -> None:
    facts = SPECS["adyen"].webhook.to_facts(body(item("CAPTURE", "C1"), item("CAPTURE", "C2", eventDate="yesterday"), item("REFUND", "R1")), None)
    assert [type(fact) for fact in facts] == [PaymentFact, InputRejected, PaymentFact]


def test_two_events_about_one_failed_refund_are_one_movement() -> None:
    failed, reversed_ = adyen("REFUND_FAILED"), adyen("REFUNDED_REVERSED")
    assert failed.dedupe_key == reversed_.dedupe_key


@pytest.mark.parametrize(("currency", "printed", "minor"), [("ISK", 150_000, 1500), ("IDR", 1500, 150_000), ("JPY", 1500, 1500), ("KWD", 1500, 1500)])
def test_adyens_minor_units_become_ours(currency: str, printed: int, minor: int) -> None:
    assert adyen("CAPTURE", amount={"value": printed, "currency": currency}).amount == Money(currency, minor)


@pytest.mark.parametrize(
    "amount",
    [
        {"value": 1.5, "currency": "EUR"},
        {"value": "100", "currency": "EUR"},
        {"value": 151, "currency": "ISK"},
        {"value": 1, "currency": "???"},
        None,
    ],
)
def test_an_amount_that_is_no_integer_of_a_currency_is_refused_and_not_rounded(amount: object) -> None:
    (refusal,) = SPECS["adyen"].webhook.to_facts(body(item("CAPTURE", "C1") | {"amount": amount}), None)
    assert isinstance(refusal, InputRejected)


CHARGE = {"object": "charge", "id": "ch_1", "payment_intent": "pi_1", "amount": 2000, "amount_captured": 1500, "captured": True, "currency": "usd"}
REFUND = {"object": "refund", "id": "re_1", "charge": "ch_1", "payment_intent": "pi_1", "amount": 500, "currency": "usd"}
DISPUTE = {"object": "dispute", "id": "dp_1", "charge": "ch_1", "payment_intent": "pi_1", "amount": 2000, "currency": "usd"}
INTENT = {"object": "payment_intent", "id": "pi_1", "amount": 2000, "currency": "usd"}
TRANSFER = {"object": "transfer", "id": "tr_1", "amount": 700, "currency": "usd"}


@pytest.mark.parametrize(
    ("event", "thing", "kind", "minor", "modification"),
    [
        ("payment_intent.created", INTENT, F.CREATED, 2000, None),
        ("payment_intent.requires_action", INTENT, F.REQUIRES_ACTION, 2000, None),
        ("payment_intent.payment_failed", INTENT, F.FAILED, 2000, None),
        ("payment_intent.canceled", INTENT, F.VOIDED, 2000, None),
        ("payment_intent.succeeded", INTENT, F.INFORMATION, None, None),
        ("charge.succeeded", CHARGE, F.CAPTURED, 1500, "ch_1"),
        ("charge.succeeded", CHARGE | {"captured": False}, F.AUTHORISED, 2000, "ch_1"),
        ("charge.captured", CHARGE, F.CAPTURED, 1500, "ch_1"),
        ("charge.failed", CHARGE, F.FAILED, 2000, "ch_1"),
        ("refund.created", REFUND, F.REFUNDED, 500, "re_1"),
        ("refund.failed", REFUND, F.REFUND_FAILED, 500, "re_1"),
        ("charge.refund.updated", REFUND | {"status": "failed"}, F.REFUND_FAILED, 500, "re_1"),
        ("charge.refund.updated", REFUND | {"status": "canceled"}, F.REFUND_CANCELLED, 500, "re_1"),
        ("charge.refund.updated", REFUND | {"status": "succeeded"}, F.INFORMATION, None, "re_1"),
        ("charge.dispute.created", DISPUTE, F.INFORMATION, None, "dp_1"),
        ("charge.dispute.funds_withdrawn", DISPUTE, F.CHARGEBACK, 2000, "dp_1"),
        ("charge.dispute.funds_reinstated", DISPUTE, F.CHARGEBACK_REVERSED, 2000, "dp_1"),
    ],
)
def test_a_stripe_event_is_one_fact(event: str, thing: dict[str, Any], kind: FactKind, minor: int | None, modification: str | None) -> None:
    fact = stripe(event, thing)
    assert (fact.kind, fact.merchant_account, fact.psp_reference, fact.modification_reference) == (kind, "acct_1", "pi_1", modification)
    assert fact.amount == (None if minor is None else Money("USD", minor))


@pytest.mark.parametrize(("event", "kind"), [("transfer.created", F.PAYOUT_SENT), ("transfer.reversed", F.PAYOUT_RETURNED)])
def test_a_stripe_transfer_is_a_payout_to_a_player_known_by_its_own_id(event: str, kind: FactKind) -> None:
    fact = stripe(event, TRANSFER)
    assert (fact.kind, fact.psp_reference, fact.amount) == (kind, "tr_1", Money("USD", 700))


def test_one_capture_told_by_two_events_is_one_movement() -> None:
    assert stripe("charge.succeeded", CHARGE).dedupe_key == stripe("charge.captured", CHARGE, id="evt_2").dedupe_key


def test_two_announcements_about_one_payment_are_two_messages() -> None:
    assert stripe("payment_intent.created", INTENT).dedupe_key != stripe("payment_intent.created", INTENT, id="evt_2").dedupe_key


@pytest.mark.parametrize("currency", ["jpy", "kwd", "isk"])
def test_stripes_minor_units_are_isos(currency: str) -> None:
    assert stripe("charge.captured", CHARGE | {"currency": currency}).amount == Money(currency.upper(), 1500)


@pytest.mark.parametrize(
    "message", [b"{}", b'{"data": 1}', b'{"data": {"object": []}}', b'{"id": "e", "type": "charge.captured", "data": {"object": {}}}']
)
def test_a_stripe_message_of_another_shape_is_refused_and_not_a_crash(message: bytes) -> None:
    with pytest.raises(InputRejected):
        SPECS["stripe"].webhook.to_facts(message, None)
