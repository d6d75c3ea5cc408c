"""A year of a small casino, its lines in a random order: the engine says the same to the last id.

What lands in any order and in duplicate is what lands in order (tests/integration/landing/test_any_order.py), and twenty-five days go shuffled through the
whole house (tests/e2e/test_killed_run.py); between the two lies only SQL without an order.
"""

from __future__ import annotations

import polars as pl
import pytest

from assets.reconciliation.matching import Outcome, reconcile
from pipelines.benchmarks.world_items import items_of
from transactional.simulation.world import WorldSpec, build

pytestmark = pytest.mark.slow

YEAR = WorldSpec(players=6, days=366, seed=5)


def told(outcome: Outcome) -> dict[str, pl.DataFrame]:
    """Everything the engine says, in an order of its own."""
    frames = {name: getattr(outcome, name) for name in outcome.__slots__}
    return {name: frame.sort(pl.all()) for name, frame in frames.items()}


def test_a_years_lines_in_any_order_end_in_the_same_groups_breaks_and_certificate() -> None:
    # the trap: ties that are broken by the order of arrival, which shows only where a year offers enough of them
    world = build(YEAR)
    once = {content: path for path, content in reversed(world.files.items())}  # the same bytes land once
    files = {path: content for content, path in once.items()}
    items, context = items_of(files, world.chunks, world.payout_entries, YEAR.as_of, files_known_at=YEAR.files_known_at)
    assert items["booked_on"].dt.truncate("1mo").n_unique() >= 12
    in_order = told(reconcile(items, context))
    assert in_order["breaks"].height > 10
    any_order = told(reconcile(items.sample(fraction=1, shuffle=True, seed=3), context))
    assert [name for name, frame in in_order.items() if not frame.equals(any_order[name])] == []
