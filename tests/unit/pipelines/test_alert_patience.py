"""When is a message tried again, and when given up: by what was answered, and by its age."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pipelines.alerts.patience import LONGEST_AGE, PERMANENT_TRIES, SHORTEST_WAIT, Waiting, after_failure, is_transient_status

BEGUN = datetime(2026, 1, 6, 12, tzinfo=UTC)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_what_may_be_answered_otherwise_later_is_transient(status: int) -> None:
    assert is_transient_status(status)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 409, 410, 413, 422])
def test_what_is_not_wanted_is_permanent(status: int) -> None:
    # the trap: a redirect, which is not followed, taken for a passing weakness of the receiver
    assert not is_transient_status(status)


def test_a_receiver_that_is_away_is_tried_ever_more_rarely_and_given_up_after_three_days() -> None:
    waiting, now, tries = Waiting(BEGUN), BEGUN, []
    while waiting.undelivered_at is None:
        waiting = after_failure(waiting, now, is_permanent=False)
        tries.append(now - BEGUN)
        now = waiting.next_attempt_at or now
    assert tries[:4] == [timedelta(0), SHORTEST_WAIT, 2 * SHORTEST_WAIT, 4 * SHORTEST_WAIT]
    assert LONGEST_AGE <= tries[-1] < LONGEST_AGE + timedelta(hours=6)
    assert len(tries) == 20  # not 72, one for each hourly look


def test_what_is_not_wanted_is_given_up_after_a_few_looks_however_far_apart() -> None:
    waiting = Waiting(BEGUN)
    for count in range(1, PERMANENT_TRIES + 1):
        assert waiting.undelivered_at is None
        waiting = after_failure(waiting, BEGUN + count * timedelta(minutes=10), is_permanent=True)
    assert (waiting.undelivered_at, waiting.next_attempt_at) == (BEGUN + PERMANENT_TRIES * timedelta(minutes=10), None)


def test_an_outage_between_two_refusals_does_not_start_the_count_again() -> None:
    waiting = Waiting(BEGUN)
    for is_permanent in (True, False, True, True):
        waiting = after_failure(waiting, BEGUN, is_permanent=is_permanent)
    assert waiting.undelivered_at == BEGUN
