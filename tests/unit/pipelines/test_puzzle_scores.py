"""Can each outcome of the score of suggestions come out? A column that cannot be anything else says nothing."""

from __future__ import annotations

import pytest

from pipelines.benchmarks.puzzles import OUTCOMES, PuzzleScore, beside, judged, table, totals

TRUTH, RIVAL, OTHER = frozenset({"bank:1", "payout:1"}), frozenset({"bank:1", "payout:2"}), frozenset({"bank:1", "payout:3"})


def told(keys: frozenset[str], finding: str, rivals: int = 0) -> tuple[dict[str, object], frozenset[str]]:
    return {"finding": finding, "rivals_count": rivals}, keys


@pytest.mark.parametrize(
    ("suggestions", "answers", "outcome"),
    [
        ([told(TRUTH, "unique")], [TRUTH], "right"),
        ([told(OTHER, "unique")], [TRUTH], "wrong"),
        ([told(TRUTH, "unique"), told(OTHER, "unique")], [TRUTH], "wrong"),
        ([told(TRUTH, "ambiguous", 1), told(OTHER, "ambiguous", 1)], [TRUTH], "among_rivals"),
        ([told(OTHER, "ambiguous", 1)], [TRUTH], "missed"),
        ([], [TRUTH], "missed"),
        ([told(TRUTH, "ambiguous", 1), told(RIVAL, "ambiguous", 1)], [TRUTH, RIVAL], "refused"),
        ([told(TRUTH, "unique")], [TRUTH, RIVAL], "wrong"),  # the trap: right by luck
        ([told(TRUTH, "ambiguous", 0)], [TRUTH, RIVAL], "wrong"),  # its rival is not counted
        ([told(OTHER, "ambiguous", 1)], [TRUTH, RIVAL], "wrong"),
    ],
)
def test_an_outcome_says_what_was_told(
    suggestions: list[tuple[dict[str, object], frozenset[str]]], answers: list[frozenset[str]], outcome: str
) -> None:
    rivals = len(answers) - 1
    assert judged(suggestions, answers, rivals) == outcome


def test_worlds_are_added_up_and_a_false_suggestion_is_told_and_makes_the_score_fail() -> None:
    counts = dict.fromkeys(OUTCOMES, 0)
    good = PuzzleScore({"joint_credit": counts | {"right": 2}}, (), 1, 0, 0, ())
    chance = PuzzleScore({"joint_credit": counts | {"right": 1, "among_rivals": 1}}, (), 0, 2, 0, ("joint_credit-01: among_rivals",))
    assert list(table(totals([good, chance])))[-1] == "| joint_credit | 4 | 3 | 0 | 0 | 1 | 0 | 0 |"
    assert good.is_right
    assert chance.is_right
    for bad in (
        PuzzleScore({}, ("L7 a sum of strangers",), 0, 0, 0, ()),
        PuzzleScore({}, (), 0, 0, 1, ()),
        PuzzleScore({"split_payout": counts | {"missed": 1}}, (), 0, 0, 0, ()),
    ):
        assert not bad.is_right
    assert (
        beside([good, chance]) == "0 unique suggestions that are no answer, 1 said to be ambiguous in all, 2 not searched, 0 items of puzzles matched"
    )
