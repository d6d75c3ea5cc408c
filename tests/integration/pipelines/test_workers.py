"""The processes that run dbt and great-expectations: what they answer, and what happens when they die."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from assets.catalogues.registries import catalogue
from assets.catalogues.tables import CATALOGUES
from expectations.registry import suites
from pipelines.resources.dbt import Dbt, DbtTarget
from pipelines.resources.expectations import ExpectationsRunner
from pipelines.resources.turn import turn
from pipelines.resources.warehouse import Warehouse
from pipelines.resources.worker_process import WorkerProcess
from tests.conftest import REPOSITORY
from transactional.vocabulary.errors import ContractBroken, InvariantBroken

ROLE = "countroom_pipeline"


def test_a_worker_that_dies_is_an_error_with_the_end_of_its_log(tmp_path: Path) -> None:
    with WorkerProcess("pipelines.resources.no_such_worker", {}, tmp_path / "log") as worker, pytest.raises(InvariantBroken, match="no_such_worker"):
        list(worker.ask({}))


@pytest.mark.slow
def test_a_build_tells_each_model_and_test_and_names_what_failed(database_url: str, tmp_path: Path) -> None:
    with Dbt(DbtTarget.postgres(database_url, ROLE), tmp_path) as dbt:
        parsed = dbt.prepare().stat()
        told = list(dbt.build(["--select", "stg_app__accounts", "stg_fx__rates"]))
        # the trap: the build's own manifest over the one that definitions read, half there when the build is killed
        assert (dbt.manifest_path.stat().st_ino, dbt.manifest_path.stat().st_mtime_ns) == (parsed.st_ino, parsed.st_mtime_ns)
        assert [event["info"]["msg"] for event in told if event["info"]["level"] == "error"] == []
        names = {event["data"]["node_info"]["node_name"] for event in told}
        assert {"stg_app__accounts", "stg_fx__rates", "stg_fx__rates_grain"} <= names
        with psycopg.connect(database_url) as connection:
            connection.execute("drop view staging.stg_fx__rates; drop table raw.fx__rates")
        with pytest.raises(ContractBroken, match="stg_fx__rates"):
            list(dbt.build(["--select", "stg_fx__rates"]))


@pytest.mark.slow
def test_a_project_that_was_parsed_is_not_parsed_again(tmp_path: Path) -> None:
    target = DbtTarget.nowhere("anything")
    with Dbt(target, tmp_path) as dbt:
        first = dbt.prepare().stat().st_mtime_ns
    again = Dbt(target, tmp_path)
    assert again.prepare().stat().st_mtime_ns == first
    assert again._worker is None


def test_the_password_is_in_no_description_of_a_target() -> None:
    target = DbtTarget.postgres("postgresql://user:hunter2@localhost:5432/books", ROLE)
    assert "hunter2" not in repr(target)
    assert [name for name, value in target.environment.items() if value == "hunter2"] == ["DBT_ENV_SECRET_COUNTROOM_PASSWORD"]


@pytest.mark.slow
def test_a_suite_holds_on_good_rows_and_names_what_broke(database_url: str, tmp_path: Path) -> None:
    warehouse = Warehouse(database_url)
    for table in CATALOGUES:
        warehouse.replace(table, catalogue(table))
    suite = next(suite for suite in suites() if suite.name == "bank_statement_lines")
    with ExpectationsRunner(tmp_path) as runner:
        assert all(verdict["held"] for verdict in runner.judge(suite, warehouse))
        with psycopg.connect(database_url) as connection:
            connection.execute(
                """insert into raw.bank__statement_lines (bank_account, currency, report, statement_id, statement_no, amount_minor, is_booked,
                       is_reversal, status, booking_date, description, transaction_count, details, _file_id, _source_file, _file_version,
                       _file_sha256, _source_line, _row_hash, _loaded_at)
                   values ('DE1', 'eur', 'mt940', 's', 1, 9007199254740993, true, false, 'guessed', '2026-01-01', '', 1, '[]',
                       gen_random_uuid(), 'f', 1, 'x', 1, 'h', now())"""
            )
        broken = {verdict["promise"]: verdict for verdict in runner.judge(suite, warehouse) if not verdict["held"]}
    assert set(broken) == {"currency matches ^[A-Z]{3}$", "status is a known word"}
    # the trap: "one row is wrong", and nobody can find which
    assert broken["status is a known word"]["examples"] == ["status 'guessed' (file f, line 1)"]
    assert broken["currency matches ^[A-Z]{3}$"]["examples"] == ["currency 'eur' (file f, line 1)"]


def test_the_turn_is_given_back_when_the_block_ends(database_url: str) -> None:
    with turn(database_url), psycopg.connect(database_url) as other:
        held = other.execute(
            "select count(*) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())"
        ).fetchone()
        assert held == (1,)
    with turn(database_url):
        pass


STUCK = """
import threading
from pipelines.resources.worker_process import serve
def handle(request):
    yield {"begun": request["number"]}
    threading.Thread(target=threading.Event().wait).start()  # as a library's own thread: not a daemon
    threading.Event().wait()
serve(handle)
"""


@pytest.fixture
def stuck_worker() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", STUCK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=REPOSITORY) as worker:
        yield worker
        worker.kill()


def test_a_worker_whose_run_was_killed_ends_in_the_middle_of_its_request(stuck_worker: subprocess.Popen[bytes]) -> None:
    # the trap: dbt goes on building tables while the next run builds the same ones
    assert stuck_worker.stdin is not None
    assert stuck_worker.stdout is not None
    stuck_worker.stdin.write(b'{"number": 1}\n')
    stuck_worker.stdin.flush()
    assert stuck_worker.stdout.readline() == b'{"begun": 1}\n'
    stuck_worker.stdin.close()
    assert stuck_worker.wait(timeout=30) == 75


def test_a_worker_that_is_asked_nothing_more_ends_well(stuck_worker: subprocess.Popen[bytes]) -> None:
    assert stuck_worker.stdin is not None
    stuck_worker.stdin.close()
    assert stuck_worker.wait(timeout=30) == 0
