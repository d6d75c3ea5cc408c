"""The sentences about a decision say what the decision says, and nothing computed anew."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.unit.payments.routing.cards import ADYEN, ALL, NOON, HandCard, around, asked
from transactional.payments.routing.decision import Rule
from transactional.payments.routing.detector import Breaker, BreakerState
from transactional.payments.routing.explaining import _BY_RULE, explained
from transactional.payments.routing.policy import Policy, decide
from transactional.payments.routing.staleness import Tier, tier_of

CARD = HandCard({"adyen": around(0.80, 2, cost_bps=100.0, cost_fixed_minor=10, cost_coverage=1.0), "stripe": around(0.90, 1)})
POLICY = Policy("p1", {"*": ("adyen",)}, epsilon=0, margin_bps=1_000)


def test_in_words_and_numbers() -> None:
    decision = decide(
        asked(), ALL, CARD, {"adyen": Breaker(BreakerState.HALF_OPEN, NOON), "third": Breaker(BreakerState.OPEN, NOON)}, POLICY, Tier.LATE
    )
    assert [sentence.english for sentence in explained(decision)][:5] == [
        "stripe was the first choice and was taken (probability 80.0 %).",
        "The card was late: half the usual exploration.",
        "stripe: 90.0 % expected to succeed (88.0 % to 92.0 %, from the cell country=DE); probability 80.0 %.",
        (
            "adyen: 80.0 % expected to succeed (78.0 % to 82.0 %, from the cell country=DE), worth 352 minor units an attempt; probability 20.0 %; "
            "breaker half_open."
        ),
        "third was left out: it was failing at that moment.",
    ]


def test_every_rule_and_tier_has_its_sentence() -> None:
    assert set(_BY_RULE) == set(Rule)
    for tier in Tier:
        assert all(sentence.english for sentence in explained(decide(asked(), (ADYEN,), CARD, {}, POLICY, tier)))


@pytest.mark.parametrize(
    ("age", "tier"),
    [
        (timedelta(minutes=10), Tier.NORMAL),
        (timedelta(minutes=10, seconds=1), Tier.LATE),
        (timedelta(minutes=15, seconds=1), Tier.OLD),
        (timedelta(minutes=60, seconds=1), Tier.STATIC),
    ],
)
def test_the_age_of_the_newest_outcome_decides_the_tier(age: timedelta, tier: Tier) -> None:
    # the trap: a card published a minute ago from a landing that stopped an hour ago
    assert tier_of(NOON, NOON + timedelta(days=1), NOON + age, timedelta(minutes=5)) is tier


def test_an_expired_card_is_not_used_however_young() -> None:
    assert tier_of(NOON, NOON + timedelta(minutes=1), NOON + timedelta(minutes=1), timedelta(minutes=5)) is Tier.STATIC
    assert tier_of(None, None, NOON, timedelta(minutes=5)) is Tier.NO_CARD
