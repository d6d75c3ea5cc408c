"""Suggestions over a small casino whose lost and garbled references are known: each named, refused or left alone as it should be, and nothing matched."""

from __future__ import annotations

from datetime import date

import pytest

from pipelines.benchmarks.worlds import WorldScore, score_world
from transactional.simulation.puzzles.names import EQUAL, JOINT_RIVALS, MANUAL_RIVALS, MONEY_ALONE, OFF_BY_ONE, PUZZLES, SLIP_RIVALS
from transactional.simulation.world import CLASSES, WorldSpec

AMBIGUOUS, DECOYS = {JOINT_RIVALS, EQUAL, MANUAL_RIVALS, SLIP_RIVALS}, {MONEY_ALONE, OFF_BY_ONE}


@pytest.fixture(scope="module")
def scored() -> WorldScore:
    return score_world(WorldSpec(220, 60, 5, date(2025, 9, 20), frozenset({*CLASSES, *PUZZLES})))


def test_every_puzzle_is_planted_and_told_as_it_should_be(scored: WorldScore) -> None:
    # the traps: a score of 1 over what was never planted; an ambiguous sum told as if it were the only one; a decoy taken for an answer
    assert set(scored.puzzles.by_puzzle) == set(PUZZLES)
    for name, counts in scored.puzzles.by_puzzle.items():
        wanted = "refused" if name in AMBIGUOUS else "silent" if name in DECOYS else "right"
        assert {outcome: count for outcome, count in counts.items() if count} == {wanted: sum(counts.values())}, name


def test_no_other_suggestion_is_said_to_be_the_only_one_and_no_item_of_a_puzzle_is_matched(scored: WorldScore) -> None:
    assert scored.puzzles.false_unique == ()
    assert scored.puzzles.false_matches == 0


def test_the_halves_of_a_puzzle_are_breaks_of_the_key_and_disturb_no_other_mistake(scored: WorldScore) -> None:
    assert (scored.missed, scored.invented, dict(scored.false_matches), scored.certificate_closes) == ((), (), {}, True)
