"""Commands of countroom that kill themselves with SIGKILL at a named point. For tests of what kill -9 leaves; nothing in the program knows of it.

A point is `before` or `after` the n-th call of a function. One process imports what commands need and forks for each; and what the engine says of a day,
which no kill can change, is reckoned by the first and remembered for the others. So a kill costs what is written, 0.2 s.
The trap: a point that is never reached; then the command ends by itself, and its exit code is not -SIGKILL.
"""

from __future__ import annotations

import importlib
import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[1]
_IMPORTED_ONCE = (
    "dagster",
    "pipelines.commands.close",
    "pipelines.commands.report",
    "pipelines.reports.bundling",
    "pipelines.reports.gathering",
    "pipelines.reports.day.page",
    "pipelines.reports.files.workbook",
    "pipelines.standing.house",
)
_REMEMBERED = ("pipelines.standing.freezing:as_known_at", "pipelines.standing.day_standing:as_known_at", "pipelines.reports.gathering:gathered")

Point = tuple[str, str, int]
"""("before" or "after", "module:Class.method", which of its calls)."""


@contextmanager
def killed_commands(url: str, home: Path) -> Iterator[Callable[[Point, list[str]], int]]:
    """`kill(point, words)` runs a command until the point, and returns how it ended: -9 when it was killed there."""
    environment = os.environ | {"COUNTROOM_DATABASE_URL": url, "COUNTROOM_HOME": str(home)}
    environment.pop("DAGSTER_HOME", None)
    command = [sys.executable, "-m", "tests.killed_command"]
    with subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        asked, answers = parent.stdin, parent.stdout
        assert asked is not None
        assert answers is not None

        def kill(point: Point, words: list[str]) -> int:
            asked.write(json.dumps([point, words]) + "\n")
            asked.flush()
            return int(answers.readline())

        yield kill
        asked.close()


def _die(when: str, called: str, number: int) -> None:
    original, calls = _function(called), [0]

    def counted(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        is_here = calls[0] == number
        if is_here and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args, **kwargs)
        if is_here and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    _replace(called, counted)


def _remember(called: str, folder: Path) -> None:
    original, kept = _function(called), folder / f"{called.split(':')[1]}.pickle"

    def remembered(*args: Any, **kwargs: Any) -> Any:
        if not kept.exists():
            kept.write_bytes(pickle.dumps(original(*args, **kwargs)))
        return pickle.loads(kept.read_bytes())

    _replace(called, remembered)


def _function(called: str) -> Callable[..., Any]:
    module, path = called.split(":")
    found: Callable[..., Any] = attrgetter(path)(importlib.import_module(module))
    return found


def _replace(called: str, by: Callable[..., Any]) -> None:
    module, path = called.split(":")
    *owners, name = path.split(".")
    owner: Any = importlib.import_module(module)
    setattr(attrgetter(".".join(owners))(owner) if owners else owner, name, by)


def _serve() -> None:
    from pipelines import cli

    for module in _IMPORTED_ONCE:
        importlib.import_module(module)
    with tempfile.TemporaryDirectory() as folder:
        for called in _REMEMBERED:
            _remember(called, Path(folder))
        for line in sys.stdin:
            point, words = json.loads(line)
            child = os.fork()
            if child == 0:
                os.dup2(2, 1)  # the answers are for the one who asked
                _die(*point)
                os._exit(cli.run(words))
            os.write(1, b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


if __name__ == "__main__":
    _serve()
