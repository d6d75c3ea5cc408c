"""The table of the lifecycle: which facts end in which state. Orders and repetitions are in tests/properties/test_payments_lifecycle.py."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from transactional.payments.facts import FactKind, PaymentFact
from transactional.payments.lifecycle import Flag, RefundStatus, Status, state_of
from transactional.vocabulary.money import Money

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def told(*steps: str) -> list[PaymentFact]:
    """Facts from 'kind', 'kind 100' or 'kind 100 ref', one minute apart in effect."""
    return [_fact(number, *step.split()) for number, step in enumerate(steps)]


def _fact(number: int, kind: str, minor: str = "100", reference: str | None = None) -> PaymentFact:
    return PaymentFact(
        kind=FactKind(kind),
        psp="adyen",
        merchant_account="CountroomEU",
        effective_at=START + timedelta(minutes=number),
        dedupe_key=f"{number}:{kind}",
        amount=Money("EUR", int(minor)),
        psp_reference="P1",
        modification_reference=reference,
    )


TABLE: list[tuple[tuple[str, ...], Status]] = [
    ((), Status.UNKNOWN),
    (("information",), Status.UNKNOWN),
    (("created",), Status.CREATED),
    (("created", "requires_action"), Status.REQUIRES_ACTION),
    (("created", "requires_action", "authorised"), Status.AUTHORISED),
    (("created", "failed"), Status.FAILED),
    (("created", "failed", "authorised"), Status.AUTHORISED),
    (("authorised", "failed"), Status.FAILED),
    (("authorised", "voided"), Status.VOIDED),
    (("voided", "authorised"), Status.VOIDED),
    (("authorised", "captured"), Status.CAPTURED),
    (("authorised 100", "captured 60"), Status.PARTIALLY_CAPTURED),
    (("authorised 100", "captured 60", "captured 40"), Status.CAPTURED),
    (("authorised", "captured", "settled"), Status.SETTLED),
    (("captured 60", "captured 40", "settled 60"), Status.CAPTURED),
    (("captured", "failed"), Status.CAPTURED),
    (("authorised", "voided", "captured"), Status.CAPTURED),
    (("captured", "capture_failed"), Status.FAILED),
    (("captured", "capture_failed", "captured"), Status.CAPTURED),
    (("captured", "refund_requested"), Status.CAPTURED),
    (("captured", "refunded 30 r1"), Status.PARTIALLY_REFUNDED),
    (("captured", "refunded 30 r1", "refunded 70 r2"), Status.REFUNDED),
    (("captured", "refunded 100 r1", "refund_failed 100 r1"), Status.CAPTURED),
    (("captured", "refunded 100 r1", "refund_cancelled 100 r1"), Status.CAPTURED),
    (("captured", "refund_failed 100 r1"), Status.CAPTURED),
    (("captured", "settled", "chargeback"), Status.CHARGED_BACK),
    (("captured", "settled", "chargeback", "chargeback_reversed"), Status.SETTLED),
    (("captured", "chargeback", "chargeback_reversed", "second_chargeback"), Status.CHARGED_BACK),
    (("payout_requested",), Status.REQUESTED),
    (("payout_requested", "payout_held"), Status.HELD),
    (("payout_requested", "payout_held", "payout_approved"), Status.APPROVED),
    (("payout_requested", "payout_approved", "payout_held"), Status.HELD),
    (("payout_requested", "payout_approved", "payout_sent"), Status.SENT),
    (("payout_requested", "payout_sent", "payout_returned"), Status.RETURNED),
    (("payout_requested", "payout_sent", "payout_failed"), Status.RETURNED),
    (("payout_requested", "payout_failed"), Status.FAILED),
    (("payout_requested", "payout_cancelled"), Status.CANCELLED),
    (("payout_requested", "payout_cancelled", "payout_sent"), Status.SENT),
]


@pytest.mark.parametrize(("steps", "status"), TABLE, ids=[" ".join(steps) or "nothing" for steps, _ in TABLE])
def test_the_table_of_states(steps: tuple[str, ...], status: Status) -> None:
    assert state_of(told(*steps)).status is status


def test_every_kind_of_fact_is_in_the_table() -> None:
    told_of = {step.split()[0] for steps, _ in TABLE for step in steps}
    assert told_of >= {kind.value for kind in FactKind} - {"report_available"}


def test_a_late_capture_after_a_void_is_money_with_a_flag() -> None:
    state = state_of(told("authorised", "voided", "captured"))
    assert (state.captured_minor, state.flags) == (100, {Flag.LATE_AFTER_VOID})


def test_a_void_after_the_capture_is_told_apart_from_a_late_capture() -> None:
    assert state_of(told("authorised", "captured", "voided")).flags == {Flag.VOID_AFTER_CAPTURE}


def test_a_late_failed_never_overwrites_a_capture() -> None:
    state = state_of(told("authorised", "captured", "failed"))
    assert (state.status, state.captured_minor, state.flags) == (Status.CAPTURED, 100, {Flag.FAILED_AFTER_CAPTURE})


def test_a_declined_first_try_of_an_intent_leaves_no_flag_on_its_capture() -> None:
    assert state_of(told("failed", "authorised", "captured")).flags == frozenset()


def test_captures_in_parts_add_up_and_too_much_is_flagged() -> None:
    state = state_of(told("authorised 100", "captured 60 c1", "captured 60 c2"))
    assert (state.captured_minor, state.flags) == (120, {Flag.OVER_CAPTURED})


def test_a_refund_told_as_failed_and_as_cancelled_is_undone_once() -> None:
    state = state_of(told("captured", "refunded 40 r1", "refund_failed 40 r1", "refund_cancelled 40 r1"))
    assert (state.refunded_minor, state.status) == (0, Status.CAPTURED)


def test_a_refund_that_failed_and_was_sent_again_counts_once() -> None:
    state = state_of(told("captured", "refunded 40 r1", "refund_failed 40 r1", "refunded 40 r1"))
    assert (state.refunded_minor, state.refunds[0].status) == (40, RefundStatus.SENT)


def test_the_failure_of_one_refund_does_not_undo_another() -> None:
    state = state_of(told("captured", "refunded 40 r1", "refund_failed 60 r2"))
    assert state.refunded_minor == 40
    assert [(refund.reference, refund.status) for refund in state.refunds] == [("r1", RefundStatus.SENT), ("r2", RefundStatus.FAILED)]


def test_a_refund_before_its_capture_is_counted_and_flagged_until_the_capture_comes() -> None:
    early = state_of(told("refunded 100 r1"))
    assert (early.refunded_minor, early.flags) == (100, {Flag.OVER_REFUNDED})
    assert state_of(told("refunded 100 r1", "captured 100")).status is Status.REFUNDED


def test_a_reversal_without_its_chargeback_is_flagged() -> None:
    assert state_of(told("captured", "chargeback_reversed")).flags == {Flag.UNDONE_WITHOUT_MOVEMENT}


def test_a_payout_sent_although_cancelled_is_sent_and_flagged() -> None:
    state = state_of(told("payout_requested", "payout_cancelled", "payout_sent"))
    assert (state.paid_out_minor, state.flags) == (100, {Flag.SENT_AFTER_END})


def test_another_currency_is_flagged_and_never_added() -> None:
    other = PaymentFact(FactKind.CAPTURED, "adyen", "CountroomEU", START, "x", Money("USD", 7))
    state = state_of([*told("captured"), other], currency="EUR")
    assert (state.captured_minor, state.flags) == (100, {Flag.SEVERAL_CURRENCIES})


def test_a_zero_amount_authorisation_and_capture_are_not_money() -> None:
    state = state_of(told("authorised 0", "captured 0", "capture_failed 0"))
    assert (state.captured_minor, state.authorised_minor) == (0, 0)
