"""Who is alive: file locks that vanish with their process, kill -9 included. For the launcher and its supervisor.

The trap: flock belongs to the open file description, so a child that inherits the descriptor keeps the lock. Python opens files
close-on-exec, so only children that fork without exec (and are then countroom processes themselves) share it.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from transactional.vocabulary.errors import Transient

_PAUSE_SECONDS = 0.02


class FileLock:
    """One lock on one file, held until `release` or the end of the process."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Give the lock back; a second call changes nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def acquire(path: Path, *, shared: bool, timeout_seconds: float) -> FileLock:
    """Take the lock or wait for it.

    Raises: Transient when another process kept it for longer than the timeout.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    mode = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            fcntl.flock(descriptor, mode)
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise Transient(f"waited {timeout_seconds:.0f} s for the lock {path}: another process still holds it", code="lock_timeout") from None
            time.sleep(_PAUSE_SECONDS)
        else:
            return FileLock(path, descriptor)


@contextmanager
def exclusive(path: Path, *, timeout_seconds: float) -> Iterator[None]:
    """Hold the lock for the block."""
    lock = acquire(path, shared=False, timeout_seconds=timeout_seconds)
    try:
        yield
    finally:
        lock.release()


def is_held_exclusively(path: Path) -> bool:
    """True when a living process holds the file exclusively (the supervisor does, for its whole life)."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def holders(path: Path) -> int | None:
    """How many locks are held on the file, by /proc/locks; None where the kernel does not say (not Linux)."""
    table = Path("/proc/locks")
    if not table.exists() or not path.exists():
        return None if not table.exists() else 0
    inode = str(path.stat().st_ino)
    lines = (line.split() for line in table.read_text().splitlines())
    return sum(1 for parts in lines if "FLOCK" in parts and "->" not in parts and any(part.endswith(f":{inode}") for part in parts))
