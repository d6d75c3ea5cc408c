"""Who ends the server when its users are gone: this process, the server's parent. Run as a file by `server`, never imported by it.

It imports the standard library only and starts in 20 ms (`python -I -S supervisor.py SPEC`). Life: take the supervisor lock, start postgres, say
"ready" on stdout, then look twice a second whether anybody still holds a lease. Nobody for `grace_seconds`, or SIGTERM: fast shutdown.

The trap: stopping while a new user arrives. The lease is taken exclusively BEFORE the shutdown and kept until the end of this process, so the
newcomer waits, finds no supervisor, and starts a fresh server.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TypedDict

PR_SET_PDEATHSIG = 1  # linux/prctl.h
POLL_SECONDS = 0.25
READY_WITHIN_SECONDS = 300  # crash recovery of a large database may take minutes


class Spec(TypedDict):
    """What `server` hands over, as JSON."""

    control: str
    data: str
    command: list[str]
    port: int
    version: str
    uid: int | None
    gid: int | None
    grace_seconds: float
    delete_after: list[str]


def die_with_parent() -> None:
    """In the child, after it became its user: ask the kernel for a fast shutdown should this supervisor be killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def start_postgres(spec: Spec) -> subprocess.Popen[bytes]:
    """The server, as its own user, writing to HOME/pg/log."""
    with (Path(spec["control"]) / "log").open("ab") as log:
        return subprocess.Popen(
            spec["command"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            user=spec["uid"],
            group=spec["gid"],
            extra_groups=[] if spec["uid"] is not None else None,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - this process has one thread
        )


def wait_ready(spec: Spec, server: subprocess.Popen[bytes]) -> bool:
    """True when the server wrote `ready` into its pid file (line 8), False when it ended or took too long."""
    pid_file = Path(spec["data"]) / "postmaster.pid"
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            lines = pid_file.read_text().splitlines()
        except OSError:
            lines = []
        if len(lines) > 7 and lines[0].strip() == str(server.pid) and lines[7].strip() == "ready":
            return True
        time.sleep(0.01)
    return False


def shut_down(server: subprocess.Popen[bytes]) -> None:
    """Fast, then immediate, then by force."""
    for signal_number, patience in ((signal.SIGINT, 60), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
        if server.poll() is None:
            server.send_signal(signal_number)
            try:
                server.wait(timeout=patience)
            except subprocess.TimeoutExpired:
                continue


def watch(server: subprocess.Popen[bytes], lease: int, stop_asked: list[bool], grace_seconds: float) -> None:
    """Return when the server ended by itself, a stop was asked, or no lease was held for the grace time (then holding it exclusively)."""
    unused_since: float | None = None
    while server.poll() is None and not stop_asked:
        try:
            fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            unused_since = None
        else:
            unused_since = unused_since if unused_since is not None else time.monotonic()
            if time.monotonic() - unused_since >= grace_seconds:
                return
            fcntl.flock(lease, fcntl.LOCK_UN)
        time.sleep(POLL_SECONDS)


def write_state(control: Path, spec: Spec, server: subprocess.Popen[bytes]) -> None:
    """HOME/pg/server.json: where the server is, for callers who first checked that this supervisor lives."""
    draft = control / "server.json.draft"
    state = {"supervisor": os.getpid(), "postmaster": server.pid, "port": spec["port"], "version": spec["version"], "data": spec["data"]}
    draft.write_text(json.dumps(state))
    draft.rename(control / "server.json")


def say(word: str) -> None:
    """One word to the starter, which may be dead already."""
    try:
        os.write(1, f"{word}\n".encode())
    except OSError:
        return
    finally:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.close(nothing)


def main(spec: Spec) -> int:
    """Supervise one server from start to end. Exit 0 when it was ended in order, 2 when it could not be started."""
    control = Path(spec["control"])
    stop_asked: list[bool] = []
    signal.signal(signal.SIGTERM, lambda *_: stop_asked.append(True))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    alive = os.open(control / "supervisor", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(alive, fcntl.LOCK_EX)  # waits at most for a reader's instant probe, or for a predecessor's last breath
    lease = os.open(control / "lease", os.O_RDWR | os.O_CREAT, 0o600)
    server = start_postgres(spec)
    try:
        if not wait_ready(spec, server):
            say("failed")
            return 2
        write_state(control, spec, server)
        say("ready")
        watch(server, lease, stop_asked, spec["grace_seconds"])
        return 0
    finally:
        shut_down(server)
        (control / "server.json").unlink(missing_ok=True)
        for folder in spec["delete_after"]:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
