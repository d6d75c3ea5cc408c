"""How is a file written so that nobody ever finds half of it: beside its place, flushed to disk, then moved into it. For reports, stores, configuration.

After kill -9 there is the file of before, or the new one, and at most a `.new-` beside it that nobody reads. The traps: a rename that reaches the disk
before the bytes do (the file is empty after a power cut), a link that is replaced by a file, and a pipe or `/dev/stdout`, which cannot be replaced at all.
"""

from __future__ import annotations

import io
import os
import secrets
import shutil
import stat
from pathlib import Path
from typing import IO

BEGINS_WITH = ".new-"
"""How the name of a file begins that is being written, or was when its process was killed."""
_FOR_EVERYBODY = 0o666  # less what the umask takes off, as for any file that is opened for writing


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, or put the new one in the place of the old, whole or not at all. Durable when it returns. Raises: OSError; nothing is left then."""
    target = path.resolve()
    mode = target.stat().st_mode if target.exists() else None
    if mode is not None and not stat.S_ISREG(mode):
        target.write_bytes(content)
        return
    beside = _written_beside(target, io.BytesIO(content), _FOR_EVERYBODY)
    try:
        if mode is not None:
            beside.chmod(stat.S_IMODE(mode))
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    flush_folder(target.parent)


def create_whole(target: Path, source: IO[bytes]) -> bool:
    """Create a file of our own, never replacing one: False, and nothing changed, where there is one. The folder's entry is for the caller to flush.

    Raises: OSError; nothing is left then.
    """
    beside = _written_beside(target, source, 0o600)
    try:
        os.link(beside, target)
    except FileExistsError:
        return False
    finally:
        beside.unlink(missing_ok=True)
    return True


def flush_folder(folder: Path) -> None:
    """Make the new entries of a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _written_beside(target: Path, source: IO[bytes], mode: int) -> Path:
    beside = target.with_name(f"{BEGINS_WITH}{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            shutil.copyfileobj(source, file)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return beside
