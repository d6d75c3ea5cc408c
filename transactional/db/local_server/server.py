"""Give me a running PostgreSQL: `ensure_running`. For every composition root without COUNTROOM_DATABASE_URL; idempotent, safe with many callers.

The returned object holds this process's lease: the server lives as long as any process holds one (see the package docstring).
The trap: keeping only the URL and dropping the lease; the module keeps a reference until the process ends or `release` is called.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from transactional.db.local_server import locks
from transactional.db.local_server.binaries import Binaries, find_binaries
from transactional.db.local_server.cluster import DATABASE, SUPERUSER, clear_stale_pid_file, ensure_cluster, password_of
from transactional.db.local_server.places import Runner, choose_place, control_folder, known_place, runner_for, within_reach
from transactional.vocabulary.errors import Transient

GRACE_SECONDS = 5.0  # the next command of a script finds the server still warm
START_TIMEOUT_SECONDS = 330.0
LOG_CAP_BYTES = 10_000_000
_SOCKET_PATH_CAP = 100  # sun_path holds 107 bytes; PostgreSQL adds .s.PGSQL.<port>

_COMMON_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",  # compiling costs more than it saves on queries of this size
    "timezone": "UTC",
    "log_timezone": "UTC",
    # statements and row details can hold personal data: they stay out of the log
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
_EPHEMERAL_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum_naptime": "5min"}


@dataclass(slots=True)
class LocalServer:
    """A running server and this process's lease on it. `url` holds the password: never log it."""

    url: str
    port: int
    version: str
    data: Path
    lease: locks.FileLock

    def __repr__(self) -> str:
        return f"LocalServer(port={self.port}, version={self.version!r}, data={str(self.data)!r})"

    def release(self) -> None:
        """Say that this process no longer needs the server."""
        self.lease.release()
        _held.pop(self.lease.path, None)


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """What `countroom doctor` shows. `state` is running, stopped (data exist) or absent; `leases` counts processes that use it."""

    state: str
    port: int | None = None
    version: str | None = None
    data: Path | None = None
    data_bytes: int = 0
    leases: int | None = None
    supervisor_pid: int | None = None


_held: dict[Path, LocalServer] = {}


def ensure_running(home: Path, pg_bin: Path | None = None, *, ephemeral: bool = False, grace_seconds: float = GRACE_SECONDS) -> LocalServer:
    """The server of this home, started if need be; this process then holds a lease.

    `ephemeral` is for tests: no fsync, and the data are deleted when the last user is gone.
    Raises: InputRejected (no usable programs or user), ContractBroken (data of another version), Transient (it did not start).
    """
    control = control_folder(home)
    held = _held.get(control / "lease")
    if held is not None and locks.is_held_exclusively(control / "supervisor"):
        return held
    lease = held.lease if held is not None else locks.acquire(control / "lease", shared=True, timeout_seconds=90)
    try:
        with locks.exclusive(control / "starting", timeout_seconds=START_TIMEOUT_SECONDS):
            if not locks.is_held_exclusively(control / "supervisor"):
                _start(control, pg_bin, ephemeral=ephemeral, grace_seconds=grace_seconds)
            state = json.loads((control / "server.json").read_text())
    except BaseException:
        lease.release()
        _held.pop(lease.path, None)
        raise
    url = f"postgresql://{SUPERUSER}:{password_of(control)}@127.0.0.1:{state['port']}/{DATABASE}"
    server = LocalServer(url, state["port"], state["version"], Path(state["data"]), lease)
    _held[lease.path] = server
    return server


def stop(home: Path, *, timeout_seconds: float = 90) -> bool:
    """End the server of this home now, whoever uses it. True when one was running.

    Raises: Transient when it does not end in time.
    """
    control = control_folder(home)
    if not locks.is_held_exclusively(control / "supervisor"):
        return False
    os.kill(json.loads((control / "server.json").read_text())["supervisor"], signal.SIGTERM)
    deadline = time.monotonic() + timeout_seconds
    while locks.is_held_exclusively(control / "supervisor"):
        if time.monotonic() > deadline:
            raise Transient(f"the local PostgreSQL of {home} did not end within {timeout_seconds:.0f} s", code="server_hangs")
        time.sleep(0.02)
    return True


