"""The light path: an attempt's outcome is in a card at the next look, once, whatever came in which order; and its buckets are the marts' definition."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import psycopg
import pytest

from assets.payments.live.folding import BLAMED, differences, hours
from assets.payments.live.service import fold, publish_live
from assets.payments.scorecards.parameters import Parameters
from assets.payments.scorecards.tables import OUTCOME_HOURS_LIVE, OUTCOMES_LIVE
from pipelines.resources.warehouse import Warehouse
from transactional.db.engine import PIPELINE_ROLE
from transactional.payments.declines.taxonomy import DeclineClass

GIVEN = Parameters()


@dataclass
class Casino:
    """Facts of a service, written as its tables take them."""

    url: str
    connection: psycopg.Connection[Any]
    began: datetime = field(default_factory=lambda: datetime(2026, 1, 1, tzinfo=UTC))

    def attempt(self, psp: str = "adyen", intent: uuid.UUID | None = None, attempt_no: int | None = 1, bin_: str = "457112") -> uuid.UUID:
        attempt, first = uuid.uuid4(), intent is None
        intent = intent or uuid.uuid4()
        if first:
            self.connection.execute(
                "insert into app.payment_intents values (%s, %s, 'deposit', 'EUR', 2500, %s, '', %s, %s)",
                [intent, uuid.uuid4(), str(intent), self.began, self.began],
            )
        self.connection.execute(
            "insert into app.payment_attempts values (%s, %s, %s, 'M', %s, 'card', %s, '', %s, %s)",
            [attempt, intent, psp, str(attempt), str(attempt), self.began, self.began],
        )
        if attempt_no is not None:
            self.connection.execute(
                """insert into app.payment_attempt_contexts (attempt_id, attempt_no, country, bin, issuer, three_ds_asked, recorded_at)
                   values (%s, %s, 'SE', %s, 'SEB', 'no', %s)""",
                [attempt, attempt_no, bin_, self.began],
            )
        return attempt

    def told(self, attempt: uuid.UUID, kind: str) -> None:
        self.connection.execute(
            """insert into app.payment_events (event_id, attempt_id, psp, merchant_account, event_kind, raw_kind, effective_at, recorded_at, dedupe_key,
               payload_hash) values (%s, %s, 'adyen', 'M', %s, %s, %s, %s, %s, '')""",
            [uuid.uuid4(), attempt, kind, kind, self.began, self.began, str(uuid.uuid4())],
        )

    def answered(self, attempt: uuid.UUID, outcome: str, decline_class: str | None = None) -> None:
        call = uuid.uuid4()
        self.connection.execute(
            "insert into app.payment_calls values (%s, %s, 'authorise', 1, %s, 2500, 'EUR', %s, 15000)", [call, attempt, str(call), self.began]
        )
        code = ("x", decline_class, "1") if decline_class else (None, None, None)
        self.connection.execute(
            """insert into app.payment_answers (call_id, outcome, decline_code, decline_class, taxonomy_version, answered_at, latency_ms, recorded_at)
               values (%s, %s, %s, %s, %s, %s, 10, %s)""",
            [call, outcome, *code, self.began, self.began],
        )

    def look(self) -> int:
        """Fold, and check that the buckets are the sum of their attempts. How many attempts were read."""
        doors = Warehouse(self.url, role=PIPELINE_ROLE)
        with doors.connect() as app, doors.connect() as warehouse:
            app.autocommit = warehouse.autocommit = True
            folded = fold(app, warehouse, GIVEN)
        counted = hours(doors.read(OUTCOMES_LIVE), GIVEN.half_life_seconds)
        assert differences(counted, doors.read(OUTCOME_HOURS_LIVE)).is_empty()
        return folded.attempts

    def buckets(self) -> pl.DataFrame:
        return Warehouse(self.url, role=PIPELINE_ROLE).read(OUTCOME_HOURS_LIVE)


@pytest.fixture
def casino(database_url: str) -> Iterator[Casino]:
    """A service whose attempts began a minute ago: the light path forgets what no card counts."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        now = connection.execute("select clock_timestamp()").fetchone()
        assert now is not None
        yield Casino(database_url, connection, now[0] - timedelta(minutes=1))


