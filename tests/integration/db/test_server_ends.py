"""The server dies, or its disk is full, in the middle of posting and landing: it is said, nothing acknowledged is lost, nothing is half there, and the same
again completes it. (Whole runs through the same faults are in docs/runbooks/after_a_fault.md.)

A server of this module's own, on a small tmpfs where mounting is allowed; elsewhere the tests of a full disk skip.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from assets.landing.detection import FolderHints
from assets.landing.doors import land_file
from pipelines.cli import run
from pipelines.resources.object_store import FolderStore
from pipelines.resources.warehouse import Warehouse
from tests.integration.db.test_local_server import PG_BIN, end, eventually
from tests.integration.landing.offers import NOW, STATEMENT, totals
from tests.integration.ledger.moves import move
from transactional.db import local_server
from transactional.db.engine import make_engine
from transactional.db.local_server import locks
from transactional.ledger.service import Ledger
from transactional.migrations.runner import migrate

_ROOM = "size=256m"
_HISTORY = [f"{date(2005, 1, 1) + timedelta(days=n)},1.0{n % 1000:03},161.{n % 100:02},\n" for n in range(6_000)]


@dataclass(frozen=True, slots=True)
class Casino:
    """A migrated casino on a server of its own."""

    home: Path
    is_small: bool

    @property
    def url(self) -> str:
        """The server's, started again if it died."""
        return local_server.ensure_running(self.home, PG_BIN, grace_seconds=1.0).url

    def dies(self) -> None:
        """As `pg_ctl stop -m immediate`: no shutdown, no checkpoint; the next start recovers."""
        os.kill(json.loads((self.home / "pg" / "server.json").read_text())["postmaster"], signal.SIGQUIT)
        assert eventually(lambda: not locks.is_held_exclusively(self.home / "pg" / "supervisor"))

    @contextmanager
    def without_room(self) -> Iterator[None]:
        """Not a byte is left on the server's disk."""
        if not self.is_small:
            pytest.skip("a small disk cannot be mounted here")
        ballast = self.home.parent / "ballast"
        try:
            with ballast.open("wb", buffering=0) as file, suppress(OSError):  # until there is no space left
                while True:
                    file.write(bytes(1 << 16))
            yield
        finally:
            ballast.unlink()


@pytest.fixture(scope="module")
def casino() -> Iterator[Casino]:
    folder = Path(tempfile.mkdtemp(prefix="countroom-test-"))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", _ROOM, "tmpfs", str(folder)], capture_output=True, check=False).returncode == 0
    folder.chmod(0o755)
    made = Casino(folder / "home", mounted)
    try:
        migrate(made.url)
        yield made
    finally:
        end(made.home)
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)
        shutil.rmtree(folder)


def keys_of(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {key for (key,) in connection.execute("select idempotency_key from app.journal_entries")}


def test_a_server_that_dies_between_a_posting_and_its_commit_keeps_exactly_what_it_acknowledged(casino: Casino) -> None:
    engine = make_engine(casino.url)
    for number in range(6):
        with engine.begin() as connection:
            Ledger(connection).post(move(1, f"dies {number}"))
    with engine.connect() as connection:
        Ledger(connection).post(move(1, "dies 6"))
        casino.dies()
        with pytest.raises(sa.exc.OperationalError):
            connection.commit()
    engine.dispose()
    assert {key for key in keys_of(casino.url) if key.startswith("dies")} == {f"dies {number}" for number in range(6)}
    again = make_engine(casino.url)
    with again.connect() as connection:
        posted = Ledger(connection).post_batch([move(1, f"dies {number}") for number in range(10)])
        connection.commit()
    again.dispose()
    assert [each.replayed for each in posted] == [True] * 6 + [False] * 4


def test_a_server_that_dies_in_a_landing_leaves_nothing_of_the_file_and_again_lands_it(casino: Casino, tmp_path: Path) -> None:
    store, warehouse = FolderStore(tmp_path), Warehouse(casino.url)
    before = totals(warehouse)
    with warehouse.connect() as connection:
        with pytest.raises(psycopg.OperationalError):
            land_file(
                STATEMENT, "s.sta", FolderHints(), connection, store, now=NOW, on_step=lambda step: casino.dies() if step == "written" else None
            )
        connection.close()
    warehouse = Warehouse(casino.url)
    assert totals(warehouse) == before
    with warehouse.connect() as connection:
        assert land_file(STATEMENT, "s.sta", FolderHints(), connection, store, now=NOW).status == "landed"


def test_a_ledger_whose_disk_is_full_says_so_and_goes_on_when_there_is_room(casino: Casino) -> None:
    engine, acknowledged = make_engine(casino.url), {"before"}
    with engine.begin() as connection:
        Ledger(connection).post(move(1, "before"))

    def post_for_ever() -> None:
        for number in range(100):
            keys = [f"full {number} {each}" for each in range(500)]
            with engine.begin() as connection:
                Ledger(connection).post_batch([move(1, key) for key in keys])
            acknowledged.update(keys)

    with casino.without_room(), pytest.raises(sa.exc.OperationalError, match="No space left on device"):
        post_for_ever()
    assert {key for key in keys_of(casino.url) if not key.startswith("dies")} == acknowledged
    with engine.begin() as connection:
        assert not Ledger(connection).post(move(1, "full, and room again")).replayed
    engine.dispose()


def test_a_landing_on_the_servers_full_disk_says_so_and_lands_when_there_is_room(
    casino: Casino, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "eurofxref-hist.csv").write_text("Date,USD,JPY,\n" + "".join(reversed(_HISTORY)))
    monkeypatch.setenv("COUNTROOM_DATABASE_URL", casino.url)
    monkeypatch.setenv("COUNTROOM_HOME", str(tmp_path / "home"))
    before = totals(Warehouse(casino.url))
    with casino.without_room():
        assert run(["ingest", str(tmp_path / "eurofxref-hist.csv")]) == 2
        assert "No space left on device" in capsys.readouterr().err.splitlines()[-1]
        assert totals(Warehouse(casino.url)) == before
    assert run(["ingest", str(tmp_path / "eurofxref-hist.csv")]) == 0
    assert len(totals(Warehouse(casino.url))["rates"]) == len(before["rates"]) + 2 * len(_HISTORY)
