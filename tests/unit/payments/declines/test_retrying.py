"""What is done after a failure: each class its own way, never money elsewhere while an outcome is unknown, never beyond the budget."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from transactional.payments.declines.codes import DeclineMap, read_decline
from transactional.payments.declines.retrying import Budget, Next, Standing, Step, Tried, backoff, next_step
from transactional.payments.declines.scheme_limits import Verdict
from transactional.payments.declines.taxonomy import UnifiedDecline

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
INTENT = UUID(int=7)
ALL = DeclineMap(codes={one.value: one for one in UnifiedDecline})
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def failed(psp: str, why: str, *, stepped_up: bool = False, ago: timedelta = 5 * SECOND) -> Tried:
    return Tried(psp, Standing.FAILED, NOW - ago, stepped_up, read_decline(ALL, date(2026, 11, 28), raw_code=why))


def after(*tried: Tried, verdict: Verdict | None = None, budget: Budget | None = None, known: frozenset[str] = frozenset("abcdef")) -> Next:
    return next_step(INTENT, tried, verdict or Verdict(), budget or Budget(), NOW, lambda excluded: bool(known - excluded))


@pytest.mark.parametrize(
    ("why", "step"),
    [
        ("processing_error", Step.OTHER_PSP),
        ("issuer_unavailable", Step.OTHER_PSP),
        ("do_not_honour", Step.OTHER_PSP),
        ("card_not_supported", Step.OTHER_PSP),
        ("authentication_required", Step.STEP_UP),
        ("duplicate", Step.RESOLVE_FIRST),
        ("outcome_unknown", Step.RESOLVE_FIRST),
        *((why, Step.GIVE_UP) for why in ("lost_or_stolen", "suspected_fraud", "never_approved", "not_permitted", "revoked")),
        *((why, Step.GIVE_UP) for why in ("insufficient_funds", "limit_exceeded", "expired_card", "incorrect_cvc", "cancelled_by_payer")),
        *((why, Step.GIVE_UP) for why in ("blocked_by_us", "blocked_by_psp_risk", "blocked_by_retry_rule", "never_seen_before")),
    ],
)
def test_each_class_of_refusal_has_its_own_next_step(why: str, step: Step) -> None:
    assert after(failed("a", why)).step is step


def test_another_psp_is_never_one_that_was_tried() -> None:
    found = after(failed("a", "processing_error"), failed("b", "processing_error"))
    assert (found.step, found.excluded) == (Step.OTHER_PSP, frozenset("ab"))


@pytest.mark.parametrize("standing", [Standing.UNRESOLVED, Standing.OPEN])
def test_nothing_is_tried_while_any_attempt_may_still_take_the_money(standing: Standing) -> None:
    """Also not when a later attempt failed in a way that invites another: the double charge comes from the earlier one."""
    found = after(Tried("a", standing, NOW), failed("b", "processing_error"))
    assert found.step is (Step.RESOLVE_FIRST if standing is Standing.UNRESOLVED else Step.HOLD_ON)


def test_a_success_ends_it_whatever_else_failed() -> None:
    assert after(Tried("a", Standing.SUCCEEDED, NOW), failed("b", "processing_error")).step is Step.DONE


def test_the_payer_is_asked_to_authenticate_once_and_at_the_same_psp() -> None:
    assert after(failed("a", "authentication_required")) == Next(Step.STEP_UP, "step_up_after_authentication_required", psp="a")
    assert after(failed("a", "authentication_required", stepped_up=True)).step is Step.GIVE_UP
    assert after(failed("a", "processing_error", stepped_up=True), failed("b", "authentication_required")).step is Step.GIVE_UP


@pytest.mark.parametrize("budget", [Budget(attempts=2), Budget(psps=2), Budget(within=4 * SECOND)], ids=["attempts", "PSPs", "time"])
def test_the_budget_ends_it(budget: Budget) -> None:
    assert after(failed("a", "processing_error"), failed("b", "processing_error"), budget=budget).step is Step.GIVE_UP


def test_no_psp_left_and_no_other_remedy_gives_up() -> None:
    assert after(failed("a", "processing_error"), known=frozenset("a")).step is Step.GIVE_UP


def test_the_scheme_s_limit_holds_before_the_first_attempt_too() -> None:
    """The card may have used up its tries in yesterday's intents."""
    verdict = Verdict("visa-soft-20", NOW + timedelta(days=3))
    for tried in ((), (failed("a", "processing_error"),)):
        found = after(*tried, verdict=verdict)
        assert (found.step, found.rule, found.not_before) == (Step.GIVE_UP, "scheme_rule_visa-soft-20", NOW + timedelta(days=3))


def test_a_long_wait_is_the_payer_s_to_decide_and_a_short_one_is_waited() -> None:
    """Blocks the silent charge days later of a payer who left."""
    long = after(failed("a", "insufficient_funds"))
    assert (long.step, long.not_before) == (Step.GIVE_UP, NOW - 5 * SECOND + timedelta(days=1))
    patient = after(failed("a", "issuer_unavailable"), known=frozenset("a"), budget=Budget(payer_waits=timedelta(minutes=6)))
    assert patient.step is Step.WAIT
    assert patient.not_before is not None
    assert patient.not_before >= NOW - 5 * SECOND + 5 * MINUTE


def test_the_wait_doubles_is_bounded_repeats_and_spreads() -> None:
    base, longest = timedelta(seconds=2), timedelta(minutes=5)
    for tries, whole in ((1, 2), (2, 4), (3, 8), (8, 256), (9, 300), (60, 300)):
        wait = backoff(INTENT, tries, base, longest)
        assert whole / 2 <= wait.total_seconds() <= whole
        assert wait == backoff(INTENT, tries, base, longest)
    spread = sorted(backoff(UUID(int=number), 3, base, longest).total_seconds() for number in range(400))
    assert spread[40] < 4.6 < 5.5 < spread[200] < 6.5 < 7.4 < spread[360]
