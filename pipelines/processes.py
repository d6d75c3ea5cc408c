"""How do several servers live and die together: started as children, ended all when one ends, when we are told to, or when we are killed.

For `countroom up`. Each child leads a process group of its own, so a Ctrl-C at the terminal reaches only us and we end each group in order;
on Linux the kernel ends the children should we be killed without a word.
The traps: a child's children (Dagster's code servers) that outlive it; the signal goes to the whole group. And a child that cannot be ended in order
because whoever started us ignores a signal (a shell ignores Ctrl-C in what it starts with `&`, Dagster then ends on nothing): it starts with none ignored.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from transactional.vocabulary.errors import Transient

PR_SET_PDEATHSIG = 1  # linux/prctl.h
_PATIENCE_SECONDS = 20.0
_POLL_SECONDS = 0.2


@dataclass(slots=True)
class Child:
    """One server: what we call it, its process, its log."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path


def start(name: str, command: Sequence[str], environment: Mapping[str, str], log: Path) -> Child:
    """Start one server; its output goes to `log`, begun anew."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            start_new_session=True,
            preexec_fn=_begin_child,  # noqa: PLW1509 - only prctl and signals, before this process has threads
        )
    return Child(name, process, log)


def wait_until(ready: Callable[[], bool], children: Sequence[Child], what: str, *, timeout_seconds: float) -> None:
    """Wait until `ready()`. Raises: Transient when a child ends meanwhile or the time is over, with the end of its log."""
    deadline = time.monotonic() + timeout_seconds
    while not ready():
        raise_if_ended(children)
        if time.monotonic() > deadline:
            raise Transient(f"{what} did not answer within {timeout_seconds:.0f} s; logs: {children[0].log.parent}", code="not_ready")
        time.sleep(_POLL_SECONDS)


def watch(children: Sequence[Child]) -> None:
    """Return never while all live. Raises: Transient when one ends by itself."""
    while True:
        raise_if_ended(children)
        time.sleep(_POLL_SECONDS)


def raise_if_ended(children: Sequence[Child]) -> None:
    """Raises: Transient naming the child that ended, with the last lines it wrote."""
    for child in children:
        code = child.process.poll()
        if code is not None:
            tail = "\n  ".join(child.log.read_text(errors="replace").splitlines()[-8:])
            raise Transient(f"{child.name} ended with exit code {code}; the end of {child.log}:\n  {tail}", code="child_ended")


def end_all(children: Sequence[Child]) -> None:
    """Ask every group to end, wait, then insist. Safe to call again."""
    for child in reversed(children):
        _signal(child, signal.SIGTERM)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while any(child.process.poll() is None for child in children) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    for child in children:
        _signal(child, signal.SIGKILL)
        child.process.wait()


def _signal(child: Child, signal_number: signal.Signals) -> None:
    try:
        os.killpg(child.process.pid, signal_number)  # its pid is its group's, as it began a session
    except ProcessLookupError:
        return


def _begin_child() -> None:
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
