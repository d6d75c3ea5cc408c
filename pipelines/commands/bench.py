"""`countroom bench`: what things cost, as ratios within one run."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def bench(
    payments: Annotated[int, typer.Option(min=400, help="Payments a side.")] = 1_000_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print the measurements as JSON.")] = False,
) -> int:
    """Matching: the whole ladder beside a bare match, a join that ignores duplicates and a pandas merge, on one file with planted mistakes.

    Only ratios travel between machines: run it alone. docs/benchmarks.md holds what was measured. Exit code 1 when the ladder answers wrongly.
    """
    from dataclasses import asdict

    from pipelines.benchmarks.matching import measure
    from pipelines.console import answer, answer_json, step

    with TemporaryDirectory(prefix="countroom-bench-") as folder, step(f"matching {payments:,} payments a side"):
        measured = measure(payments, Path(folder))
    if as_json:
        answer_json([asdict(one) for one in measured])
    else:
        answer(f"{'contender':<10} {'seconds':>8} {'CPU s':>8} {'peak GB':>8} {'ratio':>7} {'wrong cases':>12}")
        for one in measured:
            figures = f"{one.seconds:>8.2f} {one.cpu_seconds:>8.2f} {one.peak_bytes / 1e9:>8.2f} {one.ratio:>7.1f} {one.wrong:>12,}"
            answer(f"{one.contender:<10} {figures}")
    return int(any(one.wrong for one in measured if one.contender == "ladder"))
