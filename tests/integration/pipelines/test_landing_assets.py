"""Files and facts as Dagster lands them: a bad file stops only itself."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest

from assets.landing.assets import app_facts, arrived_files
from assets.landing.checks import every_file_was_accepted, rows_are_accounted_for
from pipelines.resources.clock import FixedClock
from pipelines.resources.object_store import FolderStore
from pipelines.resources.places import Inbox
from pipelines.resources.warehouse import Warehouse

NOW = datetime(2026, 1, 20, tzinfo=UTC)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def doors(url: str, home: Path) -> dict[str, Any]:
    return {
        "warehouse": Warehouse(url),
        "app_database": Warehouse(url),
        "object_store": FolderStore(home / "objects"),
        "clock": FixedClock(NOW),
        "inbox": Inbox(home),
    }


def land(url: str, home: Path, instance: dg.DagsterInstance, folders: list[Path] | None = None) -> dg.ExecuteInProcessResult:
    config = {"ops": {"arrived_files": {"config": {"folders": [str(folder) for folder in folders or []]}}}}
    checked: list[Any] = [arrived_files, every_file_was_accepted, rows_are_accounted_for]
    return dg.materialize(checked, resources=doors(url, home), run_config=config, instance=instance)


@pytest.fixture
def good_and_bad(tmp_path: Path, shared_data: Path) -> Path:
    """An inbox with a real Adyen report, a real statement, and three files that are none."""
    inbox = Inbox(tmp_path).arriving
    (inbox / "bank").mkdir(parents=True)
    (inbox / "psp" / "adyen" / "YOURCOMPANY_ACCOUNT").mkdir(parents=True)
    shutil.copy(shared_data / "psp_reports" / "adyen" / "settlement_detail_report_batch_380.csv", inbox / "psp" / "adyen" / "YOURCOMPANY_ACCOUNT")
    shutil.copy(shared_data / "bank" / "mt940" / "betterplace_with_binary_character.sta", inbox / "bank")
    (inbox / "psp" / "adyen" / "empty.csv").write_bytes(b"")
    (inbox / "bank" / "photo.sta").write_bytes(bytes(range(256)) * 8)
    (inbox / "psp" / "adyen" / "truncated.csv").write_text("Company Account,Merchant Account,Psp Reference\nA,B")
    return tmp_path


def test_a_bad_file_stops_only_its_own_branch(good_and_bad: Path, database_url: str, instance: dg.DagsterInstance) -> None:
    # the trap: one truncated file, and the whole day is not reconciled
    result = land(database_url, good_and_bad, instance)
    assert result.success
    states = dict(Warehouse(database_url).read("select name, state from raw.source_files").iter_rows())
    assert {name for name, state in states.items() if state == "refused"} == {"empty.csv", "photo.sta", "truncated.csv"}
    assert states["settlement_detail_report_batch_380.csv"] == "landed"
    assert states["betterplace_with_binary_character.sta"] == "landed"


def test_refused_files_are_named_by_a_warning_and_lie_apart(good_and_bad: Path, database_url: str, instance: dg.DagsterInstance) -> None:
    result = land(database_url, good_and_bad, instance)
    checks = {each.check_name: each for each in result.get_asset_check_evaluations()}
    accepted = checks["every_file_was_accepted"]
    assert (accepted.passed, accepted.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "truncated.csv" in str(accepted.metadata["files"].value)
    assert checks["rows_are_accounted_for"].passed
    inbox = Inbox(good_and_bad)
    assert [path for path in inbox.arriving.rglob("*") if path.is_file()] == []
    assert {path.name for path in (good_and_bad / "refused").rglob("*") if path.is_file()} == {"empty.csv", "photo.sta", "truncated.csv"}
    assert len([path for path in (good_and_bad / "landed").rglob("*") if path.is_file()]) == 2


def test_materialisations_tell_rows_and_money_by_currency(good_and_bad: Path, database_url: str, instance: dg.DagsterInstance) -> None:
    result = land(database_url, good_and_bad, instance)
    (event,) = result.asset_materializations_for_node("arrived_files")[2:3]
    by_table = {each.asset_key.path[-1]: each.metadata for each in result.asset_materializations_for_node("arrived_files")}
    assert by_table["psp__settlement_lines"]["dagster/row_count"].value == 228
    assert "| USD | 228 | 0 |" in str(by_table["psp__settlement_lines"]["money (minor units)"].value)
    assert "settlement_detail_report_batch_380.csv | landed | 228" in str(event.metadata["files"].value)


def test_a_folder_that_is_named_is_read_and_left_alone(good_and_bad: Path, database_url: str, instance: dg.DagsterInstance, tmp_path: Path) -> None:
    folder = good_and_bad / "inbox"
    kept = folder.rename(good_and_bad / "given")
    assert land(database_url, good_and_bad, instance, [kept]).success
    assert len([path for path in kept.rglob("*") if path.is_file()]) == 5


def test_no_inbox_is_no_work_and_no_error(tmp_path: Path, database_url: str, instance: dg.DagsterInstance) -> None:
    result = land(database_url, tmp_path, instance)
    assert result.success
    assert all(each.passed for each in result.get_asset_check_evaluations())


def test_the_registry_that_disagrees_with_the_rows_is_an_error(good_and_bad: Path, database_url: str, instance: dg.DagsterInstance) -> None:
    land(database_url, good_and_bad, instance)
    with psycopg.connect(database_url) as connection:
        connection.execute("alter table raw.psp__settlement_lines disable trigger user; delete from raw.psp__settlement_lines where _source_line = 7")
    doors_now = doors(database_url, good_and_bad)
    checks = dg.materialize([arrived_files, rows_are_accounted_for], resources=doors_now, instance=instance, raise_on_error=False)
    (accounted,) = checks.get_asset_check_evaluations()
    assert not accounted.passed
    assert accounted.metadata["first"].value == "settlement_detail_report_batch_380.csv"


def test_app_facts_land_once(database_url: str, tmp_path: Path, instance: dg.DagsterInstance) -> None:
    for _ in range(2):
        assert dg.materialize([app_facts], resources=doors(database_url, tmp_path), instance=instance).success
    watermarks = Warehouse(database_url).read("select count(*) as tables from raw.app_watermarks")
    assert watermarks["tables"][0] == len(list(app_facts.specs))
