"""kill -9 of `countroom run` in every stage, each time run again at once, on files in any order and twice: what comes out is what an undisturbed run says.

The last one killed had landed and matched everything, so the run after it is offered every file again and matches anew: landing twice, or break ids that
change from run to run, would show in it.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from assets.landing.detection import files_under
from pipelines.resources.warehouse import Warehouse
from pipelines.standing.state import read_state
from tests.conftest import REPOSITORY
from tests.running_world import RunWorld, countroom

pytestmark = pytest.mark.slow


@pytest.fixture
def books_url(run_world: RunWorld) -> Iterator[str]:
    with run_world.copy_of_books() as url:
        yield url


# What the run has said when it is killed, and where it is then.
STAGES = {
    "  app_facts: done": "landing files",
    "  dbt_inputs: done": "matching",
    "  reconciled: done": "dbt, publishing the marts",
}
PUBLISHED = {
    "reconciliation.fct_item_dispositions": "item_key",
    "reconciliation.fct_cases": "case_id",
    "reconciliation.fct_payout_batches": "psp, account, batch_id, currency",
    "reconciliation.agg_daily_status": "1, 2, 3, 4",
    "ledger.fct_postings": "entry_id, line",
    "payments.fct_payment_events": "event_id",
}


def kill_when_it_says(mark: str, arguments: list[str], url: str, home: Path) -> None:
    environment = os.environ | {"COUNTROOM_DATABASE_URL": url, "COUNTROOM_HOME": str(home)}
    command = [sys.executable, "-m", "pipelines.cli", *arguments]
    with subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if line.startswith(mark):
                process.send_signal(signal.SIGKILL)
                break
        assert process.wait(timeout=60) == -signal.SIGKILL, "".join(said)


def in_any_order_and_twice(folder: Path) -> list[str]:
    """Every file of a world, some a second time, shuffled. A corrected file stays behind the one of its name: the order in which a PSP sends them is a fact."""
    first, corrected = files_under(folder), files_under(folder / "v2")
    names = {path.name for path in corrected}
    offered = [path for path in first if path.name not in names] + random.Random(7).sample(first, len(first) // 3)
    random.Random(8).shuffle(offered)
    before = [path for path in first if path.name in names and path not in offered]
    return [str(path) for path in (*before, *offered, *corrected, *random.Random(9).sample(first, 5))]


def test_a_run_killed_in_every_stage_ends_as_if_nothing_had_been(run_world: RunWorld, books_url: str, tmp_path: Path) -> None:
    run = ["run", *in_any_order_and_twice(run_world.folder), "--as-of", run_world.as_of.isoformat(), "--json"]
    for mark in STAGES:
        kill_when_it_says(mark, run, books_url, tmp_path)
    killed, undisturbed = Warehouse(books_url), Warehouse(run_world.url)
    matched = "select count(*) from derived.reconciliation__breaks"
    assert killed.read(matched).item() == undisturbed.read(matched).item()
    outcome = countroom(run, books_url, tmp_path)
    assert outcome.returncode in (0, 1), outcome.stderr[-4000:]
    assert json.loads(outcome.stdout)["succeeded"], outcome.stderr[-4000:]
    assert read_state(killed).as_dict() == read_state(undisturbed).as_dict()
    for table, order in PUBLISHED.items():
        query = f"select * from {table} order by {order}"
        one, other = (warehouse.read(query).select(pl.exclude("_batch_id")) for warehouse in (killed, undisturbed))  # each landing has its own
        assert one.equals(other), table
