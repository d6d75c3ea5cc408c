"""Two small worlds, built once: one quiet, one with every mistake. Tests read them and change nothing."""

from __future__ import annotations

import pytest

from transactional.simulation.world import World, WorldSpec, build


@pytest.fixture(scope="session")
def quiet() -> World:
    """Nothing planted."""
    return build(WorldSpec(300, 24, 11, wanted=frozenset()))


@pytest.fixture(scope="session")
def mistaken() -> World:
    """Everything planted that finds a place."""
    return build(WorldSpec(600, 30, 12))
