"""The router in a process: today's rules, a card that changes under it, breakers that every outcome feeds."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from tests.unit.payments.routing.cards import asked
from tests.unit.payments.scorecards.cards import AT, document, row
from transactional.payments.merchant_accounts import MerchantAccount
from transactional.payments.routing.candidates import candidates_among
from transactional.payments.routing.decision import Rule
from transactional.payments.routing.detector import BreakerState
from transactional.payments.routing.policy import Policy
from transactional.payments.routing.router import Router, Told, expected_of
from transactional.payments.routing.rules import Prohibition, RuleBook, Traffic
from transactional.payments.scorecards.client import Fetched, ScorecardClient
from transactional.payments.scorecards.staleness import Tier

ACCOUNTS = (
    MerchantAccount("adyen", "EU", "Europe/Amsterdam", {"EUR": "EUR"}),
    MerchantAccount("adyen", "EU2", "Europe/Amsterdam", {"EUR": "EUR"}),
    MerchantAccount("stripe", "US", "UTC", {"USD": "USD", "EUR": "EUR"}),
    MerchantAccount("old", "O", "UTC", {"EUR": "EUR"}, until=date(2026, 1, 1)),
)
RULES = RuleBook((Prohibition("march", "never", "adyen", Traffic(), "a test", date(2026, 3, 2)),))
POLICY = Policy("p1", {"*": ("stripe", "adyen")}, epsilon=0, rules=RULES)
ROWS = [
    row("adyen", sr_mean=0.9, rank=1),
    row("stripe", sr_mean=0.8, rank=2),
    row("adyen", "country", country="DE", sr_mean=0.6, rank=2),
    row("stripe", "country", country="DE", sr_mean=0.7, rank=1),
]


def router(body: bytes | None = None) -> Router:
    client = ScorecardClient(lambda _etag: Fetched(200, "e", body) if body else Fetched(503))
    client.poll(AT)
    return Router(client, lambda _day: POLICY, candidates_among(ACCOUNTS))


def at(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def test_the_narrowest_cell_decides_and_the_decision_says_which_card() -> None:
    decision = router(document(ROWS, version=12)).decide(asked(), AT)
    assert (decision.action.psp, decision.card_version, decision.choices[0].level) == ("stripe", 12, "country")
    assert router(document(ROWS)).decide(asked(country="FR"), AT).action.psp == "adyen"


def test_candidates_are_the_accounts_of_the_currency_valid_today_one_per_psp() -> None:
    decision = router(document(ROWS)).decide(asked(), AT)
    assert {choice.psp: choice.account for choice in decision.choices} == {"adyen": "EU", "stripe": "US"}
    assert router(document(ROWS)).decide(asked(currency="USD"), AT).rule is Rule.ONLY_ONE


def test_rules_change_at_midnight() -> None:
    decision = router(document(ROWS)).decide(asked(country="FR"), AT + timedelta(hours=12))
    assert decision.excluded == {"adyen": "march"}


def test_a_payment_goes_on_without_a_card() -> None:
    decision = router().decide(asked(), AT)
    assert (decision.action.psp, decision.tier, decision.rule) == ("stripe", Tier.UNREAD, Rule.STATIC)


def test_every_outcome_feeds_the_breaker_whatever_chose_the_psp() -> None:
    # the trap: hyperswitch#8523: scores learn only from payments routed by success rate
    running = router(document(ROWS))
    decision = running.decide(asked(country="FR"), AT)
    told = expected_of(decision)
    assert told == Told("adyen", 0.9)
    for second in range(6):
        running.sent(told, at(second))
        running.answered(Told("adyen", 0.9), approved=False, at=at(second))
    assert running.breakers(at(6))["adyen"].state is BreakerState.OPEN
    assert running.decide(asked(country="FR"), at(6)).excluded == {"adyen": "breaker_open"}
    assert running.breakers(at(200))["adyen"].state is BreakerState.HALF_OPEN


def test_a_timeout_is_a_failure_until_it_is_known_better() -> None:
    running = router(document(ROWS))
    told = Told("adyen", 0.9)
    running.timed_out(told, AT)
    before = running.breakers(AT)["adyen"].fast
    running.was_approved_after_all(told)
    assert running.breakers(AT)["adyen"].fast < before
