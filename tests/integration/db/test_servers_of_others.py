"""A server that somebody else administers, where we are nobody special: docs/runbooks/use_your_own_postgresql.md, done literally.

The trap: a suite that runs as superuser never meets a missing right. From version 16 on, whoever creates a role may not act as it without asking.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url, text

from tests.conftest import REPOSITORY
from transactional.db.engine import PIPELINE_ROLE, READER_ROLE, ROUTER_ROLE, SERVICE_ROLE, make_engine
from transactional.db.local_server import ensure_running, stop
from transactional.migrations.runner import migrate, revision_state

RUNBOOK = REPOSITORY / "docs" / "runbooks" / "use_your_own_postgresql.md"


@pytest.fixture
def administrator(tmp_path: Path) -> Iterator[str]:
    """URL of the superuser of a fresh server: roles belong to a server, and the session's has ours already."""
    pg_bin = os.environ.get("COUNTROOM_PG_BIN")
    yield ensure_running(tmp_path / "home", Path(pg_bin) if pg_bin else None, ephemeral=True, grace_seconds=1.0).url
    stop(tmp_path / "home")


def as_login(administrator: str, name: str, database: str) -> str:
    return make_url(administrator).set(username=name, password="a-word-of-the-test", database=database).render_as_string(hide_password=False)


def administer(administrator: str, *statements: str) -> None:
    with psycopg.connect(administrator, autocommit=True) as connection:
        for statement in statements:
            connection.execute(sql.SQL(statement))  # type: ignore[arg-type]


def may_act_as(url: str, role: str) -> bool:
    """Whether the login may be that role; and then see a table of it."""
    engine = make_engine(url, role=role, pool_size=0)
    try:
        with engine.connect() as connection:
            return bool(connection.execute(text("select current_user = :role"), {"role": role}).scalar_one())
    finally:
        engine.dispose()


def test_a_login_that_may_create_roles_sets_everything_up_by_itself(administrator: str) -> None:
    name = f"owner_{uuid4().hex[:8]}"
    administer(administrator, f"create role {name} login createrole password 'a-word-of-the-test'", f"create database {name} owner {name}")
    url = as_login(administrator, name, name)
    assert migrate(url).at_head
    assert [may_act_as(url, role) for role in (SERVICE_ROLE, PIPELINE_ROLE, READER_ROLE, ROUTER_ROLE)] == [True] * 4
    assert migrate(url, "base").current is None


def statements_of_the_runbook() -> list[str]:
    """What the runbook tells an administrator to type."""
    (block,) = [part.split("```")[0] for part in RUNBOOK.read_text().split("```sql\n")[1:]]
    return [line.partition("--")[0].strip() for line in block.splitlines() if line.partition("--")[0].strip()]


def test_the_runbooks_grants_are_enough_for_logins_that_may_nothing_else(administrator: str) -> None:
    administer(administrator, *(line.replace("<a secret>", "a-word-of-the-test") for line in statements_of_the_runbook()))
    owner, api, run = (as_login(administrator, name, "countroom_casino") for name in ("casino_owner", "casino_api", "casino_run"))
    assert migrate(owner).at_head
    assert may_act_as(api, SERVICE_ROLE)
    assert may_act_as(api, ROUTER_ROLE)
    assert may_act_as(run, PIPELINE_ROLE)
    assert revision_state(api).at_head
    with pytest.raises(psycopg.errors.InsufficientPrivilege), psycopg.connect(api) as connection:
        connection.execute("set role countroom_pipeline")
    with psycopg.connect(run) as connection:  # dbt makes its schemas, Dagster its own
        connection.execute("create schema staging")
    with pytest.raises(psycopg.errors.InsufficientPrivilege), psycopg.connect(run) as connection:
        connection.execute("insert into app.accounts select * from app.accounts")
