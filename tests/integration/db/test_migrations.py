"""Does the schema go up, down and up again, alone and beside another migrator, and is it what the models say."""

from __future__ import annotations

import subprocess
import sys

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from transactional.db.engine import PIPELINE_ROLE, READER_ROLE, SERVICE_ROLE, make_engine
from transactional.migrations.runner import alembic_config, alone, connection_state, head_revision, migrate, migration_engine, revision_state
from transactional.migrations.target import COMPARISON, MANAGED_SCHEMAS, target_metadata
from transactional.vocabulary.errors import Transient

SHAPE = """
select n.nspname, c.relname, c.relkind::text, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       pg_get_expr(d.adbin, d.adrelid)
from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
where n.nspname = any(%s)
union all
select n.nspname, p.proname, 'function', pg_get_function_identity_arguments(p.oid), md5(p.prosrc), false, null
from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = any(%s)
union all
select n.nspname, c.conname, 'constraint', t.relname, pg_get_constraintdef(c.oid), c.condeferred, null
from pg_constraint c join pg_namespace n on n.oid = c.connamespace left join pg_class t on t.oid = c.conrelid where n.nspname = any(%s)
union all
select n.nspname, g.tgname, 'trigger', c.relname, pg_get_triggerdef(g.oid), false, null
from pg_trigger g join pg_class c on c.oid = g.tgrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname = any(%s) and not g.tgisinternal
order by 1, 2, 3, 4, 5
"""


def shape(url: str) -> list[tuple[object, ...]]:
    """Every column, function, constraint and trigger of our schemas."""
    with psycopg.connect(url) as connection:
        return connection.execute(SHAPE, [list(MANAGED_SCHEMAS)] * 4).fetchall()


def test_history_is_one_line_from_0000_to_the_head() -> None:
    scripts = list(ScriptDirectory.from_config(alembic_config()).walk_revisions())
    assert [script.revision for script in scripts][-1] == "0000"
    assert all(not script.is_branch_point and not script.is_merge_point for script in scripts)


def test_up_down_and_up_again_gives_the_same_schema(empty_database_url: str) -> None:
    migrate(empty_database_url)
    first = shape(empty_database_url)
    assert migrate(empty_database_url, "base").current is None
    with psycopg.connect(empty_database_url) as connection:
        left = connection.execute("select nspname from pg_namespace where nspname = any(%s)", [list(MANAGED_SCHEMAS)]).fetchall()
    assert left == []
    assert migrate(empty_database_url).at_head
    assert shape(empty_database_url) == first


def test_each_revision_can_be_undone_by_itself(empty_database_url: str) -> None:
    revisions = [script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()][::-1]
    for revision in revisions:
        before = shape(empty_database_url)
        migrate(empty_database_url, revision)
        state = revision_state(empty_database_url)
        previous = revisions[revisions.index(revision) - 1] if revision != revisions[0] else "base"
        migrate(empty_database_url, previous)
        assert shape(empty_database_url) == before
        assert migrate(empty_database_url, revision) == state


def test_autogenerate_finds_no_difference_to_the_models(database_url: str) -> None:
    engine = make_engine(database_url, pool_size=0)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts=dict(COMPARISON)), target_metadata())  # type: ignore[arg-type]
    assert differences == []


def test_two_migrators_at_once_both_end_at_head(empty_database_url: str) -> None:
    program = "import sys; from transactional.migrations.runner import migrate; print(migrate(sys.argv[1]).current)"
    both = [subprocess.Popen([sys.executable, "-c", program, empty_database_url], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [migrator.communicate(timeout=120)[0].strip() for migrator in both] == [head_revision()] * 2


def test_a_migration_gives_up_on_a_lock_instead_of_queueing_everybody_behind_it(empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(empty_database_url)
    monkeypatch.setattr("transactional.migrations.runner.LOCK_TIMEOUT_MS", 50)
    with psycopg.connect(empty_database_url) as reader:
        reader.execute("lock table migrations.alembic_version in access share mode")
        reader.execute("select 1")
        reader.execute("lock table migrations.alembic_version in access exclusive mode")
        with pytest.raises(Transient, match="lock timeout"):
            migrate(empty_database_url, "base")


def test_migration_sessions_have_lock_and_statement_timeouts_back_after_waiting_their_turn(empty_database_url: str) -> None:
    engine = migration_engine(empty_database_url)
    with engine.connect() as connection, alone(connection):
        row = connection.exec_driver_sql("select current_setting('lock_timeout'), current_setting('statement_timeout')").one()
        connection.rollback()
    assert tuple(row) == ("5s", "10min")


@pytest.mark.parametrize("role", [SERVICE_ROLE, PIPELINE_ROLE, READER_ROLE])
def test_every_role_may_ask_at_which_revision_the_database_stands(database_url: str, role: str) -> None:
    # /health asks as countroom_service: without the grant a healthy installation calls itself out of date
    engine = make_engine(database_url, role=role, pool_size=0)
    with engine.connect() as connection:
        assert connection_state(connection).at_head
