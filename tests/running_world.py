"""A small casino that went through the whole pipeline, once per session: for end-to-end and warehouse tests.

The run is a `countroom run` in a process of its own, as a user would start it; tests look at what it left. Under xdist the first worker makes it
and the others wait. Nobody may write to its database: a test that changes something copies it (`copy_of`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import make_url

from tests.databases import create_database, drop_database
from transactional.db.engine import make_engine
from transactional.db.local_server import locks
from transactional.db.unit_of_work import UnitOfWork
from transactional.simulation.drive import write_books
from transactional.simulation.world import World, WorldSpec, answer_key, build

ROOT = Path(__file__).parents[1]
SPEC = WorldSpec(players=600, days=25, seed=1)  # large enough that every class of defect occurs


@dataclass(frozen=True, slots=True)
class RunWorld:
    """Where the casino is and what its run said. `answer_key` is what the reconciliation must have found."""

    server: str
    url: str
    home: Path
    folder: Path
    as_of: datetime
    report: dict[str, Any]

    @property
    def answer_key(self) -> pl.DataFrame:
        return pl.read_parquet(self.folder / "answer_key.parquet")

    @property
    def dbt_folder(self) -> Path:
        """What dbt left of the run; a copy's runs have a folder of their own."""
        return self.home / "dbt" / f"postgres-{make_url(self.url).database}"

    @contextmanager
    def copy_of(self) -> Iterator[str]:
        """A database of the test's own with everything the run left."""
        with self._copy(_run_of(str(make_url(self.url).database))) as url:
            yield url

    @contextmanager
    def copy_of_books(self) -> Iterator[str]:
        """A database of the test's own with the casino's side only, before anything was landed."""
        with self._copy(_books_of(str(make_url(self.url).database))) as url:
            yield url

    @contextmanager
    def _copy(self, original: str) -> Iterator[str]:
        url = create_database(self.server, f"{original}_{uuid.uuid4().hex[:8]}", original)
        try:
            yield url
        finally:
            drop_database(self.server, url)


@pytest.fixture(scope="session")
def run_world(pg_server: str, template_database: str, session_root: Path) -> RunWorld:
    """The casino of SPEC, reconciled."""
    home, folder, kept = session_root / "world-home", session_root / "world", session_root / "world.report.json"
    name = template_database.removesuffix("template") + "world"
    url = make_url(pg_server).set(database=name).render_as_string(hide_password=False)
    with locks.exclusive(session_root / "world.lock", timeout_seconds=600):
        if not kept.exists():
            books = create_database(pg_server, _books_of(name), template_database)
            world = build(SPEC)
            write_world(world, folder)
            record_books(world, books)
            create_database(pg_server, name, _books_of(name))
            outcome = countroom(["run", str(folder), str(folder / "v2"), "--as-of", SPEC.as_of.isoformat(), "--json"], url, home)
            assert outcome.returncode in (0, 1), outcome.stderr[-6000:]
            assert "Warning" not in outcome.stderr, outcome.stderr  # a library's own troubles are not the user's
            # copies are made of this one, to which nobody connects: PostgreSQL copies no database that somebody is reading
            create_database(pg_server, _run_of(name), name)
            kept.write_text(outcome.stdout)
    return RunWorld(pg_server, url, home, folder, SPEC.as_of, json.loads(kept.read_text()))


def _run_of(name: str) -> str:
    return f"{name}_kept"


def _books_of(name: str) -> str:
    return f"{name}_books"


def write_world(world: World, folder: Path) -> None:
    """The files of a world as `countroom world` lays them out, and its key."""
    (folder / "v2").mkdir(parents=True, exist_ok=True)
    for path, content in world.files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    (folder / "answer_key.parquet").write_bytes(answer_key(world))


def record_books(world: World, url: str) -> None:
    """The casino's own side, through its services."""
    engine = make_engine(url, application_name="countroom tests")
    try:
        with UnitOfWork(engine) as work:
            write_books(work.connection, world.chunks, world.payout_entries, lambda what, done, total: None)
            work.commit()
    finally:
        engine.dispose()


def countroom(arguments: list[str], url: str, home: Path) -> subprocess.CompletedProcess[str]:
    """One invocation of the command line against a database, in a process of its own."""
    environment = os.environ | {"COUNTROOM_DATABASE_URL": url, "COUNTROOM_HOME": str(home), "DAGSTER_HOME": ""}
    environment.pop("DAGSTER_HOME")
    return subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=500
    )
