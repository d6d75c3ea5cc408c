"""The process that judges suites with great-expectations, which it imports while the run is still landing files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict

import polars as pl

from expectations.registry import suites
from expectations.runner import run, warm_up
from pipelines.resources.worker_process import Reply, serve
from transactional.garbage import collect_rarely
from transactional.telemetry import switch_off_telemetry


def handle(request: Reply) -> Iterator[Reply]:
    """Judge one suite over the frame in a Parquet file."""
    suite = {suite.name: suite for suite in suites()}[request["suite"]]
    words = {column: tuple(values) for column, values in request["words"].items()}
    verdicts = run(suite.with_words(words), pl.read_parquet(request["frame"]))
    yield {"final": True, "verdicts": [asdict(verdict) for verdict in verdicts]}


def main() -> None:
    """Serve until stdin ends."""
    switch_off_telemetry()
    collect_rarely()
    warm_up()
    serve(handle)
    os._exit(0)  # taking down what was imported takes a second, and the run waits for it


if __name__ == "__main__":
    main()