def counts(casino: Casino) -> tuple[int, ...]:
    return casino.buckets().select(pl.col("n_attempts", "n_first", "n_approved", "n_pending", "n_blamed").sum()).row(0)


def test_an_attempt_counts_once_however_often_and_in_whatever_order_it_is_told_of(casino: Casino) -> None:
    # decision-engine counts fail-then-success twice, and drops what comes late: here the last known state counts, and a success is never undone
    attempt = casino.attempt()
    assert (casino.look(), counts(casino)) == (1, (1, 0, 0, 1, 0))
    casino.told(attempt, "failed")
    assert (casino.look(), counts(casino)) == (1, (1, 1, 0, 0, 1))
    casino.told(attempt, "authorised")
    assert (casino.look(), counts(casino)) == (1, (1, 1, 1, 0, 0))
    casino.told(attempt, "failed")
    casino.told(attempt, "authorised")
    assert (casino.look(), counts(casino)) == (1, (1, 1, 1, 0, 0))
    assert (casino.look(), counts(casino)) == (0, (1, 1, 1, 0, 0))


def test_a_payers_mistake_is_nobodys_and_every_class_has_somebody_to_answer_for_it(casino: Casino) -> None:
    for each in DeclineClass:
        casino.answered(casino.attempt(), "declined", each.value)
    casino.look()
    assert counts(casino) == (8, 8, 0, 0, len(BLAMED))
    assert set(BLAMED) | {"payer", "soft_fix", "merchant_block"} == {each.value for each in DeclineClass}


def test_a_context_that_comes_late_moves_the_attempt_to_its_cell_and_leaves_nothing_behind(casino: Casino) -> None:
    attempt = casino.attempt(attempt_no=None)
    casino.look()
    assert casino.buckets()["country"].to_list() == [""]
    casino.connection.execute(
        "insert into app.payment_attempt_contexts (attempt_id, attempt_no, country, three_ds_asked, recorded_at) values (%s, 1, 'TR', 'no', now())",
        [attempt],
    )
    casino.look()
    assert casino.buckets()["country"].to_list() == ["TR"]


def test_a_fact_of_a_transaction_that_began_before_the_last_look_and_ended_after_it_is_not_lost(casino: Casino) -> None:
    # the trap: `where recorded_at > last`, or an id
    with psycopg.connect(casino.url) as slow:
        early = Casino(casino.url, slow, casino.began)
        early.told(early.attempt(), "authorised")
        casino.told(casino.attempt(), "authorised")
        assert casino.look() == 1
        slow.commit()
    assert (casino.look(), counts(casino)) == (1, (2, 2, 2, 0, 0))


def test_a_card_is_published_of_what_was_folded_with_the_services_clock_as_its_watermark(casino: Casino) -> None:
    for psp in ("adyen", "stripe", "stripe"):
        casino.told(casino.attempt(psp), "authorised")
    doors = Warehouse(casino.url, role=PIPELINE_ROLE)
    with doors.connect() as app, doors.connect() as warehouse:
        app.autocommit = warehouse.autocommit = True
        folded = fold(app, warehouse, GIVEN)
        made = publish_live(warehouse, folded, GIVEN, folded.read_at)
    with psycopg.connect(casino.url) as connection:
        told = connection.execute("select version, origin, data_watermark from derived.payments__scorecard_versions").fetchall()
        rows = connection.execute("select psp, n_approved from derived.payments__scorecard_rows where level = 'bin' order by psp").fetchall()
    assert made is not None
    assert told == [(1, "follow", folded.read_at.replace(microsecond=0))]
    assert rows == [("adyen", 1), ("stripe", 2)]
