"""Versions, gates, roll-back, and what the database lets the pipeline and a routing service do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import polars as pl
import psycopg
import pytest
from psycopg import errors
from sqlalchemy import Engine
from sqlalchemy.exc import ProgrammingError

from assets.payments.scorecards.parameters import Parameters
from assets.payments.scorecards.reading import champion, content_of, version, versions
from assets.payments.scorecards.service import Recipe, publish, roll_back
from pipelines.resources.warehouse import Warehouse
from tests.unit.payments.scorecards.traffic import BEGIN, Try, buckets, drawn
from transactional.db.engine import PIPELINE_ROLE
from transactional.payments.scorecards.document import Status, document_bytes, parse
from transactional.vocabulary.errors import Refused

AT = BEGIN + timedelta(hours=3)
MINUTE = timedelta(minutes=1)
TRAFFIC = buckets(drawn(1, 200))


@pytest.fixture
def pipeline(worker_engine: Engine) -> Iterator[psycopg.Connection[Any]]:
    """A connection that acts as the pipeline. Nothing is committed, so that tests share one database."""
    with Warehouse(worker_engine.url.set(drivername="postgresql").render_as_string(hide_password=False), role=PIPELINE_ROLE).connect() as connection:
        yield connection
        connection.rollback()


def put(connection: psycopg.Connection[Any], at: Any = AT, traffic: pl.DataFrame = TRAFFIC, **stated: Any) -> Any:
    return publish(connection, traffic, Recipe(at, **stated), at + MINUTE)


def test_the_first_card_leads_and_reads_back_as_the_document_that_was_published(pipeline: psycopg.Connection[Any]) -> None:
    made = put(pipeline)
    leading = champion(pipeline)
    assert (made.version, made.status, made.closed, made.is_new) == (1, Status.CHAMPION, (), True)
    assert leading is not None
    read = parse(document_bytes(leading.manifest(), content_of(pipeline, made.content_sha256)))
    assert (read.manifest.version, len(read.rows), read.manifest.data_watermark) == (1, made.rows, AT)
    assert read.manifest.params["kappas"]
    assert pipeline.execute("select count(*), sum(n_attempts) filter (where level = 'all') from derived.payments__scorecard_rows").fetchone() == (
        made.rows,
        200,
    )


def test_the_same_card_of_the_same_moment_is_published_once(pipeline: psycopg.Connection[Any]) -> None:
    # the trap: a run that is repeated moves the shares a second step
    put(pipeline, AT - 5 * MINUTE)
    first, again = put(pipeline), put(pipeline, traffic=buckets(reversed(drawn(1, 200))))
    assert (again.version, again.content_sha256, again.is_new) == (first.version, first.content_sha256, False)
    assert len(versions(pipeline)) == 2


def test_a_new_champion_makes_the_old_one_a_shadow_and_only_one_leads(pipeline: psycopg.Connection[Any]) -> None:
    put(pipeline)
    put(pipeline, AT + 5 * MINUTE)
    assert [(each.version, each.status, each.stated["parent_version"]) for each in versions(pipeline)] == [
        (2, Status.CHAMPION, 1),
        (1, Status.SHADOW, None),
    ]


def test_a_card_of_half_a_load_stays_a_shadow_and_the_old_one_goes_on(pipeline: psycopg.Connection[Any]) -> None:
    put(pipeline)
    half = put(pipeline, AT + 5 * MINUTE, buckets(drawn(1, 4)))
    leading = champion(pipeline)
    assert (half.status, half.closed[0].code) == (Status.SHADOW, "ROWS_CHANGED")
    assert leading is not None
    assert (leading.version, version(pipeline, 2).reason.split(", ")[0]) == (1, "ROWS_CHANGED")


def test_what_two_publications_agree_on_leads_although_the_champion_was_of_another_size(pipeline: psycopg.Connection[Any]) -> None:
    # the trap: a champion of a quiet night, and no card of the day may ever follow it
    put(pipeline, traffic=buckets(drawn(1, 4)))
    assert put(pipeline, AT + 5 * MINUTE).status is Status.SHADOW
    assert put(pipeline, AT + 10 * MINUTE).status is Status.CHAMPION


@pytest.mark.parametrize(
    ("ope", "code"),
    [(None, "NO_ESTIMATE"), ({"lo": 0.79, "baseline": 0.8, "ess": 900}, "ESTIMATE_BELOW"), ({"lo": 0.8, "baseline": 0.8, "ess": 90}, "SAMPLE_SMALL")],
)
def test_new_parameters_need_an_off_policy_estimate(pipeline: psycopg.Connection[Any], ope: dict[str, float] | None, code: str) -> None:
    put(pipeline)
    changed = Parameters(half_life_seconds=1800)
    refused = put(pipeline, AT + MINUTE, parameters=changed, ope=ope)
    assert [gate.code for gate in refused.closed] == [code]
    assert put(pipeline, AT + 2 * MINUTE, parameters=changed, ope={"lo": 0.8, "baseline": 0.8, "ess": 900}).status is Status.CHAMPION


def test_a_roll_back_is_an_old_content_under_a_new_version_and_the_next_publication_does_not_undo_it(pipeline: psycopg.Connection[Any]) -> None:
    first = put(pipeline)
    put(pipeline, AT + 5 * MINUTE)
    number = roll_back(pipeline, 1, "ayse", "two was wrong", AT + 6 * MINUTE)
    leading = champion(pipeline)
    assert leading is not None
    assert (number, leading.version, leading.stated["content_sha256"], leading.stated["data_watermark"]) == (3, 3, first.content_sha256, AT)
    assert version(pipeline, 2).status is Status.WITHDRAWN
    held = put(pipeline, AT + 10 * MINUTE)
    assert [gate.code for gate in held.closed] == ["HELD"]
    assert put(pipeline, AT + 11 * MINUTE, release=True, origin="person", by="ayse").status is Status.CHAMPION
    with pytest.raises(Refused, match="no version 99"):
        roll_back(pipeline, 99, "ayse", "", AT)


def test_latencies_of_the_window_are_in_the_card_once_the_warehouse_has_them(pipeline: psycopg.Connection[Any]) -> None:
    put(pipeline)
    pipeline.execute("create schema intermediate")
    pipeline.execute(
        """create view intermediate.int_payments__calls_timed as
           select 'deposit' as direction, '' as country, '' as method, 'adyen' as psp, 120 as latency_ms, false as is_timeout, %s::timestamptz as asked_at
           union all select 'deposit', '', '', 'adyen', 9000, false, %s::timestamptz""".replace("%s", "'{}'").format(AT, AT - timedelta(hours=25))
    )
    made = put(pipeline, AT + 5 * MINUTE)
    query = "select distinct latency_p99_ms from derived.payments__scorecard_rows where version = %s and psp = 'adyen' and direction = 'deposit'"
    assert pipeline.execute(query, [made.version]).fetchall() == [(120,)]


def test_rolling_back_to_what_leads_is_refused(pipeline: psycopg.Connection[Any]) -> None:
    put(pipeline)
    with pytest.raises(Refused, match="very content"):
        roll_back(pipeline, 1, "ayse", "", AT)


def test_listeners_are_told_the_number_of_a_champion_at_commit_and_nothing_of_a_shadow(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as listener, Warehouse(database_url, role=PIPELINE_ROLE).connect() as pipeline:
        listener.execute("listen scorecard")
        put(pipeline)
        assert list(listener.notifies(timeout=0.05)) == []
        put(pipeline, AT + 5 * MINUTE, buckets([Try(BEGIN, "adyen", "approved")]))
        pipeline.commit()
        assert [note.payload for note in listener.notifies(timeout=0.2)] == ["1"]


@pytest.mark.parametrize("table", ["contents", "versions", "rows", "statuses"])
def test_what_was_published_cannot_be_changed_by_the_pipeline(pipeline: psycopg.Connection[Any], table: str) -> None:
    put(pipeline)
    for change in ("delete from {}", "update {} set version = 9", "truncate {}"):
        statement = change.format(f"derived.payments__scorecard_{table}").replace(
            "version = 9", "content_sha256 = ''" if table == "contents" else "version = 9"
        )
        with pytest.raises(errors.InsufficientPrivilege), pipeline.transaction():
            pipeline.execute(statement)  # type: ignore[arg-type]


def test_a_routing_service_may_look_at_nothing_of_the_house(worker_engine: Engine) -> None:
    with worker_engine.connect() as connection:
        connection.exec_driver_sql("set local role countroom_router")
        for place in ("derived.payments__scorecard_versions", "app.payment_attempts", "raw.app__payment_attempts"):
            with pytest.raises(ProgrammingError, match="permission denied"), connection.begin_nested():
                connection.exec_driver_sql(f"select * from {place}")
