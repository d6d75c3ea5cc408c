"""Does the table of precision and recall count what it says it counts? Over small worlds, built once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from assets.reconciliation.breaks import BreakClass
from assets.reconciliation.matching import Outcome
from pipelines.benchmarks.puzzles import PuzzleScore
from pipelines.benchmarks.world_items import reconciled
from pipelines.benchmarks.worlds import ClassLine, WorldScore, false_matches, score_of, score_world, specs, table, totals
from transactional.simulation.answer_key import Expected
from transactional.simulation.defects import NEEDS_CLOSES
from transactional.simulation.puzzles.names import PUZZLES
from transactional.simulation.world import CLASSES, World, WorldSpec, build


@pytest.fixture(scope="module")
def quiet() -> tuple[World, Outcome]:
    world = build(WorldSpec(40, 8, 4, date(2026, 1, 1), frozenset()))
    return world, reconciled(world.files, world.chunks, world.payout_entries, world.spec.as_of)


def test_every_class_is_planted_but_the_one_that_is_no_class_of_the_reference() -> None:
    # blocks: a table without a line for what was never tried
    planted = {*CLASSES, *NEEDS_CLOSES, "timing_open"}
    assert {each.value for each in BreakClass} - planted == {"missing_attempt"}
    assert all(spec.wanted == {*CLASSES, *NEEDS_CLOSES, *PUZZLES} for spec in specs(3, 100, 30))


def test_worlds_begin_all_over_a_year() -> None:
    begins = [spec.start for spec in specs(12, 100, 30)]
    assert {day.month for day in begins} == set(range(1, 13))


def test_what_needs_a_close_is_found_in_a_world_that_has_one() -> None:
    wanted = frozenset({"after_close", "ambiguous_group", "cut_off"})
    one = score_world(WorldSpec(250, 26, 4, date(2026, 3, 10), wanted))
    assert (one.missed, one.invented, dict(one.false_matches), one.certificate_closes) == ((), (), {}, True)
    assert all(one.by_class[name][0] >= 2 for name in wanted)


def test_a_planted_item_that_ended_in_a_group_is_a_false_match(quiet: tuple[World, Outcome]) -> None:
    # blocks: a column of zeros that cannot be anything else
    world, outcome = quiet
    move = next(move for payment in world.payments for move in payment.movements if move.settlement and move.books and move.activity)
    label = Expected("amount", move.merchant.psp, move.merchant.account, move.lane.currency, 1, tuple(move.spots), "amount-01", "never planted")
    assert false_matches(outcome, world.expected, world.files) == {}
    assert false_matches(outcome, [*world.expected, label], world.files) == {"amount": len(move.spots)}
    scored = score_of(outcome, [*world.expected, replace(label, amount_minor=2)], world.files)
    assert [missed[:3] for missed in scored.missed] == [("amount", move.lane.currency, 2)]


def test_worlds_are_added_up_by_class() -> None:
    def world(seed: int, key: int, reported: int, right: int) -> WorldScore:
        nothing = PuzzleScore({}, (), 0, 0, 0, ())
        return WorldScore(seed, 10, 3, {"amount": (key, reported, right)}, {"amount": 1}, True, (), (), nothing)

    lines = totals([world(1, 4, 4, 4), world(2, 4, 1, 1)])
    assert lines == [ClassLine("amount", 8, 5, 5, 1.0, 0.625, 2)]
    assert list(table(lines))[-1] == "| amount | 8 | 5 | 5 | 1.0000 | 0.6250 | 2 |"
