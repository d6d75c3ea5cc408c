"""How does a data folder come to be, and how is one put right after a crash. For `server`, under its start lock only.

The trap: a stale postmaster.pid. PostgreSQL refuses to start when the pid in it is alive, and pids are reused; but the file also guards against
backends that outlived their postmaster. So we remove it only after no process works in the data folder any more.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import shutil
import signal
import time
from pathlib import Path

from transactional.db.local_server.binaries import Binaries
from transactional.db.local_server.places import Runner
from transactional.vocabulary.errors import ContractBroken, Transient

SUPERUSER = "countroom"
DATABASE = "countroom"


def password_of(control: Path) -> str:
    """The server's password, generated on first use and kept in a file only we can read."""
    path = control / "password"
    if not path.exists():
        draft = control / "password.draft"
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(32))
        draft.rename(path)
    return path.read_text()


def ensure_cluster(place: Path, binaries: Binaries, runner: Runner, *, password: str, ephemeral: bool) -> Path:
    """The data folder, made by initdb if there is none; made beside and renamed, so a crash in the middle leaves no half.

    Raises: ContractBroken when the folder belongs to another major version; Transient when initdb fails.
    """
    data = place / "data"
    if data.exists():
        made_by = (data / "PG_VERSION").read_text().strip()
        if made_by != str(binaries.major):
            raise ContractBroken(
                f"{data} was made by PostgreSQL {made_by} and these programs are {binaries.version} ({binaries.folder}): set COUNTROOM_PG_BIN "
                f"to version {made_by}, or COUNTROOM_HOME to a new folder",
                code="other_postgres_version",
            )
        return data
    draft = place / "data.draft"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    runner.own(draft, 0o700)
    _initdb(draft, binaries, runner, password=password, ephemeral=ephemeral)
    draft.rename(data)
    return data


def _quick_to_prove(password: str) -> str:
    """The password as PostgreSQL keeps it (RFC 5803), stretched once and not 4,096 times: a client then needs 1 ms of CPU to prove it and not 5.

    Safe because the password is 256 random bits and not a person's word. Only for servers of tests, which open thousands of connections: some
    clients (JDBC) refuse so few rounds, and an analyst may use one with the server of a casino.
    """
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 1)
    client, server = (hmac.digest(salted, word, "sha256") for word in (b"Client Key", b"Server Key"))
    told = (base64.b64encode(part).decode() for part in (salt, hashlib.sha256(client).digest(), server))
    return "SCRAM-SHA-256$1:{}${}:{}".format(*told)


def _initdb(draft: Path, binaries: Binaries, runner: Runner, *, password: str, ephemeral: bool) -> None:
    password_file = draft.parent / "password.initdb"
    password_file.touch(mode=0o600)
    try:
        password_file.write_text(_quick_to_prove(password) if ephemeral else password)
        runner.own(password_file, 0o600)
        command = [
            *(binaries.initdb, "-D", str(draft), "-U", SUPERUSER, f"--pwfile={password_file}"),
            # bytewise order, the same on every machine: a report sorted by the database must not depend on the host's locale
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions"),
            *(("--no-sync",) if ephemeral else ()),
        ]
        made = runner.run(command)
        if made.returncode == 0:
            made = runner.run([binaries.postgres, "--single", "-F", "-D", str(draft), "postgres"], stdin=f"create database {DATABASE};\n")
    finally:
        password_file.unlink(missing_ok=True)
    if made.returncode != 0:
        raise Transient(f"initdb of {draft} failed: {made.stderr.strip() or made.stdout.strip()}", code="initdb_failed")


def clear_stale_pid_file(data: Path, *, patience_seconds: float = 20) -> None:
    """Wait for (then end) a server or backend that outlived its supervisor, and remove the pid file it left.

    Call only when no supervisor is alive. Raises: Transient when a process in the data folder does not end.
    """
    pid_file = data / "postmaster.pid"
    if not pid_file.exists() or not Path("/proc/self").exists():
        return
    begin = time.monotonic()
    while living := _processes_in(data):
        waited = time.monotonic() - begin
        if waited > patience_seconds:
            raise Transient(f"processes {living} still work in {data}: the former server does not end", code="server_hangs")
        # first leave them time for the fast shutdown the kernel asked for, then insist
        if waited > patience_seconds / 4:
            _signal_all(living, signal.SIGQUIT if waited < patience_seconds / 2 else signal.SIGKILL)
        time.sleep(0.05)
    pid_file.unlink(missing_ok=True)


def _processes_in(data: Path) -> list[int]:
    """Pids whose working folder is the data folder; every process of a PostgreSQL server stands there."""
    folder = str(data.resolve())
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if str((entry / "cwd").readlink()) == folder:
                    found.append(int(entry.name))
            except OSError:  # it ended meanwhile, or belongs to another user: then it is not our server
                continue
    return found


def _signal_all(pids: list[int], signal_number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal_number)
        except ProcessLookupError:
            continue
