"""What may each database role not do? The attacks of reference LR §2.2 and more, as the service, the pipeline, a reader and a stranger.

The trap: a grant given for one table by default privileges, and a guard that whoever holds the connection can switch off.
"""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from tests.integration.ledger.moves import facts_count, move
from transactional.db.base import metadata
from transactional.ledger.service import Ledger

DENIED = "42501"
SERVICE, PIPELINE, READER, STRANGER = "countroom_service", "countroom_pipeline", "countroom_reader", "countroom_stranger"
EVERYBODY = [SERVICE, PIPELINE, READER, STRANGER]
CACHES = {"balances", "open_holds"}
APP_TABLES = sorted(table.name for table in metadata.tables.values() if table.schema == "app")
ATTACKS_ON_GUARDS = [
    "alter table app.postings disable trigger all",
    "drop trigger postings_are_append_only on app.postings",
    "drop table app.postings",
    "alter table app.postings add column note text",
    "alter table app.balances drop constraint ck_balances_floor",
    "create or replace function app.check_entry() returns trigger language plpgsql as $$ begin return null; end $$",
    "create function app.mine() returns int language sql as 'select 1'",
    "create table app.mine (x int)",
    "create rule mine as on insert to app.postings do instead nothing",
    "set local session_replication_role = replica",
    "alter table app.postings owner to current_user",
    "alter role current_user superuser",
    "copy app.postings to program 'cat'",
    "select pg_read_file('postgresql.conf')",
    "update migrations.alembic_version set version_num = '0000'",
    "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'postgres' and false or pg_reload_conf()",
]


@pytest.fixture(scope="module", autouse=True)
def stranger(worker_engine: object) -> None:
    """A role that was given nothing; roles belong to the server, so it is made once and left."""
    with worker_engine.begin() as connection:  # type: ignore[attr-defined]
        connection.execute(text("select pg_advisory_xact_lock(731)"))
        if not connection.execute(text("select count(*) from pg_roles where rolname = :name"), {"name": STRANGER}).scalar_one():
            connection.execute(text(f"create role {STRANGER} nologin"))


@pytest.fixture
def books(connection: Connection) -> Connection:
    Ledger(connection).post(move(100, "d"))
    return connection


def sqlstate(connection: Connection, role: str, statement: str) -> str:
    """What the database says to a role's statement; '' when it lets it."""
    savepoint = connection.begin_nested()
    try:
        connection.execute(text(f"set local role {role}"))
        connection.exec_driver_sql(statement)
    except DBAPIError as error:
        return str(getattr(error.orig, "sqlstate", ""))
    finally:
        savepoint.rollback()
    return ""


def first_column(connection: Connection, table: str) -> str:
    asked = text("select attname from pg_attribute where attrelid = cast('app.' || :t as regclass) and attnum = 1")
    return str(connection.execute(asked, {"t": table}).scalar_one())


@pytest.mark.parametrize("role", EVERYBODY)
def test_no_role_changes_deletes_or_empties_a_fact(books: Connection, role: str) -> None:
    before = facts_count(books)
    for table in APP_TABLES:
        column = first_column(books, table)
        statements = [f"update app.{table} set {column} = {column}", f"truncate app.{table} cascade"]
        statements += [] if role == SERVICE and table == "open_holds" else [f"delete from app.{table}"]
        for statement in statements:
            assert (statement, sqlstate(books, role, statement)) == (statement, DENIED)
    assert facts_count(books) == before


@pytest.mark.parametrize("role", [PIPELINE, READER, STRANGER])
def test_only_the_service_writes_facts(books: Connection, role: str) -> None:
    for table in APP_TABLES:
        assert (table, sqlstate(books, role, f"insert into app.{table} default values")) == (table, DENIED)
    assert sqlstate(books, role, 'select app.open_accounts(\'[{"code": "rake", "currency": "USD"}]\', now())') == DENIED


@pytest.mark.parametrize("role", EVERYBODY)
@pytest.mark.parametrize("attack", ATTACKS_ON_GUARDS)
def test_no_role_switches_a_guard_off_or_leaves_the_database(books: Connection, role: str, attack: str) -> None:
    assert sqlstate(books, role, attack) == DENIED


@pytest.mark.parametrize("role", [READER, STRANGER])
def test_a_reader_of_marts_reads_no_facts_and_a_stranger_nothing(books: Connection, role: str) -> None:
    for table in (*(f"app.{name}" for name in APP_TABLES), "raw.app__postings", "raw.source_files"):
        assert (table, sqlstate(books, role, f"select * from {table}")) == (table, DENIED)


def test_the_pipeline_reads_facts_but_neither_message_bodies_nor_answers_to_callers(books: Connection) -> None:
    hidden = {"webhook_deliveries", "request_keys", "request_answers"}
    for table in APP_TABLES:
        assert (table, sqlstate(books, PIPELINE, f"select * from app.{table}")) == (table, DENIED if table in hidden else "")


def test_the_service_reads_nothing_of_the_warehouse_but_how_old_it_is(books: Connection) -> None:
    names = books.execute(text("select schemaname || '.' || tablename from pg_tables where schemaname in ('raw', 'derived')")).scalars().all()
    assert len(names) > 15
    for name in names:
        assert (name, sqlstate(books, SERVICE, f"select * from {name}")) == (name, "" if name == "raw.app_watermarks" else DENIED)
    assert sqlstate(books, SERVICE, "update raw.app_watermarks set snapshot = ''") == DENIED


def test_the_service_changes_of_a_cache_only_what_moves(books: Connection) -> None:
    for column in ("account_id", "normal_sign", "floor_minor"):
        assert sqlstate(books, SERVICE, f"update app.balances set {column} = {column}") == DENIED
    for column in ("hold_id", "account_id", "expires_at"):
        assert sqlstate(books, SERVICE, f"update app.open_holds set {column} = {column}") == DENIED


def test_the_chart_of_accounts_is_not_the_services_to_extend(books: Connection) -> None:
    assert sqlstate(books, SERVICE, "insert into app.account_classes values ('slush_fund', 'debit', 'nobody', null)") == DENIED
