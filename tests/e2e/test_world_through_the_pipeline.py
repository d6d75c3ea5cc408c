"""Does a small casino, landed, reconciled and published by one `countroom run`, agree with its answer key."""

from __future__ import annotations

import json

import pytest

from pipelines.resources.warehouse import Warehouse
from pipelines.standing.score import identities_of_breaks, identities_of_key, score
from pipelines.standing.state import read_state
from tests.running_world import RunWorld, countroom
from transactional.simulation.world import CLASSES

pytestmark = pytest.mark.slow


def test_every_planted_defect_is_found_and_nothing_is_invented(run_world: RunWorld) -> None:
    state = read_state(Warehouse(run_world.url))
    outcome = score(identities_of_breaks(state.breaks), identities_of_key(run_world.answer_key))
    assert outcome.missed == ()
    assert outcome.invented == ()


def test_the_certificate_closes_over_every_item(run_world: RunWorld) -> None:
    state = read_state(Warehouse(run_world.url))
    items = Warehouse(run_world.url).read("select count(*) as items from intermediate.int_reconciliation__items")["items"][0]
    assert state.certificate.closes is True
    assert state.certificate.in_count == items
    assert state.certificate.as_of == run_world.as_of


def test_a_run_writes_every_table_and_only_its_warnings_are_about_the_planted_defects(run_world: RunWorld) -> None:
    assert run_world.report["succeeded"] is True
    assert run_world.report["failed_steps"] == []
    assert [check for check in run_world.report["failed_checks"] if not check.endswith("(warn)")] == []
    assert run_world.report["checks"] > 60


def test_reconcile_tells_breaks_by_its_exit_code_and_as_json(run_world: RunWorld) -> None:
    outcome = countroom(["reconcile", "--json"], run_world.url, run_world.home)
    told = json.loads(outcome.stdout)
    assert outcome.returncode == 1
    assert told["broken"] == sum(row["counts_as_break"] for row in told["breaks"]) > 0
    assert told["certificate"]["closes"] is True


def test_reconcile_before_any_run_says_so(database_url: str, run_world: RunWorld) -> None:
    outcome = countroom(["reconcile"], database_url, run_world.home)
    assert outcome.returncode == 2
    assert "countroom run" in outcome.stderr


def test_the_world_holds_every_class_of_defect(run_world: RunWorld) -> None:
    # the trap: a perfect score because nothing was planted
    assert set(CLASSES) <= set(run_world.answer_key["break_class"])
