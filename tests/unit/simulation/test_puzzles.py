"""Lost and garbled references: planted where asked for, and nowhere else."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from assets.reconciliation.suggestions.near_references import distance_bps
from transactional.simulation.answer_key import Names
from transactional.simulation.puzzles.names import PUZZLES, suggestion_key
from transactional.simulation.puzzles.slips import Slip, doubled, mistyped, neighbour, transposed, truncated
from transactional.simulation.world import CLASSES, World, WorldSpec, build

SPEC = WorldSpec(150, 50, 6, wanted=frozenset({*CLASSES, *PUZZLES}))


@pytest.fixture(scope="module")
def puzzled() -> World:
    return build(SPEC)


@pytest.mark.parametrize("slip", [mistyped, transposed, truncated, doubled])
def test_a_slip_changes_the_reference_and_leaves_it_near(slip: Slip) -> None:
    for reference in (
        "8835511210681324",
        "TX12345678901XT",
        "pi_abcDEF0123456789abcDEF12",
        "0000000000000000",
        "pat_0192f0c1e0f07000aaaaaaaaaaaaaaaa",
    ):
        for seed in range(20):
            garbled = slip(reference, Random(seed))
            assert garbled != reference
            assert distance_bps(garbled, reference) in range(1, 2_500)
            assert garbled != neighbour(reference)  # the trap: a slip that is the next payment's own reference


def test_the_same_seed_gives_the_same_puzzles_and_the_key_names_items_of_the_files(puzzled: World) -> None:
    again = build(SPEC)
    key = suggestion_key(puzzled.suggestions, Names(puzzled.files))
    assert puzzled.files == again.files
    assert key.equals(suggestion_key(again.suggestions, Names(again.files)))
    named = {item for row in puzzled.expected for item in (Names(puzzled.files).key(spot) for spot in row.spots)}
    assert set(key["answers"].explode().explode()) <= named  # every item of a puzzle is an item of a break of the key


def test_no_item_of_a_puzzle_carries_another_mistake(puzzled: World) -> None:
    items = Counter(spot for row in puzzled.expected for spot in row.spots)
    assert [spot for spot, count in items.items() if count > 1] == []


def test_a_world_that_was_not_asked_for_puzzles_has_none_and_its_players_do_the_same(puzzled: World) -> None:
    plain = build(WorldSpec(SPEC.players, SPEC.days, SPEC.seed))
    assert plain.suggestions == []
    assert not any(payment.printed_reference is not None or any(move.miswritten for move in payment.movements) for payment in plain.payments)
    told = [(payment.created_at, payment.asked_minor) for payment in plain.payments]
    assert told == [(payment.created_at, payment.asked_minor) for payment in puzzled.payments]
