"""Two at once on one warehouse: runs and closes take turns, landings share theirs, and whoever waits says so; a turn that was lost is not passed over."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Event

import psycopg
import pytest

from pipelines import cli
from pipelines.resources.turn import turn
from pipelines.resources.warehouse import Warehouse
from tests.conftest import REPOSITORY
from transactional.vocabulary.errors import Transient

STATEMENT = b":20:S\n:25:DE89370400440532013000\n:28C:7/1\n:60F:C260301EUR100,00\n:61:2603020302C12,50NTRFREF\n:62F:C260302EUR112,50\n-\n"


def take(url: str, *, shared: bool, waits: Event, has: Event) -> None:
    with turn(url, shared=shared, on_wait=lambda said: waits.set()):
        has.set()


@pytest.mark.parametrize(("first", "second"), [(False, False), (False, True), (True, False)])
def test_who_comes_second_waits_until_the_first_ends_and_says_so(database_url: str, first: bool, second: bool) -> None:
    waits, has = Event(), Event()
    with ThreadPoolExecutor(1) as pool:
        with turn(database_url, shared=first):
            waiting = pool.submit(take, database_url, shared=second, waits=waits, has=has)
            assert waits.wait(30)
            assert not has.is_set()
        waiting.result(30)
    assert has.is_set()


def test_landings_do_not_wait_for_each_other(database_url: str) -> None:
    said: list[str] = []
    with turn(database_url, shared=True), turn(database_url, shared=True, on_wait=said.append):
        assert said == []


def end_every_turn(url: str) -> None:
    """Of this database only: pg_locks lists the whole server's, and the tests that run beside this one hold their turns in other databases."""
    with psycopg.connect(url) as other:
        held_here = "locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())"
        other.execute(f"select pg_terminate_backend(pid) from pg_locks where {held_here} and pid <> pg_backend_pid()")


def test_a_turn_that_was_lost_on_the_way_is_an_error_at_its_end(database_url: str) -> None:
    # the trap: the server restarts, the lock is gone, another run writes, and this one says it succeeded
    with pytest.raises(Transient, match="lost on the way"), turn(database_url):
        end_every_turn(database_url)


def test_an_error_of_the_block_is_not_hidden_by_the_lost_turn(database_url: str) -> None:
    def fail() -> None:
        end_every_turn(database_url)
        raise LookupError

    with pytest.raises(LookupError), turn(database_url):
        fail()


def test_no_server_is_something_that_may_pass() -> None:
    with pytest.raises(Transient, match="cannot be reached"), turn("postgresql://nobody@127.0.0.1:1/none"):
        pass


def test_a_file_offered_during_a_run_lands_after_it(database_url: str, tmp_path: Path) -> None:
    # the trap: the run says it knew what was told by its moment, and a file of before that moment is not in it
    (tmp_path / "s.sta").write_bytes(STATEMENT)
    environment = os.environ | {"COUNTROOM_DATABASE_URL": database_url, "COUNTROOM_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-m", "pipelines.cli", "ingest", str(tmp_path / "s.sta")]
    count = "select count(*) from raw.source_files"
    with ExitStack() as stack:
        run = stack.enter_context(ExitStack())
        run.enter_context(turn(database_url))
        landing = stack.enter_context(subprocess.Popen(command, cwd=REPOSITORY, env=environment, stderr=subprocess.PIPE, text=True))
        assert landing.stderr is not None
        assert "waiting until it ends" in landing.stderr.readline()
        assert Warehouse(database_url).read(count).item() == 0
        run.close()
        assert landing.wait(60) == 0, landing.stderr.read()
    assert Warehouse(database_url).read(count).item() == 1


def test_a_world_waits_for_a_run_and_a_second_casino_is_refused_by_its_name(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # the trap: a run that begins while a casino is written reconciles files whose books it cannot see, and calls all of it missing
    monkeypatch.setenv("COUNTROOM_DATABASE_URL", database_url)
    monkeypatch.setenv("COUNTROOM_HOME", str(tmp_path / "home"))
    casino = ["world", "--players", "20", "--days", "3", "--defects", "none"]
    entries = "select count(*) from app.journal_entries"
    with ExitStack() as stack:
        run = stack.enter_context(ExitStack())
        run.enter_context(turn(database_url))
        command = [sys.executable, "-m", "pipelines.cli", *casino, "--out", str(tmp_path / "one")]
        world = stack.enter_context(subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True))
        assert world.stderr is not None
        assert any("waiting until it ends" in line for line in world.stderr)
        assert (Warehouse(database_url).read(entries).item(), (tmp_path / "one").exists()) == (0, False)
        run.close()
        assert world.wait(60) == 0, world.stderr.read()
    written = Warehouse(database_url).read(entries).item()
    assert cli.run([*casino, "--out", str(tmp_path / "again")]) == 0  # the same world once more, as after a kill: the same facts
    assert cli.run([*casino, "--seed", "2", "--out", str(tmp_path / "two")]) == 2
    assert "holds another casino" in capsys.readouterr().err
    assert Warehouse(database_url).read(entries).item() == written > 0


def test_a_connection_lost_in_the_middle_of_an_answer_is_something_that_may_pass(database_url: str) -> None:
    reads: list[Callable[[Warehouse], object]] = [
        lambda warehouse: warehouse.read("select pg_terminate_backend(pg_backend_pid())::text as ended"),
        lambda _: Warehouse("postgresql://nobody@127.0.0.1:1/none").read("select 1 as one"),
    ]
    for read in reads:
        with pytest.raises(Transient, match="the warehouse cannot be reached"):
            read(Warehouse(database_url))
