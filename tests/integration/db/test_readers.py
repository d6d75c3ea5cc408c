"""What may somebody do who was given SQL access: asked of a real server, by that login itself."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import errors, sql

from transactional.db.engine import READER_ROLE
from transactional.db.readers import Login, add_reader, drop_reader, readers
from transactional.vocabulary.errors import InputRejected, Refused

# as dbt leaves it: a published mart that the readers' role may select, beside what it may not
PUBLISHED = """
create schema reconciliation; create schema staging; create schema intermediate;
create table reconciliation.fct_breaks (break_id text); create table staging.stg_x (n int); create table intermediate.int_x (n int);
grant usage on schema reconciliation to countroom_reader; grant select on reconciliation.fct_breaks to countroom_reader;
"""
FORBIDDEN = [
    "select * from app.accounts",
    "select * from raw.source_files",
    "select * from derived.reconciliation__breaks",
    "select * from staging.stg_x",
    "select * from intermediate.int_x",
    "insert into reconciliation.fct_breaks values ('x')",
    "delete from reconciliation.fct_breaks",
    "truncate reconciliation.fct_breaks",
    "drop table reconciliation.fct_breaks",
    "create table reconciliation.mine (n int)",
    "create table public.mine (n int)",
    "create temporary table mine (n int)",
    "create schema mine",
    "set role countroom_service",
    "set role countroom_pipeline",
    "create role mine",
    "copy reconciliation.fct_breaks to program 'true'",
    "select pg_read_file('/etc/passwd')",
]


@pytest.fixture
def name() -> str:
    return f"ana_{uuid.uuid4().hex[:12]}"


@pytest.fixture
def login(database_url: str, name: str) -> Iterator[Login]:
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute(PUBLISHED)
    yield add_reader(database_url, name, connections=2, timeout_seconds=7)
    if name in {each.name for each in readers(database_url)}:
        drop_reader(database_url, name)


def connected(login: Login) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(login.url, password=login.password, autocommit=True, host="127.0.0.1")


def test_a_reader_selects_the_marts_and_begins_read_only_with_a_timeout(login: Login) -> None:
    with connected(login) as reader:
        assert reader.execute("select count(*) from reconciliation.fct_breaks").fetchone() == (0,)
        shown = [reader.execute(f"show {name}").fetchone() for name in ("default_transaction_read_only", "statement_timeout", "timezone")]
        assert shown == [("on",), ("7s",), ("UTC",)]
        with pytest.raises(errors.ReadOnlySqlTransaction):
            reader.execute("create temporary table t (n int)")


def test_rights_and_not_settings_keep_a_reader_from_everything_else(login: Login) -> None:
    # the trap: "read only" as a setting, which the session itself switches off
    outcomes = {}
    with connected(login) as reader:
        reader.execute("set default_transaction_read_only = off")
        for statement in FORBIDDEN:
            try:
                reader.execute(sql.SQL(statement))
                outcomes[statement] = "done"
            except errors.InsufficientPrivilege:
                outcomes[statement] = "refused"
    assert outcomes == dict.fromkeys(FORBIDDEN, "refused")


def test_a_reader_is_a_member_of_the_readers_only_and_limited(database_url: str, login: Login) -> None:
    asked = "select r.rolname from pg_auth_members m join pg_roles r on r.oid = m.roleid join pg_roles w on w.oid = m.member where w.rolname = %s"
    with psycopg.connect(database_url) as admin:
        assert admin.execute(asked, [login.name]).fetchall() == [(READER_ROLE,)]
    with connected(login), connected(login), pytest.raises(psycopg.OperationalError, match="too many connections"):
        connected(login)


def test_the_server_never_sees_the_password(database_url: str, login: Login) -> None:
    with psycopg.connect(database_url) as admin:
        kept = str((admin.execute("select rolpassword from pg_authid where rolname = %s", [login.name]).fetchone() or ("",))[0])
    assert kept.startswith("SCRAM-SHA-256$")
    assert login.password not in kept + repr(login) + login.url


def test_the_pipeline_keeps_its_temporary_tables(database_url: str, login: Login) -> None:
    # dbt's incremental models make them
    with psycopg.connect(database_url, options="-c role=countroom_pipeline") as pipeline:
        pipeline.execute("create temporary table t (n int)")


def test_a_dropped_reader_is_out_at_once_and_can_be_added_again(database_url: str, login: Login) -> None:
    with connected(login) as reader, ThreadPoolExecutor(1) as beside:
        busy = beside.submit(reader.execute, "select pg_sleep(30)")
        drop_reader(database_url, login.name)
        with pytest.raises(psycopg.OperationalError):
            busy.result()
    with pytest.raises(psycopg.OperationalError):
        connected(login)
    assert add_reader(database_url, login.name).password != login.password


def test_only_readers_are_dropped(database_url: str) -> None:
    for role in ("countroom_service", "nobody_here"):
        with pytest.raises(Refused, match="no reader") as refused:
            drop_reader(database_url, role)
        assert refused.value.code == "no_such_reader"


def test_a_name_that_is_taken_is_refused(database_url: str, login: Login) -> None:
    with pytest.raises(Refused) as refused:
        add_reader(database_url, login.name)
    assert refused.value.code == "reader_exists"


@pytest.mark.parametrize("name", ["", "Ana", "pg_ana", "countroom_service", 'a"; drop role x; --', "a" * 64, "1a"])
def test_a_name_that_is_none_is_refused_before_anybody_is_asked(name: str) -> None:
    with pytest.raises(InputRejected):
        add_reader("postgresql://nobody@127.0.0.1:1/none", name)


def test_nothing_is_made_where_the_database_lets_everybody_write(database_url: str, name: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute("grant create on schema public to public")
    with pytest.raises(Refused, match="creates in public"):
        add_reader(database_url, name)
    assert name not in {each.name for each in readers(database_url)}
