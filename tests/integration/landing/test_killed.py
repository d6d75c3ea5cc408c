"""kill -9 anywhere in a landing, then run again: the tables are those of an undisturbed run."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.resources.object_store import FolderStore
from pipelines.resources.warehouse import Warehouse
from tests.integration.landing.offers import HISTORY, NOW, STATEMENT, Land, totals

# Lands the named files as the pipeline does; dies at `step` if one is given, and says on stdout which step it reached.
CHILD = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from assets.landing.detection import FolderHints
from assets.landing.doors import land_file
from pipelines.resources.object_store import FolderStore
from pipelines.resources.warehouse import Warehouse
url, objects, now, step, *files = sys.argv[1:]
def on_step(reached):
    print(reached, flush=True)
    if reached == step:
        os.kill(os.getpid(), signal.SIGKILL)
store, moment = FolderStore(Path(objects)), datetime.fromisoformat(now)
with Warehouse(url).connect() as connection:
    for file in map(Path, files):
        land_file(file.read_bytes(), file.name, FolderHints(), connection, store, now=moment, on_step=on_step)
"""
CONTENTS = {"s.sta": STATEMENT, "h.csv": HISTORY}


def child(url: str, objects: Path, step: str, files: list[Path]) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", CHILD, url, str(objects), NOW.isoformat(), step, *map(str, files)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3])


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    for name, content in CONTENTS.items():
        (tmp_path / name).write_bytes(content)
    return [tmp_path / name for name in CONTENTS]


@pytest.mark.parametrize("step", ["stored", "parsed", "registered", "written", "committed"])
def test_killed_at_a_step_and_run_again(
    step: str, files: list[Path], database_url: str, store: FolderStore, land: Land, warehouse: Warehouse
) -> None:
    process = child(database_url, store.folder, step, files)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    statuses = [land(file.read_bytes(), file.name).status for file in files]
    assert statuses == ["duplicate" if step == "committed" else "landed", "landed"]
    assert len(totals(warehouse)["lines"]) == 1
    assert len(totals(warehouse)["rates"]) == 4
    assert len(totals(warehouse)["rejected"]) == 1
    assert [row[6] for row in totals(warehouse)["files"]] == ["landed", "landed"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_killed_at_any_moment_and_run_again(
    seed: int, tmp_path: Path, database_url: str, store: FolderStore, land: Land, warehouse: Warehouse
) -> None:
    """No hook: the signal comes whenever it comes, while twenty files land."""
    many = []
    for number in range(20):
        file = tmp_path / f"{number}.sta"
        file.write_bytes(STATEMENT.replace(b"12,50", f"{number},50".encode()))
        many.append(file)
    moments = random.Random(seed)
    process = child(database_url, store.folder, "", many)
    assert process.stdout is not None
    for _ in range(moments.randrange(1, 80)):  # wait until it has reached so many steps, then strike at once
        if not process.stdout.readline():
            break
    process.kill()
    process.communicate(timeout=60)
    for file in many:
        assert land(file.read_bytes(), file.name).status in ("landed", "duplicate")
    after = totals(warehouse)
    assert [row[2] for row in sorted(after["lines"], key=lambda row: row[2])] == [number * 100 + 50 for number in range(20)]
    assert len(after["files"]) == len(after["rejected"]) == 20
    assert sorted(store.keys("originals/")) == sorted(f"originals/{row[0][:2]}/{row[0]}" for row in after["files"])
