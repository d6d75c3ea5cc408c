"""How much dearer is the whole ladder than a bare match of the same file? Each contender in a process of its own, so its peak of memory is its own.

Units: seconds (wall and CPU), bytes; `ratio` is wall time over the yardstick's. Run alone on a quiet machine; only ratios travel between machines.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

from pipelines.benchmarks.contenders import CONTENDERS, wrong_answers
from pipelines.benchmarks.foreign.environment import DATACOMPY, made_environment
from pipelines.benchmarks.two_sides import planted, two_sides
from transactional.vocabulary.errors import Transient

YARDSTICK = "bare"


@dataclass(frozen=True, slots=True)
class Measured:
    """One contender's run. `wrong`: cases more or fewer than planted."""

    contender: str
    seconds: float
    cpu_seconds: float
    peak_bytes: int
    ratio: float
    wrong: int


def measure(payments: int, folder: Path, names: Iterable[str] = tuple(CONTENDERS)) -> list[Measured]:
    """The contenders over one file of `payments` payments a side, written into `folder`; the yardstick always, `datacompy` only where it is named.

    Raises: Transient when a contender dies, or datacompy's environment cannot be made.
    """
    items = folder / f"two-sides-{payments}.parquet"
    _written_in_a_process(payments, items)
    runs = {name: _in_a_process(_command(name, items, folder), name) for name in dict.fromkeys([YARDSTICK, *names])}
    base, truth = runs[YARDSTICK].seconds, planted(payments)
    return [
        Measured(name, run.seconds, run.cpu_seconds, run.peak_bytes, run.seconds / base, wrong_answers(run.found, truth))
        for name, run in runs.items()
    ]


@dataclass(frozen=True, slots=True)
class _Run:
    """What a contender's process says of itself."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    found: dict[str, int]


def _written_in_a_process(payments: int, items: Path) -> None:
    """Not in this one: the kernel counts the memory of whoever starts a process to that process's peak."""
    made = subprocess.run([sys.executable, "-m", two_sides.__module__, str(payments), str(items)], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise Transient(f"the two sides were not made: {made.stderr[-500:]}", code="bench")


def _command(name: str, items: Path, folder: Path) -> list[str]:
    if name == DATACOMPY:
        return [*made_environment(folder / "datacompy"), str(items)]
    return [sys.executable, "-m", __name__, name, str(items)]


def _in_a_process(command: list[str], name: str) -> _Run:
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise Transient(f"the contender {name} ended with {made.returncode}: {made.stderr[-500:]}", code="bench")
    return _Run(**json.loads(made.stdout))


def main(name: str, items: str) -> None:
    """One contender, timed from reading the file on: what it imports before is not its work."""
    for module in ("assets.reconciliation.matching", "pandas"):
        import_module(module)
    begun, used = time.perf_counter(), time.process_time()
    found = CONTENDERS[name](Path(items))
    seconds, cpu_seconds = time.perf_counter() - begun, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    sys.stdout.write(json.dumps(asdict(_Run(seconds, cpu_seconds, peak, found))))


if __name__ == "__main__":
    main(*sys.argv[1:3])