def status(home: Path) -> ServerStatus:
    """The state of this home's server, without starting it or changing anything."""
    control = home / "pg"
    place = known_place(control)
    data = place / "data" if place else None
    if data is None or not data.exists():
        return ServerStatus("absent")
    size = sum(file.stat().st_size for file in data.rglob("*") if file.is_file()) if os.access(data, os.R_OK) else 0
    version = (data / "PG_VERSION").read_text().strip()
    if not locks.is_held_exclusively(control / "supervisor"):
        return ServerStatus("stopped", version=version, data=data, data_bytes=size, leases=locks.holders(control / "lease"))
    state = json.loads((control / "server.json").read_text())
    return ServerStatus("running", state["port"], state["version"], data, size, locks.holders(control / "lease"), state["supervisor"])


def _start(control: Path, pg_bin: Path | None, *, ephemeral: bool, grace_seconds: float) -> None:
    """Under the start lock: make the cluster if need be and start a supervisor. A port taken meanwhile gets one more try."""
    runner = runner_for(known_place(control))
    place = choose_place(control, runner)
    binaries = within_reach(find_binaries(pg_bin), place, runner)
    data = ensure_cluster(place, binaries, runner, password=password_of(control), ephemeral=ephemeral)
    clear_stale_pid_file(data)
    log = control / "log"
    if log.exists() and log.stat().st_size > LOG_CAP_BYTES:
        log.rename(control / "log.before")
    gone = [str(data), *([str(place)] if place != control else [])] if ephemeral else []
    spec: dict[str, object] = {"control": str(control), "data": str(data), "version": binaries.version, "uid": runner.uid, "gid": runner.gid}
    spec |= {"grace_seconds": grace_seconds, "delete_after": gone}
    for port in (_remembered_port(control), _free_port()):
        command = _command(binaries, data, _socket_folder(place, runner), port, ephemeral=ephemeral)
        if _supervise(control, spec | {"command": command, "port": port}):
            (control / "port").write_text(str(port))
            return
    said = log.read_text(errors="replace").splitlines()[-20:]
    causes = [line for line in said if "FATAL:" in line or "PANIC:" in line]  # what follows them is how the others were ended
    tail = " / ".join((causes or said)[-3:])
    raise Transient(f"the local PostgreSQL did not start; the end of {log}: {tail}", code="server_did_not_start")


def _supervise(control: Path, spec: dict[str, object]) -> bool:
    """Start a supervisor that outlives us; True when it said that the server is ready."""
    program = Path(__file__).with_name("supervisor.py")
    keep = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    with (control / "supervisor.log").open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", str(program), json.dumps(spec)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd="/",
            env=keep,
            start_new_session=True,
        )
    assert child.stdout is not None
    with child.stdout as answer:
        ready = answer.readline() == b"ready\n"
    if not ready:
        child.wait(timeout=60)
    else:
        child.returncode = 0  # it outlives us by design: no ResourceWarning about a child still running
    return ready


def _command(binaries: Binaries, data: Path, sockets: str, port: int, *, ephemeral: bool) -> list[str]:
    settings = _COMMON_SETTINGS | {"port": str(port), "unix_socket_directories": sockets} | (_EPHEMERAL_SETTINGS if ephemeral else {})
    return [binaries.postgres, "-D", str(data), *(part for name, value in settings.items() for part in ("-c", f"{name}={value}"))]


def _socket_folder(place: Path, runner: Runner) -> str:
    """A folder for the Unix socket; none when its path is too long for the kernel (then TCP alone serves)."""
    folder = place / "run"
    if len(str(folder)) > _SOCKET_PATH_CAP - len("/.s.PGSQL.65535.lock") or "," in str(folder):
        return ""
    folder.mkdir(mode=0o700, exist_ok=True)
    runner.own(folder, 0o700)
    return str(folder)


def _remembered_port(control: Path) -> int:
    """Last time's port if it is free, so that a psql bookmark stays right."""
    remembered = control / "port"
    if remembered.exists():
        port = int(remembered.read_text())
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return _free_port()
        return port
    return _free_port()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
