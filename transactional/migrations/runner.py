"""How the schema changes, and whether it is at head: `migrate`, `revision_state`. For `countroom migrate`, /health, doctor and the tests.

The version table is migrations.alembic_version, in a schema of its own, so that revision 0000 can create and drop app, raw and derived.
The traps: two deployments migrating at once (an advisory lock makes the second wait, then find nothing to do); a migration queueing behind a long
query and everybody else behind the migration (lock_timeout ends it after five seconds, to be tried again).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from transactional.db.engine import make_engine
from transactional.migrations.target import VERSION_SCHEMA
from transactional.vocabulary.errors import Transient

if TYPE_CHECKING:
    from alembic.config import Config

LOCK_TIMEOUT_MS = 5_000
STATEMENT_TIMEOUT_MS = 600_000
_ADVISORY_KEY = 0x636F756E74726F6F  # "countroo" in ASCII: a key nobody else takes by chance
_WAIT_FOR_OTHER_MIGRATOR = "15min"
_alembic_in_this_process = threading.Lock()  # alembic.context is global: two threads of one process would share it


@dataclass(frozen=True, slots=True)
class RevisionState:
    """Where a database stands. `current` is None before the first migration."""

    current: str | None
    head: str

    @property
    def at_head(self) -> bool:
        return self.current == self.head


def alembic_config() -> Config:
    """Alembic's configuration, in code: no ini file, no URL in a file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config


def migration_engine(url: str) -> Engine:
    """An engine for one migration connection, with the timeouts of migrations."""
    return make_engine(
        url,
        application_name="countroom migrate",
        lock_timeout_ms=LOCK_TIMEOUT_MS,
        statement_timeout_ms=STATEMENT_TIMEOUT_MS,
        pool_size=0,
    )


def migrate(url: str, revision: str = "head") -> RevisionState:
    """Bring one database to a revision: up by default, down when it lies behind (`base` removes everything countroom created).

    Raises: Transient when a lock was not to be had in time; the database stands at the last complete revision then.
    """
    from alembic import command

    config = alembic_config()
    engine = migration_engine(url)
    try:
        with _alembic_in_this_process, engine.connect() as connection:
            config.attributes["connection"] = connection
            (command.downgrade if _lies_behind(connection, revision) else command.upgrade)(config, revision)
            return connection_state(connection)
    except OperationalError as error:
        raise Transient(f"migrating to {revision}: {str(error.orig).strip().splitlines()[0]}", code="migration_interrupted") from error
    finally:
        engine.dispose()


def revision_state(url: str) -> RevisionState:
    """The database's revision and the newest one we know."""
    engine = migration_engine(url)
    try:
        with engine.connect() as connection:
            return connection_state(connection)
    finally:
        engine.dispose()


def head_revision() -> str:
    """The newest revision in versions/. Raises: alembic's CommandError when the history has two heads."""
    from alembic.script import ScriptDirectory

    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    assert head is not None, "versions/ is never empty"
    return head


@contextmanager
def alone(connection: Connection) -> Iterator[None]:
    """Hold the migrators' advisory lock for the block (session level: it spans the transactions of several revisions)."""
    connection.execute(text(f"set local lock_timeout = '{_WAIT_FOR_OTHER_MIGRATOR}'; set local statement_timeout = '{_WAIT_FOR_OTHER_MIGRATOR}'"))
    connection.execute(text("select pg_advisory_lock(:key)"), {"key": _ADVISORY_KEY})
    connection.execute(text(f"create schema if not exists {VERSION_SCHEMA}"))
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(text("select pg_advisory_unlock(:key)"), {"key": _ADVISORY_KEY})
        connection.commit()


def connection_state(connection: Connection) -> RevisionState:
    """Where the database behind an open connection stands; ends its transaction."""
    from alembic.runtime.migration import MigrationContext

    heads = MigrationContext.configure(connection, opts={"version_table_schema": VERSION_SCHEMA}).get_current_heads()
    connection.rollback()
    return RevisionState(heads[0] if heads else None, head_revision())


def _lies_behind(connection: Connection, revision: str) -> bool:
    """Whether the wanted revision is an ancestor of where the database stands."""
    from alembic.script import ScriptDirectory

    current = connection_state(connection).current
    if current is None or revision == "head":
        return False
    if revision == "base":
        return True
    ancestors = {script.revision for script in ScriptDirectory.from_config(alembic_config()).iterate_revisions(current, "base")}
    return revision in ancestors and revision != current
