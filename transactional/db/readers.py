"""Who may ask the marts in SQL: logins for people, each a member of countroom_reader and of nothing else. For `countroom reader`.

The traps: a password that the server's log keeps (the server is given a SCRAM verifier, made here), a reader who fills the disk with temporary tables
(every login may make them unless the database says otherwise), one forgotten query that holds the vacuum back for a day (timeouts, few connections), and
`drop` given the name of a login that runs the house (only what `add` made is dropped).

Timeouts are what a session begins with, and a person may set them higher for one query; what a reader may read and write is kept by rights alone.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import errors, sql

from transactional.db.engine import READER_ROLE, libpq_url
from transactional.vocabulary.errors import InputRejected, Refused, Transient

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_MARK = "countroom reader"  # the comment on the role says that we made it

_READERS = """
select rolname as name, rolconnlimit as connections from pg_roles where shobj_description(oid, 'pg_authid') = %s order by rolname
"""
_MAY = """
select has_database_privilege(%(name)s, current_database(), 'TEMP') as makes_temporary_tables,
    has_schema_privilege(%(name)s, 'public', 'CREATE') as creates_in_public,
    exists (select from pg_auth_members m join pg_roles r on r.oid = m.roleid join pg_roles w on w.oid = m.member
            where w.rolname = %(name)s and r.rolname <> %(reader)s) as is_member_of_others
"""


@dataclass(frozen=True, slots=True)
class Login:
    """A reader that was made. `url` is how to connect; with the password it is shown once and kept nowhere."""

    name: str
    password: str = field(repr=False)
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader of the server. `connections`: how many at once."""

    name: str
    connections: int


def add_reader(admin_url: str, name: str, *, connections: int = 5, timeout_seconds: int = 300) -> Login:
    """Make a login that may read the marts of this database.

    Raises: InputRejected (`reader_name`), Refused (`reader_exists`, `not_permitted`, `reader_may_write`), Transient.
    """
    _check(name)
    password = secrets.token_urlsafe(24)
    with _administering(admin_url) as admin:
        verifier = admin.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
        who, database = sql.Identifier(name), sql.Identifier(admin.info.dbname)
        if admin.execute("select from pg_roles where rolname = %s", [name]).fetchone():
            raise Refused(f"the server has a role '{name}' already: choose another name, or drop it first", code="reader_exists")
        created = "create role {} login nosuperuser nocreatedb nocreaterole noreplication connection limit {} password {} in role {}"
        admin.execute(sql.SQL(created).format(who, sql.Literal(connections), sql.Literal(verifier), sql.Identifier(READER_ROLE)))
        admin.execute(sql.SQL("comment on role {} is {}").format(who, sql.Literal(_MARK)))
        admin.execute(sql.SQL("revoke temporary on database {} from public").format(database))
        admin.execute(sql.SQL("grant temporary on database {} to countroom_pipeline, countroom_service").format(database))
        for setting, value in _session(timeout_seconds):
            admin.execute(sql.SQL("alter role {} in database {} set {} = {}").format(who, database, sql.Identifier(setting), sql.Literal(value)))
        _refuse_more_than_reading(admin, name)
        host, port = admin.info.host, admin.info.port
        url = psycopg.conninfo.make_conninfo(host=host, port=port, dbname=admin.info.dbname, user=name)
    return Login(name, password, url)


def drop_reader(admin_url: str, name: str) -> None:
    """Take a login away, and end what it is doing. Raises: Refused (`no_such_reader`, `not_permitted`), Transient."""
    with _administering(admin_url) as admin:
        if name not in {each.name for each in _readers(admin)}:
            raise Refused(f"no reader is called '{name[:63]}' (`countroom reader list`); other roles are not dropped here", code="no_such_reader")
        admin.execute(sql.SQL("alter role {} nologin").format(sql.Identifier(name)))
        admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = %s", [name])
        admin.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


def readers(admin_url: str) -> list[Reader]:
    """The readers of the server, by name. Raises: Transient."""
    with _administering(admin_url) as admin:
        return _readers(admin)


def _session(timeout_seconds: int) -> tuple[tuple[str, str], ...]:
    return (
        ("default_transaction_read_only", "on"),
        ("statement_timeout", f"{timeout_seconds}s"),
        ("idle_in_transaction_session_timeout", "60s"),
        ("timezone", "UTC"),
    )


def _readers(admin: psycopg.Connection[Any]) -> list[Reader]:
    return [Reader(*row) for row in admin.execute(_READERS, [_MARK]).fetchall()]


def _refuse_more_than_reading(admin: psycopg.Connection[Any], name: str) -> None:
    """A right that our statements could not take away, because another owner gave it to everybody, undoes the whole."""
    asked = admin.execute(_MAY, {"name": name, "reader": READER_ROLE})
    held = [column.name.replace("_", " ") for column, has in zip(asked.description or (), asked.fetchone() or (), strict=True) if has]
    if held:
        message = f"a reader of this database would be one that {' and '.join(held)}: whoever owns the database takes that from public first"
        raise Refused(message, code="reader_may_write")


def _check(name: str) -> None:
    if not _NAME.fullmatch(name) or name.startswith(("pg_", "countroom_")):
        message = f"'{name[:63]}' is no name of a reader: a-z, 0-9 and _, a letter first, 63 at most, beginning with neither pg_ nor countroom_"
        raise InputRejected(message, code="reader_name")


@contextmanager
def _administering(url: str) -> Iterator[psycopg.Connection[Any]]:
    try:
        with psycopg.connect(libpq_url(url), application_name="countroom reader", connect_timeout=10, options="-c lock_timeout=5000") as admin:
            yield admin
    except errors.InsufficientPrivilege as error:
        words = "our login may not do that: it needs `createrole`, `admin option` on countroom_reader, and to own the database"
        raise Refused(f"{words} ({error.diag.message_primary})", code="not_permitted") from error
    except errors.DuplicateObject as error:
        raise Refused("the server has a role of that name already", code="reader_exists") from error
    except psycopg.OperationalError as error:
        raise Transient("the database cannot be reached, or another session is in the way", code="database_unreachable") from error
