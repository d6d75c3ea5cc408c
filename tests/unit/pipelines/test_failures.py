"""What Dagster is told of our errors."""

from __future__ import annotations

import dagster as dg
import psycopg
import pytest

from pipelines.failures import MAX_RETRIES, told_to_dagster
from transactional.vocabulary.errors import ContractBroken, InvariantBroken, Place, Transient


@pytest.mark.parametrize("error", [Transient("the store is away"), psycopg.OperationalError("gone")])
def test_what_may_pass_is_tried_again_and_each_time_later(error: Exception) -> None:
    waits = []
    for retry in range(3):
        with pytest.raises(dg.RetryRequested) as told, told_to_dagster("landing", retry):
            raise error
        waits.append(told.value.seconds_to_wait)
        assert told.value.max_retries == MAX_RETRIES
    assert waits == [2.0, 4.0, 8.0]


@pytest.mark.parametrize("error", [ContractBroken("no header", place=Place("a.csv", 1), code="header"), InvariantBroken("books do not balance")])
def test_what_cannot_get_better_is_never_tried_again_and_says_why(error: ContractBroken) -> None:
    # the trap: a broken file read three times, and a run that takes ten minutes longer to fail
    with pytest.raises(dg.Failure) as told, told_to_dagster("landing files"):
        raise error
    assert told.value.allow_retries is False
    assert str(error) in str(told.value.description)
    assert told.value.metadata["code"].value == error.code


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(KeyError), told_to_dagster("anything"):
        raise KeyError("a bug")
