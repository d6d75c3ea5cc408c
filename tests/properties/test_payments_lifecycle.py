"""The state of an attempt is a function of its set of facts: order and repetition of webhooks change nothing (LR §5.8 property 15)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from transactional.payments.facts import FactKind, PaymentFact
from transactional.payments.lifecycle import state_of
from transactional.vocabulary.money import Money

START = datetime(2026, 3, 1, tzinfo=UTC)


@st.composite
def facts(draw: st.DrawFn) -> list[PaymentFact]:
    """Any facts about one attempt: also nonsense, with ties in time, several references and two currencies."""
    count = draw(st.integers(0, 7))
    return [
        PaymentFact(
            kind=draw(st.sampled_from(FactKind)),
            psp="adyen",
            merchant_account="CountroomEU",
            effective_at=START + timedelta(minutes=draw(st.integers(0, 3))),
            dedupe_key=f"k{number}",
            amount=Money(draw(st.sampled_from(["EUR", "EUR", "EUR", "JPY"])), draw(st.integers(0, 3)) * 50),
            modification_reference=draw(st.sampled_from([None, "r1", "r2"])),
        )
        for number in range(count)
    ]


@given(facts(), st.data())
def test_any_order_and_repetition_of_facts_gives_the_same_state(told: list[PaymentFact], data: st.DataObject) -> None:
    repeated = told + (data.draw(st.lists(st.sampled_from(told))) if told else [])
    shuffled = data.draw(st.permutations(repeated))
    assert state_of(shuffled) == state_of(told)


@given(facts())
def test_what_was_undone_never_exceeds_what_was_moved(told: list[PaymentFact]) -> None:
    single = [fact for fact in told if fact.amount is not None and fact.amount.minor == 50 and fact.amount.currency == "EUR"]
    state = state_of(single, currency="EUR")
    assert state.captured_minor >= 0
    assert state.refunded_minor >= 0
    assert all(refund.refunded_minor >= 0 for refund in state.refunds)
