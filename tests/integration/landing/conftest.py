"""A warehouse and an object store of the test's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from assets.landing.detection import FolderHints
from assets.landing.doors import LandedFile, land_file
from pipelines.cli import run
from pipelines.resources.object_store import FolderStore
from pipelines.resources.warehouse import Warehouse
from tests.integration.landing.offers import NOW, Land
from transactional.db.engine import PIPELINE_ROLE


@pytest.fixture
def warehouse(database_url: str) -> Warehouse:
    """This test's own database, as the pipeline's role."""
    return Warehouse(database_url, role=PIPELINE_ROLE)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "objects")


@pytest.fixture
def landing(warehouse: Warehouse) -> Iterator[psycopg.Connection[Any]]:
    with warehouse.connect() as connection:
        yield connection


@pytest.fixture
def land(landing: psycopg.Connection[Any], store: FolderStore) -> Land:
    """Land bytes under a name; `hints` and `now` may be given."""

    def land_bytes(content: bytes, name: str, hints: FolderHints = FolderHints(), now: datetime = NOW) -> LandedFile:  # noqa: B008 - frozen
        return land_file(content, name, hints, landing, store, now=now)

    return land_bytes


@pytest.fixture
def configured(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of the command line: this test's database and store."""
    monkeypatch.setenv("COUNTROOM_DATABASE_URL", database_url)
    monkeypatch.setenv("COUNTROOM_OBJECT_STORE", (tmp_path / "objects").as_uri())


@pytest.fixture
def ingest(configured: None, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, dict[str, Any]]]:
    """`countroom ingest PATH... --json`: its exit code and its answer."""

    def ingest_paths(*paths: Path) -> tuple[int, dict[str, Any]]:
        code = run(["ingest", *map(str, paths), "--json"])
        return code, json.loads(capsys.readouterr().out)

    return ingest_paths
