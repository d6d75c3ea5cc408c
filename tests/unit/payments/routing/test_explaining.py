"""The sentences about a decision say what the decision says, and nothing computed anew."""

from __future__ import annotations

from tests.unit.payments.routing.cards import ADYEN, ALL, NOON, around, asked, found
from transactional.payments.routing.decision import Rule
from transactional.payments.routing.detector import Breaker, BreakerState
from transactional.payments.routing.explaining import _BY_RULE, explained
from transactional.payments.routing.policy import Looked, Policy, decide
from transactional.payments.scorecards.staleness import Tier

CARD = found({"adyen": around(0.80, 2, cost_bps=100.0, cost_fixed_minor=10, cost_coverage=1.0), "stripe": around(0.90, 1)})
POLICY = Policy("p1", {"*": ("adyen",)}, epsilon=0, margin_bps=1_000)


def test_in_words_and_numbers() -> None:
    decision = decide(
        asked(), ALL, CARD, {"adyen": Breaker(BreakerState.HALF_OPEN, NOON), "third": Breaker(BreakerState.OPEN, NOON)}, POLICY, Looked(Tier.EASED, 7)
    )
    assert [sentence.english for sentence in explained(decision)][:5] == [
        "stripe was the first choice and was taken (probability 80.0 %).",
        "The card was late: half the usual exploration.",
        "stripe: 90.0 % expected to succeed (88.0 % to 92.0 %, from the cell country); probability 80.0 %.",
        (
            "adyen: 80.0 % expected to succeed (78.0 % to 82.0 %, from the cell country), worth 352 minor units an attempt; probability 20.0 %; "
            "breaker half_open."
        ),
        "third was left out: it was failing at that moment.",
    ]


def test_every_rule_and_tier_has_its_sentence() -> None:
    assert set(_BY_RULE) == set(Rule)
    for tier in Tier:
        assert all(sentence.english for sentence in explained(decide(asked(), (ADYEN,), CARD, {}, POLICY, Looked(tier))))
