"""A PSP that fails is noticed within a few attempts, and a healthy one is left alone."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.payments.routing.cards import NOON
from transactional.payments.routing.detector import (
    UNTOUCHED,
    Alarm,
    Breaker,
    BreakerState,
    DetectorSettings,
    after_outcome,
    after_sending,
    after_timeout,
    corrected,
    rested,
)

SETTINGS = DetectorSettings()
AT_EIGHT = DetectorSettings(fast=Alarm(0.5, 8.0))
SECOND = timedelta(seconds=1)


def attempts_until_open(success: float, expected: float, settings: DetectorSettings, seed: int, limit: int = 100_000) -> int:
    draw, breaker = random.Random(seed), UNTOUCHED
    for attempt in range(1, limit):
        breaker = after_outcome(breaker, approved=draw.random() < success, expected=expected, at=NOON, settings=settings)
        if breaker.state is BreakerState.OPEN:
            return attempt
    return limit


def test_a_killed_psp_is_noticed_within_nine_attempts() -> None:
    # reference RT §5.6 test 6, h=8: median 6, 95 % within 9
    delays = sorted(attempts_until_open(0.05, 0.85, AT_EIGHT, seed) for seed in range(300))
    assert delays[150] <= 6
    assert delays[285] <= 9


def test_a_healthy_psp_is_left_alone_for_thousands_of_attempts() -> None:
    # reference RT §2.5: about one false alarm in 2,500 attempts at h=6 and in 14,500 at h=8; h=4 (250) destroys the benefit
    lengths = [attempts_until_open(0.85, 0.85, SETTINGS, seed, 10_000) for seed in range(40)]
    assert 1_500 < sum(lengths) / len(lengths) < 5_000


def test_a_hard_cell_is_no_outage() -> None:
    # the trap: failures counted against the PSP's average: payers from a country where three of four are declined open the breaker
    lengths = sorted(attempts_until_open(0.25, 0.25, SETTINGS, seed, 2_000) for seed in range(11))
    assert lengths[5] > 1_000
    assert attempts_until_open(0.25, 0.85, SETTINGS, 1) < 20


def told(breaker: Breaker, *outcomes: bool) -> Breaker:
    for approved in outcomes:
        breaker = after_outcome(breaker, approved=approved, expected=0.85, at=NOON, settings=SETTINGS)
    return breaker


def test_it_rests_then_probes_then_closes() -> None:
    opened = told(UNTOUCHED, *[False] * 6)
    assert opened.state is BreakerState.OPEN
    assert rested(opened, NOON + 119 * SECOND, SETTINGS).state is BreakerState.OPEN
    half = rested(opened, NOON + 120 * SECOND, SETTINGS)
    assert (half.state, half.fast) == (BreakerState.HALF_OPEN, 3.0)
    assert told(half, *[True] * 4).state is BreakerState.HALF_OPEN
    assert told(half, *[True] * 5).state is BreakerState.CLOSED
    assert told(half, *[False] * 3).state is BreakerState.OPEN


def test_answers_to_attempts_of_before_neither_open_nor_close() -> None:
    opened = told(UNTOUCHED, *[False] * 6)
    assert told(opened, *[True] * 20).state is BreakerState.OPEN
    assert told(opened, *[False] * 20).since == opened.since


def test_a_timeout_counts_at_once_and_is_taken_back_when_the_answer_comes() -> None:
    # the trap: an outage that shows as silence is waited for, attempt by attempt
    late = after_timeout(UNTOUCHED, expected=0.85, at=NOON, settings=SETTINGS)
    assert late.fast == told(UNTOUCHED, False).fast
    twice = after_timeout(late, expected=0.85, at=NOON, settings=SETTINGS)
    assert corrected(twice, expected=0.85, settings=SETTINGS).fast == pytest.approx(told(UNTOUCHED, False, True).fast)


def test_silence_opens_it() -> None:
    breaker = UNTOUCHED
    for second in range(0, 40, 4):
        breaker = after_sending(breaker, at=NOON + second * SECOND, settings=SETTINGS)
    assert breaker.state is BreakerState.OPEN
    answered = UNTOUCHED
    for second in range(0, 400, 4):
        answered = after_sending(answered, at=NOON + second * SECOND, settings=SETTINGS)
        if second % 20 == 0:
            answered = after_outcome(answered, approved=True, expected=0.85, at=NOON + second * SECOND, settings=SETTINGS)
    assert answered.state is BreakerState.CLOSED


def test_the_slow_alarm_rings_for_a_brown_out_and_goes_on_until_half_is_gone() -> None:
    draw, breaker = random.Random(3), UNTOUCHED
    for _ in range(300):
        breaker = after_outcome(replace(breaker, fast=0.0), approved=draw.random() < 0.6, expected=0.85, at=NOON, settings=SETTINGS)
    assert breaker.alerting
    quiet = 0
    while breaker.alerting:
        breaker, quiet = told(breaker, True), quiet + 1
    assert quiet >= 12  # each approval takes ln(1/0.7) away, and at least half of 8 must go
