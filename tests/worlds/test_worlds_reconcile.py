"""Every planted mistake is found as what it is, with its amount and its items, and nothing else is found. Files through the real parsers."""

from __future__ import annotations

import pytest
from polars.testing import assert_frame_equal

from pipelines.benchmarks.world_items import reconciled
from tests.worlds.desk_of_truth import differences
from tests.worlds.scenarios import MONTHS, SCENARIOS, SLOW
from transactional.simulation.world import CLASSES, WorldSpec, build

WORLDS = {**MONTHS, **SCENARIOS}


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in WORLDS])
def test_every_planted_mistake_is_found_and_nothing_else(name: str) -> None:
    spec = WORLDS[name]
    world = build(spec)
    outcome = reconciled(world.files, world.chunks, world.payout_entries, spec.as_of)
    assert differences(outcome, world.expected, world.files) == ([], [])
    assert outcome.certificate["closes"].all()
    if not spec.wanted:
        assert outcome.breaks["counts_as_break"].sum() == 0
    if name in MONTHS:  # the trap: a perfect score over a class that was never planted
        assert set(CLASSES) <= {one.break_class for one in world.expected}


@pytest.mark.parametrize("break_class", ["payout_returned", "restated", "batch_residue", "sign"])
def test_a_mistake_planted_alone_is_found_alone(break_class: str) -> None:
    # blocks: a defect that is only explained because another one sits beside it
    spec = WorldSpec(200, 24, 4, wanted=frozenset({break_class}))
    world = build(spec)
    outcome = reconciled(world.files, world.chunks, world.payout_entries, spec.as_of)
    assert differences(outcome, world.expected, world.files) == ([], [])
    assert set(outcome.breaks.filter(outcome.breaks["counts_as_break"])["break_class"]) == {break_class}


def test_the_short_way_ends_where_the_long_one_does() -> None:
    # blocks: a plain case that another layer had something to say of; charges, days, versions and reversals are all in a world
    spec = WorldSpec(300, 26, 11)
    world = build(spec)
    short, long = (reconciled(world.files, world.chunks, world.payout_entries, spec.as_of, shortcut=shortcut) for shortcut in (True, False))
    for name in ("groups", "dispositions", "breaks", "certificate", "gates", "reserves", "conversions"):
        assert_frame_equal(getattr(short, name), getattr(long, name), check_row_order=False)
