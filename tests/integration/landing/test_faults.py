"""What is not the file's fault: the connection ends in the middle of a landing, the disk is full. Nothing is half there, and again lands it."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from assets.landing.detection import FolderHints
from assets.landing.doors import land_file
from pipelines.cli import run
from pipelines.resources.object_store import FolderStore
from pipelines.resources.warehouse import Warehouse
from tests.integration.landing.offers import HISTORY, NOW, STATEMENT, Land, totals
from transactional.vocabulary.errors import Transient


@pytest.mark.parametrize("step", ["stored", "parsed", "registered", "written"])
def test_a_connection_lost_at_a_step_leaves_nothing_and_again_lands_the_file(step: str, database_url: str, store: FolderStore, land: Land) -> None:
    warehouse = Warehouse(database_url)
    before = totals(warehouse)
    with warehouse.connect() as connection, psycopg.connect(database_url, autocommit=True) as other:

        def cut(reached: str) -> None:
            if reached == step:
                other.execute("select pg_terminate_backend(%s, 5000)", [connection.info.backend_pid])

        with pytest.raises(psycopg.OperationalError):  # which `told_to_dagster` tries again and the command line calls by its name
            land_file(STATEMENT, "s.sta", FolderHints(), connection, store, now=NOW, on_step=cut)
        connection.close()
    assert totals(warehouse) == before
    assert land(STATEMENT, "s.sta").status == "landed"
    assert len(totals(warehouse)["lines"]) == len(totals(warehouse)["rejected"]) == 1


@contextmanager
def full_disk(free_bytes: int) -> Iterator[None]:
    """No file may grow beyond so many bytes: the kernel refuses the write, as on a full disk, without needing one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (free_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_keeps_no_half_of_an_object_and_may_pass(tmp_path: Path) -> None:
    store, content = FolderStore(tmp_path), b"x" * 50_000
    with full_disk(10_000), pytest.raises(Transient, match="storing 'originals/ab'"):
        store.put_new("originals/ab", content)
    assert (store.exists("originals/ab"), [path for path in tmp_path.rglob("*") if path.is_file()]) == (False, [])
    assert store.put_new("originals/ab", content)
    assert store.get("originals/ab") == content


def test_a_landing_on_a_full_disk_says_so_in_one_line_and_lands_when_there_is_room(
    configured: None, tmp_path: Path, warehouse: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "h.csv").write_bytes(HISTORY)
    with full_disk(len(HISTORY) // 2):
        assert run(["ingest", str(tmp_path / "h.csv")]) == 2
    told = capsys.readouterr().err.splitlines()
    assert "countroom: storing 'originals/" in told[-1]
    assert totals(warehouse)["files"] == []
    assert run(["ingest", str(tmp_path / "h.csv")]) == 0
    assert len(totals(warehouse)["rates"]) == 4
