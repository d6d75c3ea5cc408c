"""What every test may ask for: a real PostgreSQL, isolated; the shared real files; and no way to reach anything else.

One server per pytest session, also under xdist: all workers share a home folder, and the launcher's locks do the rest. With
COUNTROOM_TEST_DATABASE_URL (or COUNTROOM_DATABASE_URL) that server is used instead; only databases that this session creates are touched.

- `connection`    for code that does not commit: one database per worker, a transaction per test, rolled back; SAVEPOINTs nest inside;
- `database_url`  for code that commits: a database of its own, copied from a migrated template (50 ms), dropped afterwards;
- `engine`        an Engine on that same database of its own;
- `empty_database_url`  the same without migrations, for tests of migrations.

The trap (of the system this replaces): tests that pass or fail by what an earlier test left in the database.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Connection, Engine

from tests.databases import create_database, drop_database
from transactional.db.engine import libpq_url, make_engine
from transactional.garbage import collect_rarely
from transactional.telemetry import switch_off_telemetry

REPOSITORY = Path(__file__).parents[1]

switch_off_telemetry()
collect_rarely()
# a run that decides whether work lands tries the same examples every time; at the desk they are fresh ones
hypothesis.settings.register_profile("countroom", deadline=None, max_examples=60, print_blob=True, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("countroom")

# the developer's own configuration must not leak into a test: what is wanted is taken here, the rest is removed
_GIVEN_URL = os.environ.get("COUNTROOM_TEST_DATABASE_URL") or os.environ.get("COUNTROOM_DATABASE_URL") or ""
_KEPT = {"COUNTROOM_PG_BIN", "COUNTROOM_SHARED", "COUNTROOM_TEST_DATABASE_URL"}
if "PYTEST_XDIST_WORKER" not in os.environ and _GIVEN_URL:
    os.environ["COUNTROOM_TEST_DATABASE_URL"] = _GIVEN_URL  # workers inherit it
for _name in [name for name in os.environ if name.startswith("COUNTROOM_") and name not in _KEPT]:
    del os.environ[_name]


def _run_id(session_root: Path) -> str:
    """The same in every worker of one session, another in the next."""
    return uuid.uuid5(uuid.NAMESPACE_URL, str(session_root)).hex[:8] + f"_{session_root.stat().st_ino:x}"


@pytest.fixture(scope="session")
def session_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for the whole session, also under xdist."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def pg_server(session_root: Path) -> str:
    """URL of the session's server, with the right to create databases and roles."""
    if _GIVEN_URL:
        return libpq_url(_GIVEN_URL)
    from transactional.db.local_server import ensure_running

    pg_bin = os.environ.get("COUNTROOM_PG_BIN")
    return ensure_running(session_root / "home", Path(pg_bin) if pg_bin else None, ephemeral=True, grace_seconds=1.0).url


@pytest.fixture(scope="session")
def template_database(pg_server: str, session_root: Path) -> str:
    """Name of a database migrated to head, made once per session by whichever worker comes first."""
    from transactional.db.local_server import locks
    from transactional.migrations.runner import migrate

    name = f"countroom_test_{_run_id(session_root)}_template"
    done = session_root / "template.done"
    with locks.exclusive(session_root / "template.lock", timeout_seconds=300):
        if not done.exists():
            migrate(create_database(pg_server, name))
            done.touch()
    return name


@pytest.fixture
def database_url(pg_server: str, template_database: str) -> Iterator[str]:
    """A migrated database of this test's own."""
    with _database(pg_server, template_database) as url:
        yield url


@pytest.fixture
def empty_database_url(pg_server: str, session_root: Path) -> Iterator[str]:
    """An empty database of this test's own."""
    with _database(pg_server, None, _run_id(session_root)) as url:
        yield url


@pytest.fixture
def new_database(pg_server: str, template_database: str) -> Iterator[Callable[[], str]]:
    """A maker of more migrated databases, for tests with a separate warehouse or two casinos."""
    urls: list[str] = []

    def make() -> str:
        urls.append(create_database(pg_server, _name_beside(template_database), template_database))
        return urls[-1]

    yield make
    for url in urls:
        drop_database(pg_server, url)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on this test's own database; commits are real."""
    made = make_engine(database_url, application_name="countroom tests", pool_size=10)
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def worker_engine(pg_server: str, template_database: str) -> Iterator[Engine]:
    """An engine on this worker's database, which nobody may commit to: use `connection`."""
    with _database(pg_server, template_database) as url:
        made = make_engine(url, application_name="countroom tests", pool_size=2)
        yield made
        made.dispose()


@pytest.fixture
def connection(worker_engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction that is rolled back; `begin_nested` (SAVEPOINT) works inside, commit is a mistake and undoes the isolation."""
    with worker_engine.connect() as made:
        transaction = made.begin()
        yield made
        assert transaction.is_active or made.closed, "the test committed or rolled back its connection: use `engine` or `database_url` for that"
        transaction.rollback()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real files (shared/data): $COUNTROOM_SHARED, or ../shared beside the repository. Skips, visibly, where they are not at hand."""
    shared = Path(os.environ.get("COUNTROOM_SHARED", str(REPOSITORY.parent / "shared")))
    if not (shared / "data").is_dir():
        pytest.skip(f"real files not at hand: {shared}/data (set COUNTROOM_SHARED)")
    return shared / "data"


@pytest.fixture(autouse=True)
def own_configuration(monkeypatch: pytest.MonkeyPatch, session_root: Path) -> None:
    """No test reads the developer's .env or home: COUNTROOM_HOME is the session's unless the test sets its own."""
    monkeypatch.setenv("COUNTROOM_HOME", str(session_root / "home"))
    monkeypatch.setitem(__import__("transactional.settings").settings.Settings.model_config, "env_file", None)


@pytest.fixture(autouse=True, scope="session")
def loopback_only() -> Iterator[None]:
    """Python sockets reach this machine only. (libpq has sockets of its own; it gets its address from the fixtures.)"""
    real_connect = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else "127.0.0.1"
        if self.family != socket.AF_UNIX and host not in {"127.0.0.1", "::1", "localhost", "0.0.0.0"}:
            raise ConnectionRefusedError(f"a test tried to reach {host}: tests use this machine only")
        real_connect(self, address)

    socket.socket.connect = connect  # type: ignore[method-assign,assignment]
    yield
    socket.socket.connect = real_connect  # type: ignore[method-assign]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """On a server that outlives us, the controller (or the only process) drops what this session created."""
    factory = getattr(session.config, "_tmp_path_factory", None)
    if not _GIVEN_URL or hasattr(session.config, "workerinput") or factory is None:
        return
    prefix = f"countroom_test_{_run_id(factory.getbasetemp())}_"
    with psycopg.connect(libpq_url(_GIVEN_URL), autocommit=True) as admin:
        names = admin.execute("select datname from pg_database where starts_with(datname, %s)", [prefix]).fetchall()
        for (name,) in names:
            admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


@contextmanager
def _database(server: str, template: str | None, run_id: str = "") -> Iterator[str]:
    name = _name_beside(template) if template else f"countroom_test_{run_id}_{uuid.uuid4().hex[:12]}"
    url = create_database(server, name, template)
    try:
        yield url
    finally:
        drop_database(server, url)


def _name_beside(template: str) -> str:
    return template.removesuffix("template") + uuid.uuid4().hex[:12]
