"""A year's files in any order, and again and again: what has landed is what lands in order. (The marts of such a landing: tests/e2e/test_killed_run.py.)"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

import polars as pl
import pytest

from assets.landing.detection import FolderHints
from assets.landing.doors import land_file
from assets.landing.tables import FILE_SIGHTINGS, FILE_TABLES
from pipelines.resources.object_store import FolderStore
from pipelines.resources.warehouse import Warehouse
from tests.integration.landing.offers import NOW
from transactional.simulation.world import WorldSpec, build

pytestmark = pytest.mark.slow

YEAR = WorldSpec(players=4, days=366, seed=3)
_WHEN = ("_loaded_at", "received_at", "rejected_at")  # when a row landed is another fact in another order


def test_a_year_of_files_in_any_order_and_in_duplicate_lands_as_in_order(new_database: Callable[[], str], tmp_path: Path) -> None:
    files = some_of_each_month()
    shuffled = [*files, *random.Random(1).sample(sorted(files), len(files) // 5)]
    random.Random(2).shuffle(shuffled)
    in_order, any_order = (Warehouse(new_database()) for _ in range(2))
    assert land_all(in_order, files, files, tmp_path) == len(files)
    assert land_all(any_order, shuffled, files, tmp_path) == len(files)
    assert any_order.read(FILE_SIGHTINGS).height == len(shuffled) - len(files)
    for table in (table for table in FILE_TABLES if table is not FILE_SIGHTINGS):
        one, other = (comparable(warehouse.read(table)) for warehouse in (in_order, any_order))
        assert one.equals(other), table.address


def some_of_each_month() -> dict[str, bytes]:
    """Every sixteenth file of the year, of each sender, and those whose bytes are another's too: only their names say which reports they are."""
    files = {name: content for name, content in sorted(build(YEAR).files.items()) if not name.startswith("v2/")}
    times = Counter(files.values())
    assert max(times.values()) > 1
    return {name: content for number, (name, content) in enumerate(files.items()) if number % 16 == 0 or times[content] > 1}


def land_all(warehouse: Warehouse, names: Iterable[str], files: dict[str, bytes], folder: Path) -> int:
    """Offer files one after the other. Returns how many landed."""
    store = FolderStore(folder / "objects")
    with warehouse.connect() as connection:
        connection.execute("set synchronous_commit = off")
        connection.commit()
        offers = ((PurePosixPath(name), files[name]) for name in names)
        landed = [land_file(content, path.name, FolderHints.of(path), connection, store, now=NOW) for path, content in offers]
    assert {file.status for file in landed} <= {"landed", "duplicate"}
    return sum(file.status == "landed" for file in landed)


def comparable(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows without when they came, and rates without their file: of a quotation that many files repeat the first to come lands."""
    kept = [column for column in frame.columns if column not in _WHEN]
    if "rate" in frame.columns:
        kept = [column for column in kept if not column.startswith("_") and column != "line_no"]
    return frame.select(kept).sort(kept)
