"""The typed door to the expectations: a suite, a warehouse, verdicts. For the asset checks."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import polars as pl
from psycopg import sql

from expectations.suite import Suite
from pipelines.resources.warehouse import Warehouse
from pipelines.resources.worker_process import WorkerProcess


class ExpectationsRunner:
    """The worker that judges, started when this is entered. It sees frames, never a database."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._worker: WorkerProcess | None = None

    def judge(self, suite: Suite, warehouse: Warehouse) -> Sequence[dict[str, Any]]:
        """Every promise of the suite over the whole table: promise, held, broken_count, examples."""
        words = _words(suite, warehouse)
        self.start()
        assert self._worker is not None
        with tempfile.TemporaryDirectory(dir=self._folder(), prefix="frame-") as folder:
            path = Path(folder) / "frame.parquet"
            _frame(suite, warehouse).write_parquet(path)
            replies = list(self._worker.ask({"suite": suite.name, "words": words, "frame": str(path)}))
        verdicts: list[dict[str, Any]] = replies[-1]["verdicts"]
        return verdicts

    def start(self) -> None:
        """Start the worker now, so that it imports while the caller does something else. A second call changes nothing."""
        if self._worker is None:
            self._worker = WorkerProcess("pipelines.resources.expectations_worker", {}, self._home / "logs" / "expectations_worker.log")

    def close(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _folder(self) -> Path:
        folder = self._home / "tmp"
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def _frame(suite: Suite, warehouse: Warehouse) -> pl.DataFrame:
    """The suite's columns: whole numbers where a range is promised, text elsewhere."""
    columns = ", ".join(f'"{name}"::{"bigint" if name in suite.between else "text"}' for name in suite.columns())
    return warehouse.read(f'select {columns} from "{suite.schema}"."{suite.table}"')  # noqa: S608 - names from the suite


def _words(suite: Suite, warehouse: Warehouse) -> dict[str, list[str]]:
    """The words of each column that a catalogue defines."""
    found = {}
    with warehouse.connect() as connection:
        for column, catalogue in suite.in_catalogue.items():
            table, _, word = catalogue.partition(".")
            query = sql.SQL("select {} from {}").format(sql.Identifier(word), sql.Identifier("derived", table))
            found[column] = [str(row[0]) for row in connection.execute(query).fetchall()]
    return found
