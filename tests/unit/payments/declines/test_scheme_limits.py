"""Are the card schemes' limits kept over all PSPs, on the dates they are in force, and no stricter than they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from transactional.payments.declines.scheme_limits import SCHEME_RULES, Try, judge

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD = datetime(2025, 5, 24, 12, tzinfo=UTC)  # Visa still allowed 15
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def refusals(count: int, before: datetime = NOW, network: str = "05", advice: str | None = None, apart: timedelta = HOUR) -> list[Try]:
    """So many refusals before a moment, the newest `apart` before it. Whose PSP they were does not matter: that is the point."""
    return [Try(before - apart * (number + 1), is_approved=False, network_code=network, advice_code=advice) for number in range(count)]


@pytest.mark.parametrize(
    ("at", "allowed_reattempts", "rule"), [(NOW, 20, "visa-soft-20"), (OLD, 15, "visa-soft-15")], ids=["2026: 20", "before 2025-05-25: 15"]
)
def test_the_first_visa_reattempt_too_many_is_refused(at: datetime, allowed_reattempts: int, rule: str) -> None:
    """RT §5.6 test 8. The first refusal is no re-attempt, so one more attempt than the limit was made when the last allowed one is."""
    assert judge("visa", "EU", refusals(allowed_reattempts, at), at).is_allowed
    verdict = judge("visa", "EU", refusals(allowed_reattempts + 1, at), at)
    assert (verdict.refused_by, verdict.fee_minor, verdict.currency) == (rule, 10, "USD")


def test_the_limit_lets_go_when_the_oldest_try_leaves_the_window() -> None:
    tries = refusals(21)
    verdict = judge("visa", "EU", tries, NOW)
    assert verdict.free_again_at == NOW - 21 * HOUR + timedelta(days=30)
    assert judge("visa", "EU", tries, verdict.free_again_at).is_allowed
    assert not judge("visa", "EU", tries, verdict.free_again_at - timedelta(seconds=1)).is_allowed


@pytest.mark.parametrize("code", ["04", "41", "43", "46", "R0"])
def test_what_the_issuer_never_approves_is_not_asked_again(code: str) -> None:
    assert judge("visa", "EU", refusals(1, network=code), NOW).refused_by == "visa-never-2025"


def test_57_is_final_only_from_the_day_on_which_it_is() -> None:
    later = datetime(2026, 10, 25, tzinfo=UTC)
    assert judge("visa", "EU", refusals(1, network="57"), NOW).is_allowed
    assert judge("visa", "EU", refusals(1, later, network="57"), later).refused_by == "visa-never-2026"


@pytest.mark.parametrize("advice", ["03", "21"])
def test_mastercard_s_advice_never_holds_for_thirty_days(advice: str) -> None:
    tries = refusals(1, network="51", advice=advice)
    assert judge("mastercard", "EU", tries, NOW).refused_by == "mastercard-never"
    assert judge("mastercard", "EU", tries, NOW + timedelta(days=30)).is_allowed


def test_mastercard_counts_attempts_by_day_and_by_month() -> None:
    assert judge("mastercard", "EU", refusals(9), NOW).is_allowed
    assert judge("mastercard", "EU", refusals(10), NOW).refused_by == "mastercard-day"
    slow = timedelta(hours=20)  # two a day at most
    assert judge("mastercard", "EU", refusals(34, apart=slow), NOW).is_allowed
    assert judge("mastercard", "EU", refusals(35, apart=slow), NOW).refused_by == "mastercard-month"


def test_an_approved_payment_ends_the_count() -> None:
    """A player who deposits the same 50 EUR every day is no re-attempt of yesterday's refusal."""
    tries = [*refusals(21), Try(NOW - timedelta(minutes=30), is_approved=True)]
    assert judge("visa", "EU", tries, NOW).is_allowed
    assert not judge("visa", "EU", [*refusals(21), Try(NOW - 40 * DAY, is_approved=True)], NOW).is_allowed


def test_the_order_in_which_tries_are_told_does_not_matter() -> None:
    tries = [*refusals(12), Try(NOW - timedelta(hours=6, minutes=30), is_approved=True), *refusals(3, network="41")]
    assert judge("visa", "EU", tries, NOW) == judge("visa", "EU", tries[::-1], NOW)


def test_cards_of_schemes_without_a_rule_and_no_cards_at_all_are_free() -> None:
    assert judge(None, "EU", refusals(100), NOW).is_allowed
    assert judge("amex", "EU", refusals(100), NOW).is_allowed
    assert judge("visa", "EU", [], NOW).is_allowed


def test_rules_are_dated_sourced_and_leave_no_day_without_a_soft_limit() -> None:
    for rule in SCHEME_RULES:
        assert rule.valid_from < rule.valid_to, rule.rule_id
        assert rule.source_url.startswith("https://"), rule.rule_id
    soft = sorted((rule for rule in SCHEME_RULES if rule.rule_id.startswith("visa-soft")), key=lambda rule: rule.valid_from)
    assert [rule.valid_to for rule in soft[:-1]] == [rule.valid_from for rule in soft[1:]]
