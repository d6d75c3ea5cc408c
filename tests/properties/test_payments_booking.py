"""Any order of the facts of a payment ends with the same books (LR §5.8 property 15), and every movement is booked exactly once."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.payments.books import CASH, OWED, PARTY, PENDING, RECEIVABLE, SUSPENSE, Books, booked, fact
from transactional.payments.booking import Known, PaymentBook
from transactional.payments.facts import FactKind
from transactional.payments.money_kinds import EXPECTED_SIGN

DEPOSIT_STORY = (
    "authorised 100", "voided 100", "captured 60 c1", "captured 40 c2", "capture_failed 40 c2", "settled 60 c1", "failed 0",
    "refund_requested 30 r1", "refunded 30 r1", "refund_failed 30 r1", "refund_cancelled 30 r1", "refunded 20 r2", "refund_failed 7 r3",
    "chargeback 50 d1", "chargeback_reversed 50 d1", "second_chargeback 50 d1",
)  # fmt: skip
PAYOUT_STORY = (
    "payout_requested 100", "payout_held 100", "payout_approved 100", "payout_sent 100", "payout_returned 100", "payout_failed 100", "payout_cancelled 100",
)  # fmt: skip

some_of_a_deposit = st.lists(st.sampled_from(DEPOSIT_STORY), unique=True)
some_of_a_payout = st.lists(st.sampled_from(PAYOUT_STORY), unique=True)


@settings(max_examples=400)
@given(some_of_a_deposit, st.data(), st.sampled_from([0, 35, 1000]))
def test_any_order_of_a_deposits_facts_ends_with_the_same_books(story: list[str], data: st.DataObject, cash: int) -> None:
    assert booked(data.draw(st.permutations(story)), cash)[0] == booked(story, cash)[0]


@settings(max_examples=400)
@given(some_of_a_payout, st.data())
def test_any_order_of_a_payouts_facts_ends_with_the_same_books(story: list[str], data: st.DataObject) -> None:
    assert booked(data.draw(st.permutations(story)), 1000)[0] == booked(story, 1000)[0]


@given(st.one_of(some_of_a_deposit, some_of_a_payout), st.data())
def test_any_order_books_the_same_movements_once_each(story: list[str], data: st.DataObject) -> None:
    def movements(steps: list[str]) -> Counter[tuple[str, int]]:
        return Counter((booking.money_kind, booking.amount.minor) for booking in booked(steps, 1000)[1] if booking.money_kind and booking.amount)

    assert movements(data.draw(st.permutations(story))) == movements(story)


@given(st.one_of(some_of_a_deposit, some_of_a_payout))
def test_what_the_psp_owes_us_is_the_sum_of_the_movements_booked(story: list[str]) -> None:
    balances, bookings = booked(story, 1000)
    moved = sum(EXPECTED_SIGN[booking.money_kind] * booking.amount.minor for booking in bookings if booking.money_kind and booking.amount)
    assert balances.get(RECEIVABLE, 0) == moved
    assert sum(balances.values()) == -1000, "the opening cash came from outside these books; everything else adds up to zero"


@given(st.one_of(some_of_a_deposit, some_of_a_payout), st.data())
def test_a_payment_known_late_ends_as_if_it_had_been_known_at_once(story: list[str], data: st.DataObject) -> None:
    """Facts before the cut go against suspense and are adopted; a request is always ours, so it is never among them."""
    cut = data.draw(st.integers(0, len(story)))
    early, late = [fact(step, n) for n, step in enumerate(story[:cut])], [fact(step, cut + n) for n, step in enumerate(story[cut:])]
    early = [each for each in early if each.kind is not FactKind.PAYOUT_REQUESTED]
    books, stranger, known = Books(1000), PaymentBook(None), {}
    for each in early:
        for booking in stranger.record(each):
            known[each.dedupe_key if not booking.is_late else booking.fact.dedupe_key] = Known(
                booking.fact, booking.money_kind, booking.amount, has_entry=booking.entry is not None, is_late=booking.is_late
            )
            if booking.entry:
                books.post(booking.entry)
    book = PaymentBook(PARTY)
    adoptions = [booking for each in early for booking in book.adopt(known[each.dedupe_key])]
    for booking in [*adoptions, *(booking for each in late for booking in book.record(each))]:
        if booking.entry:
            books.post(booking.entry)
    assert books.nonzero() == booked([*early, *late], 1000)[0]


@pytest.mark.parametrize(
    ("steps", "balances"),
    [
        (["captured", "chargeback", "chargeback_reversed"], {CASH: -100, RECEIVABLE: 100}),
        (["chargeback_reversed", "captured", "chargeback"], {CASH: -100, RECEIVABLE: 100}),
        (["refunded", "captured"], {}),
        (["refunded"], {OWED: 100, RECEIVABLE: -100}),
        (["refund_failed 100 r1", "captured", "refunded 100 r1"], {CASH: -100, RECEIVABLE: 100}),
        (["captured", "refund_failed 100 r1"], {CASH: -100, RECEIVABLE: 100}),
        (["payout_sent"], {SUSPENSE: 100, RECEIVABLE: -100}),
    ],
)
def test_the_books_of_some_orders(steps: list[str], balances: dict[str, int]) -> None:
    assert booked(steps)[0] == balances


def test_a_payout_cancelled_and_then_sent_all_the_same_costs_the_player() -> None:
    assert booked(["payout_requested", "payout_cancelled", "payout_sent"], 100)[0] == {RECEIVABLE: -100}


def test_a_request_alone_is_pending() -> None:
    assert booked(["payout_requested"], 100)[0] == {PENDING: -100}
