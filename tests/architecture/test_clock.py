"""Does anybody look at a clock: only the clock module. Everything else is told `now`, or the database says it."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.architecture.source_tree import python_files, tree

CLOCK = Path("pipelines/resources/clock.py")
CIVIL = {"today", "now", "utcnow"}
RANDOM = {
    "random.random",
    "random.randint",
    "random.choice",
    "random.shuffle",
    "random.uniform",
    "random.sample",
    "random.seed",
    "time.time",
    "time.time_ns",
}


def clock_calls(path: Path) -> set[str]:
    calls = [ast.unparse(node.func) for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    return {call for call in calls if call in RANDOM or (call.split(".")[-1] in CIVIL and call.split(".")[-2:-1] in (["date"], ["datetime"], ["dt"]))}


def test_only_the_clock_module_knows_what_time_it_is() -> None:
    assert {str(path): found for path in python_files() if path != CLOCK and (found := clock_calls(path))} == {}


def test_the_search_would_find_one() -> None:
    planted = ast.parse("from datetime import date, datetime\nx = datetime.now()\ny = date.today()\nimport datetime as d\nz = d.datetime.utcnow()")
    calls = [ast.unparse(node.func) for node in ast.walk(planted) if isinstance(node, ast.Call)]
    assert [call.split(".")[-1] in CIVIL for call in calls] == [True] * 3
