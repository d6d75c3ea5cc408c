"""Can the history of day ends be filled afterwards, and is a day told again told the same."""

from __future__ import annotations

from datetime import UTC, datetime

import dagster as dg
import pytest

from pipelines.jobs import DAY_END
from pipelines.resources.clock import FixedClock
from pipelines.resources.warehouse import Warehouse
from tests.running_world import RunWorld

pytestmark = pytest.mark.slow

LATER = datetime(2026, 2, 1, tzinfo=UTC)
_ROWS = "select * from derived.reconciliation__day_ends where day_end_date = $1::date order by 1, 3, 4, 5"


def tell(url: str, day: str) -> list[tuple[object, ...]]:
    with dg.DagsterInstance.ephemeral() as instance:
        doors = {"warehouse": Warehouse(url), "clock": FixedClock(LATER)}
        result = DAY_END.execute_in_process(partition_key=day, resources=doors, instance=instance)
        told = instance.get_latest_materialization_event(dg.AssetKey(["derived", "reconciliation__day_ends"]))
    assert result.success
    assert told is not None
    return Warehouse(url).read(_ROWS, [day]).rows()


def test_a_day_is_told_with_what_was_known_by_its_end_and_twice_the_same(run_world: RunWorld) -> None:
    # nothing had landed on the 5th: every ledger entry of the day waits or is overdue, and none is matched with a file of the future
    with run_world.copy_of() as url:
        early = tell(url, "2026-01-05")
        last = tell(url, run_world.as_of.date().isoformat())
        assert tell(url, "2026-01-05") == early
    matched = [row[5] for row in early], [row[5] for row in last]
    assert sum(matched[0]) == 0  # type: ignore[arg-type]
    assert sum(matched[1]) > 100  # type: ignore[arg-type]


def test_a_run_tells_the_day_it_is_in_with_its_own_answer_and_publishes_it(run_world: RunWorld) -> None:
    # the trap: a table of the lineage that no run fills, and a mart that is empty until somebody remembers a backfill
    warehouse = Warehouse(run_world.url)
    told = warehouse.read(
        "select as_of, sum(matched_count)::bigint as matched, sum(broken_count)::bigint as broken from reconciliation.agg_day_end_status group by as_of"
    )
    cases = warehouse.read("select status, count(*) as case_count from reconciliation.fct_cases group by status")
    counted = dict(cases.iter_rows())
    assert told.rows() == [(run_world.as_of, counted["matched"], counted["broken"])]
