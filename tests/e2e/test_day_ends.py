"""Can the history of day ends be filled afterwards, and is a day told again told the same."""

from __future__ import annotations

import dagster as dg
import pytest

from assets.reconciliation.assets import reconciliation__day_ends
from pipelines.resources.warehouse import Warehouse
from tests.running_world import RunWorld

pytestmark = pytest.mark.slow


def tell(url: str, day: str) -> list[tuple[object, ...]]:
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([reconciliation__day_ends], partition_key=day, resources={"warehouse": Warehouse(url)}, instance=instance)
    assert result.success
    rows = Warehouse(url).read("select * from derived.reconciliation__day_ends where day_end_date = $1::date order by 1, 3, 4, 5", [day])
    return rows.rows()


def test_a_day_is_told_with_what_was_known_by_its_end_and_twice_the_same(run_world: RunWorld) -> None:
    # nothing had landed on the 5th: every ledger entry of the day waits or is overdue, and none is matched with a file of the future
    with run_world.copy_of() as url:
        early = tell(url, "2026-01-05")
        last = tell(url, run_world.as_of.date().isoformat())
        assert tell(url, "2026-01-05") == early
    matched = [row[5] for row in early], [row[5] for row in last]
    assert sum(matched[0]) == 0  # type: ignore[arg-type]
    assert sum(matched[1]) > 100  # type: ignore[arg-type]
