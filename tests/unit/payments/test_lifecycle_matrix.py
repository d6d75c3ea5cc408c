"""The state machine, every state by every fact: where an attempt goes from each state with each thing that can be said of it next.

A fact that is not in a state's row leaves the state as it is. The traps are the empty places: a late `failed` after a capture, a `voided` after a
capture, an `authorised` after a void, a `created` after anything.
"""

from __future__ import annotations

import pytest

from tests.unit.payments.test_lifecycle import told
from transactional.payments.facts import FactKind
from transactional.payments.lifecycle import Status, state_of

REACHED: dict[str, tuple[str, ...]] = {
    "unknown": (),
    "created": ("created",),
    "requires_action": ("created", "requires_action"),
    "authorised": ("created", "authorised 100"),
    "failed": ("created", "failed"),
    "voided": ("authorised 100", "voided"),
    "partially_captured": ("authorised 100", "captured 60 c1"),
    "captured": ("authorised 100", "captured 100 c1"),
    "settled": ("authorised 100", "captured 100 c1", "settled 100"),
    "partially_refunded": ("authorised 100", "captured 100 c1", "refunded 40 r1"),
    "refunded": ("authorised 100", "captured 100 c1", "refunded 100 r1"),
    "charged_back": ("authorised 100", "captured 100 c1", "chargeback 100 d1"),
    "requested": ("payout_requested",),
    "held": ("payout_requested", "payout_held"),
    "approved": ("payout_requested", "payout_approved"),
    "sent": ("payout_requested", "payout_approved", "payout_sent"),
    "returned": ("payout_requested", "payout_sent", "payout_returned"),
    "cancelled": ("payout_requested", "payout_cancelled"),
}
PAYOUTS = {"requested", "held", "approved", "sent", "returned", "cancelled"}

# What is said next of a deposit; the capture is of 40, so that a void or an authorisation of 100 before it is seen to be captured in part.
WORDS = {"requires_action": "requires_action", "failed": "failed", "voided": "voided", "capture_failed": "failed"}
LOST = {"chargeback": "charged_back", "second_chargeback": "charged_back"}
MATRIX: dict[str, dict[str, str]] = {
    "unknown": {
        **WORDS, **LOST, "created": "created", "authorised": "authorised", "captured": "captured",
        "payout_requested": "requested", "payout_held": "held", "payout_approved": "approved", "payout_sent": "sent",
        "payout_returned": "returned", "payout_failed": "failed", "payout_cancelled": "cancelled",
    },
    "created": {**WORDS, **LOST, "authorised": "authorised", "captured": "captured"},
    "requires_action": {**WORDS, **LOST, "authorised": "authorised", "captured": "captured"},
    "authorised": {**WORDS, **LOST, "captured": "partially_captured"},
    "failed": {**LOST, "requires_action": "requires_action", "authorised": "authorised", "captured": "captured", "voided": "voided"},
    "voided": {**LOST, "captured": "partially_captured"},
    "partially_captured": {**LOST, "captured": "captured", "capture_failed": "failed", "settled": "settled", "refunded": "partially_refunded"},
    "captured": {**LOST, "capture_failed": "failed", "settled": "settled", "refunded": "partially_refunded"},
    "settled": {**LOST, "captured": "captured", "capture_failed": "failed", "refunded": "partially_refunded"},
    "partially_refunded": {**LOST, "capture_failed": "failed", "refund_failed": "captured", "refund_cancelled": "captured"},
    "refunded": {**LOST, "captured": "partially_refunded", "capture_failed": "failed", "refund_failed": "captured", "refund_cancelled": "captured"},
    "charged_back": {"chargeback_reversed": "captured"},
    "requested": {
        "payout_held": "held", "payout_approved": "approved", "payout_sent": "sent", "payout_returned": "returned",
        "payout_failed": "failed", "payout_cancelled": "cancelled",
    },
    "held": {
        "payout_approved": "approved", "payout_sent": "sent", "payout_returned": "returned", "payout_failed": "failed", "payout_cancelled": "cancelled",
    },
    "approved": {
        "payout_held": "held", "payout_sent": "sent", "payout_returned": "returned", "payout_failed": "failed", "payout_cancelled": "cancelled",
    },
    "sent": {"payout_returned": "returned", "payout_failed": "returned"},
    "returned": {"payout_sent": "sent"},
    "cancelled": {"payout_sent": "sent"},
}  # fmt: skip
UNDOES = {  # what undoes something names it: its reference, and as much as was moved
    "partially_captured": {"capture_failed": "60 c1", "settled": "60"},
    "partially_refunded": {"refund_failed": "40 r1", "refund_cancelled": "40 r1"},
}
SAID = {
    "captured": "40 c9",
    "refunded": "30 r9",
    "capture_failed": "100 c1",
    "refund_failed": "100 r1",
    "refund_cancelled": "100 r1",
    "chargeback": "100 d1",
    "chargeback_reversed": "100 d1",
    "second_chargeback": "100 d1",
}


def test_the_matrix_has_every_state() -> None:
    assert set(MATRIX) == set(REACHED) == {status.value for status in Status}


@pytest.mark.parametrize("state", REACHED)
def test_every_fact_after_every_state_leads_where_the_matrix_says(state: str) -> None:
    assert state_of(told(*REACHED[state])).status == state
    for kind in FactKind:
        if state == "unknown" or kind.startswith("payout") == (state in PAYOUTS):
            amount = UNDOES.get(state, {}).get(kind, SAID.get(kind, "100"))
            after = state_of(told(*REACHED[state], f"{kind.value} {amount}")).status.value
            assert (kind.value, after) == (kind.value, MATRIX[state].get(kind, state))


@pytest.mark.parametrize("state", [state for state in REACHED if state not in PAYOUTS])
@pytest.mark.parametrize("kind", ["created", "requires_action", "authorised", "failed", "voided", "information", "report_available"])
def test_words_never_change_sums_of_money(state: str, kind: str) -> None:
    before, after = state_of(told(*REACHED[state])), state_of(told(*REACHED[state], kind))
    assert (after.captured_minor, after.refunded_minor, after.charged_back_minor, after.settled_minor) == (
        before.captured_minor, before.refunded_minor, before.charged_back_minor, before.settled_minor,
    )  # fmt: skip
