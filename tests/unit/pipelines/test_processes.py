"""Do servers started together end together: when one ends, when they are told to, and when their starter is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import processes
from pipelines.processes import Child
from transactional.vocabulary.errors import Transient

STARTER = """
import os, sys, time
from pathlib import Path
from pipelines.processes import start
child = start("sleeper", [sys.executable, "-c", "import time; time.sleep(600)"], os.environ, Path(sys.argv[1]))
print(child.process.pid, flush=True)
time.sleep(600)
"""


def lives(pid: int) -> bool:
    """Whether the process runs (a zombie waiting for its parent does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 60
    while lives(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not lives(pid)


@pytest.fixture
def children(tmp_path: Path) -> Iterator[list[Child]]:
    started: list[Child] = []
    yield started
    processes.end_all(started)


def child(tmp_path: Path, name: str, program: str) -> Child:
    return processes.start(name, [sys.executable, "-c", program], os.environ, tmp_path / f"{name}.log")


def test_one_that_ends_is_named_with_what_it_said_last(tmp_path: Path, children: list[Child]) -> None:
    children += [child(tmp_path, "stays", "import time; time.sleep(600)"), child(tmp_path, "falls", "import sys; print('no port'); sys.exit(3)")]
    with pytest.raises(Transient, match=r"falls ended with exit code 3(?s:.*)no port"):
        processes.watch(children)


def test_a_grandchild_is_ended_too(tmp_path: Path, children: list[Child]) -> None:
    spawn = "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); print(p.pid, flush=True); p.wait()"
    children.append(child(tmp_path, "parent", spawn))
    processes.wait_until(lambda: (tmp_path / "parent.log").read_text().strip().isdigit(), children, "parent", timeout_seconds=60)
    grandchild = int((tmp_path / "parent.log").read_text())
    processes.end_all(children)
    assert gone(grandchild)


def test_a_signal_that_we_ignore_ends_the_child_all_the_same(tmp_path: Path, children: list[Child]) -> None:
    # dagster gives SIGTERM the handler of SIGINT, which a shell ignores in what it starts with `&`: every child then had to be killed
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        children.append(child(tmp_path, "sleeper", "import time; time.sleep(600)"))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    processes.end_all(children)
    assert children[0].process.returncode == -signal.SIGTERM


def test_waiting_for_one_that_never_answers_ends(tmp_path: Path, children: list[Child]) -> None:
    children.append(child(tmp_path, "mute", "import time; time.sleep(600)"))
    with pytest.raises(Transient, match="mute did not answer"):
        processes.wait_until(lambda: False, children, "mute", timeout_seconds=0.1)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_a_starter_killed_without_a_word_leaves_no_child(tmp_path: Path) -> None:
    starter = subprocess.Popen([sys.executable, "-c", STARTER, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    pid = int(starter.stdout.readline())
    starter.send_signal(signal.SIGKILL)
    starter.communicate()
    assert gone(pid)
