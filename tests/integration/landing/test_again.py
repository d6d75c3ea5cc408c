"""A new warehouse from the originals of an old one: the same files, versions and moments, and what today's parsers make of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from assets.landing import doors
from assets.landing.detection import FolderHints
from assets.reconciliation.tables import BREAK_THREADS, THREAD_MEMBERS
from pipelines.cli import run
from pipelines.resources.frames import polars_schema
from pipelines.resources.warehouse import Warehouse
from tests.integration.landing.offers import HISTORY, NOW, STATEMENT, Land, totals

MOMENTS = "select sha256, received_at, folder from raw.source_files order by sha256"
BETTER = STATEMENT.replace(b"12,50", b"13,50")


@pytest.fixture
def landed(land: Land, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two versions of one name and a rate history; the last file met a parser that did not know it yet."""
    land(STATEMENT, "s.sta", FolderHints.of(Path("in/bank/s.sta")))
    land(BETTER, "s.sta", now=NOW + timedelta(days=1))
    land(STATEMENT, "copy.sta", now=NOW + timedelta(days=1))
    with monkeypatch.context() as patched:
        patched.setattr(doors, "detect", lambda content, name: doors.FileKind.MT940)
        land(HISTORY, "h.csv", now=NOW + timedelta(days=2))


def again(old_url: str, new_url: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("COUNTROOM_WAREHOUSE_URL", new_url)
    monkeypatch.setenv("COUNTROOM_OLD_WAREHOUSE_URL", old_url)
    return run(["ingest"])


def test_the_same_files_with_their_versions_and_moments_and_what_is_understood_by_now(
    landed: None, configured: None, database_url: str, new_database: Callable[[], str], warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_url = new_database()
    new = Warehouse(new_url)
    assert again(database_url, new_url, monkeypatch) == 1, "a row of the statement is still refused"
    assert new.read(MOMENTS).equals(warehouse.read(MOMENTS))
    before, after = totals(warehouse), totals(new)
    assert {name: after[name] for name in ("lines", "statements", "settlement")} == {
        name: before[name] for name in ("lines", "statements", "settlement")
    }
    assert [row[5:7] for row in before["files"]].count((0, "refused")) == 1
    assert [row[6] for row in after["files"]] == ["landed"] * 3
    assert len(after["rates"]) == 4
    assert after["files"] != before["files"]


def test_the_threads_of_breaks_come_along_once_and_are_not_put_back_later(
    landed: None, configured: None, database_url: str, new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks orphaned notes: people wrote them to a thread's id, and a new warehouse would give the break another."""
    old, new = Warehouse(database_url), Warehouse(new_url := new_database())
    row = {"thread_id": "brk_1", "break_id": "brk_2", "break_class": "amount", "account": "EU", "currency": "EUR", "amount_minor": 1, "is_open": True}
    rest = {"reporting_currency": "EUR", "first_seen_at": NOW, "last_seen_at": NOW, "run_id": "r"}
    thread = pl.DataFrame([dict.fromkeys(BREAK_THREADS.column_names()) | row | rest], schema=polars_schema(BREAK_THREADS))
    old.replace(BREAK_THREADS, thread)
    old.replace(THREAD_MEMBERS, pl.DataFrame({"thread_id": ["brk_1"], "item_key": ["bank:1:1"]}))
    again(database_url, new_url, monkeypatch)
    assert new.read(BREAK_THREADS).equals(thread)
    assert new.read(THREAD_MEMBERS).rows() == [("brk_1", "bank:1:1")]
    new.replace(BREAK_THREADS, thread.with_columns(break_id=pl.lit("brk_3")))
    again(database_url, new_url, monkeypatch)
    assert new.read(BREAK_THREADS)["break_id"].to_list() == ["brk_3"]


def test_a_rebuilding_that_was_cut_off_goes_on_and_ends_the_same(
    landed: None, configured: None, database_url: str, new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    new_url = new_database()
    again(database_url, new_url, monkeypatch)
    first = totals(Warehouse(new_url))
    again(database_url, new_url, monkeypatch)
    assert totals(Warehouse(new_url)) == first


def test_a_warehouse_with_files_of_its_own_is_refused(
    landed: None, configured: None, database_url: str, new_database: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    new_url = new_database()
    (tmp_path / "other.sta").write_bytes(STATEMENT.replace(b"12,50", b"99,50"))
    monkeypatch.setenv("COUNTROOM_WAREHOUSE_URL", new_url)
    run(["ingest", str(tmp_path / "other.sta")])
    assert again(database_url, new_url, monkeypatch) == 2
    assert "begin with an empty one" in capsys.readouterr().err


def test_paths_and_another_warehouse_at_once_is_a_question(configured: None, database_url: str, capsys: Any) -> None:
    assert run(["ingest", "here", "--originals-of", database_url]) == 2
    assert "--originals-of" in capsys.readouterr().err
