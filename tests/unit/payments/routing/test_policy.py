"""Who gets an attempt: rules before scores, chance with its probability, and never a payment refused because analytics failed."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.payments.routing.cards import ADYEN, ALL, NOON, STRIPE, THIRD, around, asked, found
from transactional.payments.routing.decision import Rule
from transactional.payments.routing.detector import Breaker, BreakerState
from transactional.payments.routing.policy import Looked, Policy, decide
from transactional.payments.routing.rules import Commitment, CostCap, Prohibition, RuleBook, Traffic
from transactional.payments.scorecards.card import Found
from transactional.payments.scorecards.staleness import Tier
from transactional.vocabulary.errors import InputRejected, Refused

PRIORITY = {"DE": ("stripe", "adyen"), "*": ("adyen", "stripe")}
GREEDY = Policy("p1", PRIORITY, epsilon=0)
CURIOUS = Policy("p1", PRIORITY, epsilon=0.02)
SINCE = date(2025, 1, 1)
FRESH = Looked(Tier.NORMAL, 7)
OPEN, HALF = Breaker(BreakerState.OPEN, NOON), Breaker(BreakerState.HALF_OPEN, NOON)


def card(adyen: float = 0.80, stripe: float = 0.90, third: float = 0.70) -> Found:
    order = sorted({"adyen": adyen, "stripe": stripe, "third": third}.items(), key=lambda one: -one[1])
    return found({psp: around(mean, rank) for rank, (psp, mean) in enumerate(order, 1)})


def never(psp: str, effect: Literal["never", "only"] = "never", **traffic: object) -> Prohibition:
    return Prohibition(f"{effect}-{psp}", effect, psp, Traffic(**traffic), "a test", SINCE)  # type: ignore[arg-type]


def test_the_best_score_is_taken() -> None:
    decision = decide(asked(), ALL, card(), {}, GREEDY, FRESH)
    assert (decision.action, decision.rule, decision.propensity, decision.card_version) == (STRIPE, Rule.BEST, 1.0, 7)
    assert [choice.psp for choice in decision.choices] == ["stripe", "adyen", "third"]


def test_exploration_has_the_probability_it_is_logged_with() -> None:
    # the trap: propensities that are not those of the draw make every off-policy estimate wrong
    taken = Counter(decide(asked(number), ALL, card(), {}, Policy("p1", PRIORITY, epsilon=0.3), FRESH).action.psp for number in range(20_000))
    assert taken["adyen"] / 20_000 == pytest.approx(0.15, abs=0.01)
    assert taken["third"] / 20_000 == pytest.approx(0.15, abs=0.01)


def test_an_intent_that_asks_twice_is_answered_alike() -> None:
    again = [decide(asked(99), candidates, card(), {}, CURIOUS, FRESH) for candidates in (ALL, ALL[::-1])]
    assert again[0] == again[1]


def test_another_policy_or_salt_draws_anew() -> None:
    drawn = {decide(asked(3), ALL, card(), {}, policy, FRESH).drawn for policy in (CURIOUS, Policy("p2", PRIORITY), Policy("p1", PRIORITY, salt="b"))}
    assert len(drawn) == 3


def test_a_psp_that_is_hardly_better_does_not_take_over() -> None:
    # the trap: two PSPs whose intervals overlap change places at each publication
    tied = found({"adyen": around(0.803, rank=2), "stripe": around(0.800, rank=1)})
    assert decide(asked(), (ADYEN, STRIPE), tied, {}, GREEDY, FRESH).head == "stripe"
    clear = found({"adyen": around(0.81, rank=2), "stripe": around(0.80, rank=1)})
    assert decide(asked(), (ADYEN, STRIPE), clear, {}, GREEDY, FRESH).head == "adyen"


def test_an_old_card_promotes_nobody_inside_the_intervals() -> None:
    near = found({"adyen": around(0.81, rank=2), "stripe": around(0.80, rank=1)})
    assert decide(asked(), (ADYEN, STRIPE), near, {}, GREEDY, Looked(Tier.CAUTIOUS, 7)).head == "stripe"
    far = found({"adyen": around(0.86, rank=2), "stripe": around(0.80, rank=1)})
    assert decide(asked(), (ADYEN, STRIPE), far, {}, GREEDY, Looked(Tier.CAUTIOUS, 7)).head == "adyen"


@pytest.mark.parametrize("tier", [Tier.STATIC, Tier.UNREAD])
def test_without_a_usable_card_the_list_of_the_country_decides_and_nothing_is_explored(tier: Tier) -> None:
    decision = decide(asked(), ALL, card(adyen=0.99) if tier is Tier.STATIC else None, {}, CURIOUS, Looked(tier, 7))
    assert (decision.action, decision.rule, decision.propensity) == (STRIPE, Rule.STATIC, 1.0)
    assert decide(asked(country="FR"), ALL, None, {}, CURIOUS, Looked(tier, 7)).action == ADYEN
    assert decide(asked(), (THIRD,), None, {}, CURIOUS, Looked(tier, 7)).action == THIRD, "a PSP that is on no list is better than no payment"


def test_a_late_card_explores_half_as_much() -> None:
    normal, late = (decide(asked(), ALL, card(), {}, CURIOUS, Looked(tier, 7)) for tier in (Tier.NORMAL, Tier.EASED))
    assert normal.choices[1].propensity == pytest.approx(0.01)
    assert late.choices[1].propensity == pytest.approx(0.005)


def test_nobody_is_explored_less_than_the_floor() -> None:
    # the trap: a propensity of 0.0005 gives one approval the weight of 2,000
    decision = decide(asked(), ALL, card(), {}, Policy("p1", PRIORITY, epsilon=0.001), FRESH)
    assert [choice.propensity for choice in decision.choices] == pytest.approx([0.99, 0.005, 0.005])


def test_a_retry_is_not_explored_and_goes_elsewhere() -> None:
    decision = decide(asked(attempt_no=2, tried=frozenset({"stripe"})), ALL, card(), {}, Policy("p1", PRIORITY, epsilon=0.9), FRESH)
    assert (decision.action, decision.rule, decision.propensity) == (ADYEN, Rule.RETRY, 1.0)
    assert decision.excluded == {"stripe": "already_tried"}


def test_an_open_breaker_overrules_the_score_and_is_overruled_by_there_being_nobody_else() -> None:
    assert decide(asked(), ALL, card(), {"stripe": OPEN}, GREEDY, FRESH).action == ADYEN
    everybody = {"stripe": OPEN, "adyen": OPEN, "third": OPEN}
    assert decide(asked(), ALL, card(), everybody, GREEDY, FRESH).action == STRIPE


def test_a_half_open_psp_gets_its_probes_and_no_more() -> None:
    decision = decide(asked(), ALL, card(), {"stripe": HALF}, CURIOUS, FRESH)
    shares = {choice.psp: choice.propensity for choice in decision.choices}
    assert (decision.head, shares["stripe"]) == ("adyen", 0.2)
    assert decide(asked(), (STRIPE,), card(), {"stripe": HALF}, CURIOUS, FRESH).rule is Rule.ONLY_ONE


def test_a_prohibition_stands_whatever_the_score_and_names_its_rule() -> None:
    policy = Policy("p1", PRIORITY, epsilon=0, rules=RuleBook((never("stripe", countries=frozenset({"DE"})),)))
    decision = decide(asked(), ALL, card(), {"adyen": OPEN, "third": OPEN}, policy, FRESH)
    assert decision.excluded["stripe"] == "never-stripe"
    assert decision.action == ADYEN
    assert decide(asked(country="FR"), ALL, card(), {}, policy, FRESH).action == STRIPE


def test_only_means_nothing_else() -> None:
    policy = Policy("p1", PRIORITY, epsilon=0, rules=RuleBook((never("stripe", "only", schemes=frozenset({"visa"})),)))
    assert decide(asked(scheme="visa"), ALL, card(), {}, policy, FRESH).action == STRIPE
    assert decide(asked(), ALL, card(), {}, policy, FRESH).action == ADYEN, "what has no scheme is not Visa"


def test_no_psp_at_all_is_a_refusal_that_says_why() -> None:
    policy = Policy("p1", PRIORITY, rules=RuleBook((never("*", bins=("411111",)),)))
    with pytest.raises(Refused) as refusal:
        decide(asked(bin="41111122"), ALL, card(), {}, policy, FRESH)
    assert (refusal.value.code, refusal.value.detail) == ("no_eligible_psp", {"excluded": dict.fromkeys(("adyen", "stripe", "third"), "never-*")})


def test_rules_have_their_days() -> None:
    rule = Prohibition("old", "never", "stripe", Traffic(), "a test", date(2025, 1, 1), date(2026, 1, 1))
    assert RuleBook((rule,)).on(date(2025, 12, 31)).prohibitions == (rule,)
    assert RuleBook((rule,)).on(date(2026, 1, 1)).prohibitions == ()


def test_a_bound_on_the_amount_needs_its_currency() -> None:
    # the trap: "at most 5000" of which currency? 5,000 JPY are 30 EUR
    with pytest.raises(InputRejected, match="exactly one currency"):
        Traffic(max_minor=5_000)


def test_a_promised_share_is_kept_but_not_by_a_psp_that_is_down() -> None:
    policy = Policy("p1", PRIORITY, rules=RuleBook(commitments=(Commitment("third-10", "third", 0.10, Traffic(), "a contract", SINCE),)))
    shares = {choice.psp: choice.propensity for choice in decide(asked(), ALL, card(), {}, policy, FRESH).choices}
    assert shares == pytest.approx({"stripe": 0.89, "adyen": 0.01, "third": 0.10})
    assert "third" not in {choice.psp for choice in decide(asked(), ALL, card(), {"third": OPEN}, policy, FRESH).choices}


def test_a_cap_excludes_what_is_known_to_be_too_dear_and_nobody_else() -> None:
    cap = CostCap("cap-300", "*", 300, Traffic(), "a test", SINCE)
    policy = Policy("p1", PRIORITY, epsilon=0, rules=RuleBook(cost_caps=(cap,)))
    dear = around(0.9, 1, cost_bps=290.0, cost_fixed_minor=30, cost_coverage=0.95)  # 290 + 0.30 of 50.00 = 350
    rows = {"stripe": dear, "adyen": around(0.8, 2, cost_bps=150.0, cost_fixed_minor=10, cost_coverage=0.95)}
    decision = decide(asked(), (ADYEN, STRIPE), found(rows), {}, policy, FRESH)
    assert (decision.action, decision.excluded) == (ADYEN, {"stripe": "cap-300"})
    assert decide(asked(amount_minor=50_000), (ADYEN, STRIPE), found(rows), {}, policy, FRESH).action == STRIPE, "0.30 of 500.00 is little"
    thin = {**rows, "stripe": around(0.9, 1, cost_bps=290.0, cost_fixed_minor=30, cost_coverage=0.5)}
    assert decide(asked(), (ADYEN, STRIPE), found(thin), {}, policy, FRESH).action == STRIPE


def test_value_promotes_the_cheaper_psp_only_outside_the_intervals() -> None:
    # success .90 at 3.5 % against .88 at 1 %: with a margin of 10 % the second is worth more (0.88 * 9 > 0.90 * 6.5)
    policy = Policy("p1", PRIORITY, objective="value", margin_bps=1_000, epsilon=0)
    costs = {"stripe": {"cost_bps": 350.0}, "adyen": {"cost_bps": 100.0}}
    for half, expected in ((0.02, ADYEN), (0.5, STRIPE)):
        rows = {
            "stripe": around(0.90, 1, half, cost_fixed_minor=0, cost_coverage=1.0, **costs["stripe"]),
            "adyen": around(0.88, 2, half, cost_fixed_minor=0, cost_coverage=1.0, **costs["adyen"]),
        }
        decision = decide(asked(), (ADYEN, STRIPE), found(rows), {}, policy, FRESH)
        assert decision.action == expected
        assert {choice.psp: choice.worth_minor for choice in decision.choices} == {"stripe": round(0.90 * 325), "adyen": round(0.88 * 450)}


def test_value_needs_to_know_what_a_deposit_earns() -> None:
    with pytest.raises(InputRejected, match="margin_bps"):
        Policy("p1", PRIORITY, objective="value")


@settings(max_examples=60, deadline=None)
@given(
    means=st.lists(st.floats(0.01, 0.99), min_size=3, max_size=3),
    states=st.lists(st.sampled_from([None, OPEN, HALF]), min_size=3, max_size=3),
    epsilon=st.floats(0, 1),
    promise=st.floats(0.01, 0.9),
    attempt_no=st.integers(1, 3),
    tier=st.sampled_from(list(Tier)),
    number=st.integers(0, 10**6),
)
def test_probabilities_sum_to_one_and_the_action_has_its_own(
    means: list[float], states: list[Breaker | None], epsilon: float, promise: float, attempt_no: int, tier: Tier, number: int
) -> None:
    policy = Policy("p1", PRIORITY, epsilon=epsilon, rules=RuleBook(commitments=(Commitment("c", "third", promise, Traffic(), "a test", SINCE),)))
    breakers = {one.psp: state for one, state in zip(ALL, states, strict=True) if state}
    decision = decide(asked(number, attempt_no=attempt_no), ALL, card(*means), breakers, policy, Looked(tier, 7))
    shares = {choice.psp: choice.propensity for choice in decision.choices}
    assert sum(shares.values()) == pytest.approx(1)
    assert min(shares.values()) >= 0
    assert decision.propensity == shares[decision.action.psp] > 0
    assert set(shares) | set(decision.excluded) == {"adyen", "stripe", "third"}
    assert decision.is_explore == (decision.action.psp != decision.head)
