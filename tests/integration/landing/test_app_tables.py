"""App facts land once each, whatever the order in which their transactions commit."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Engine

from assets.landing.app_tables import APP_TABLES, PAYMENT_INTENTS, land_app_tables
from pipelines.resources.warehouse import Warehouse
from tests.integration.landing.offers import NOW
from transactional.db.engine import PIPELINE_ROLE
from transactional.ledger.accounts import player_account, psp_account
from transactional.ledger.entries import KeyedEntry
from transactional.ledger.posting_templates import Payment, deposit_captured
from transactional.ledger.service import Ledger
from transactional.vocabulary.errors import ContractBroken, InvariantBroken
from transactional.vocabulary.money import Money

Connection = psycopg.Connection[Any]
INSERT = """insert into app.payment_intents
                (intent_id, player_id, direction, currency, amount_minor, idempotency_key, payload_hash, created_at, recorded_at)
            values (%s, %s, 'deposit', 'EUR', 100, %s, '', now(), now())"""


class Landing:
    """The two databases of a casino, and one run after another."""

    def __init__(self, app_url: str, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self._app = Warehouse(app_url, role=PIPELINE_ROLE)
        self._moment = datetime(2026, 3, 3, tzinfo=UTC)

    def run(self) -> dict[str, int]:
        self._moment += timedelta(minutes=1)
        with self._app.connect() as app, self.warehouse.connect() as warehouse:
            return {landed.table.name: landed.rows for landed in land_app_tables(app, warehouse, self._moment)}

    def intents(self) -> list[int]:
        return [UUID(text).int for text in self.warehouse.read("select intent_id::text from raw.app__payment_intents order by 1").to_series()]


@pytest.fixture(params=["one database", "two databases"])
def landing(request: pytest.FixtureRequest, database_url: str, new_database: Callable[[], str]) -> Landing:
    warehouse_url = database_url if request.param == "one database" else new_database()
    return Landing(database_url, Warehouse(warehouse_url, role=PIPELINE_ROLE))


@pytest.fixture
def connect(database_url: str) -> Iterator[Callable[[], Connection]]:
    """More sessions of the service, closed at the end."""
    opened: list[Connection] = []

    def one() -> Connection:
        opened.append(psycopg.connect(database_url))
        return opened[-1]

    yield one
    for connection in opened:
        connection.close()


def insert(connection: Connection, number: int) -> None:
    connection.execute(INSERT, [UUID(int=number), UUID(int=9), f"k{number}"])


def test_a_row_whose_transaction_began_first_and_committed_last_is_not_lost(landing: Landing, connect: Callable[[], Connection]) -> None:
    """Blocks `where id > last` and `where recorded_at > last`: both have seen row 2 and never look back at row 1."""
    early, late = connect(), connect()
    insert(early, 1)
    insert(late, 2)
    late.commit()
    assert landing.run()["app__payment_intents"] == 1
    assert landing.intents() == [2]
    early.commit()
    assert landing.run()["app__payment_intents"] == 1
    assert landing.intents() == [1, 2]
    assert landing.run()["app__payment_intents"] == 0


def test_a_row_of_a_savepoint_and_a_rolled_back_row(landing: Landing, connect: Callable[[], Connection]) -> None:
    kept, undone = connect(), connect()
    insert(undone, 1)
    with kept.transaction():
        insert(kept, 2)
        with kept.transaction():
            insert(kept, 3)
        landing.run()
    undone.rollback()
    landing.run()
    assert landing.intents() == [2, 3]


@pytest.mark.parametrize("seed", range(12))
def test_any_order_of_commits_and_landings_lands_each_committed_row_once(seed: int, landing: Landing, connect: Callable[[], Connection]) -> None:
    """The oracle is a set in memory: what was committed. A row that landed twice would break the primary key."""
    chance = random.Random(seed)
    sessions: list[tuple[Connection, list[int]]] = [(connect(), []) for _ in range(4)]
    committed: set[int] = set()
    for number in range(1, 40):
        session, open_rows = chance.choice(sessions)
        deed = chance.choice(["insert", "insert", "insert", "commit", "rollback", "land"])
        if deed == "insert":
            insert(session, number)
            open_rows.append(number)
        elif deed == "land":
            landing.run()
        else:
            session.commit() if deed == "commit" else session.rollback()
            committed.update(open_rows if deed == "commit" else [])
            open_rows.clear()
    for session, open_rows in sessions:
        session.commit()
        committed.update(open_rows)
    landing.run()
    assert landing.intents() == sorted(committed)
    assert landing.run()["app__payment_intents"] == 0


def test_the_ledger_s_facts_land_together_and_balanced(landing: Landing, engine: Engine) -> None:
    payment = Payment(
        "adyen", "CountroomEU", UUID(int=7), intent_id=UUID(int=1), attempt_id=UUID(int=2), psp_reference="P", modification_reference="M"
    )
    with engine.begin() as connection:
        Ledger(connection).post(KeyedEntry(deposit_captured(payment, Money("EUR", 1000), NOW), "d1", recorded_at=NOW))
    landed = landing.run()
    assert (landed["app__journal_entries"], landed["app__postings"]) == (1, 2)
    rows = landing.warehouse.read(
        """select a.code, p.amount_minor from raw.app__postings p join raw.app__accounts a using (account_id)
           join raw.app__journal_entries e using (entry_id) order by 2"""
    ).rows()
    assert rows == [(player_account(UUID(int=7), "EUR").code, -1000), (psp_account("adyen", "CountroomEU", "EUR").code, 1000)]
    batches = landing.warehouse.read(
        "select table_name, rows_landed from raw.app_batches where table_name in ('postings', 'journal_entries') order by 1"
    )
    assert batches.rows() == [("journal_entries", 1), ("postings", 2)]


def test_a_run_that_fails_leaves_neither_rows_nor_watermark(
    landing: Landing, connect: Callable[[], Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = connect()
    insert(session, 1)
    session.commit()
    with monkeypatch.context() as patch:
        # intents a second time, after every table was written: the primary key refuses them
        patch.setattr("assets.landing.app_tables.APP_TABLES", (*APP_TABLES, PAYMENT_INTENTS))
        patch.setattr("assets.landing.app_tables._Run._watermark", lambda *_: None)
        with pytest.raises(psycopg.errors.UniqueViolation):
            landing.run()
    assert landing.intents() == []
    assert landing.warehouse.read("select count(*) from raw.app_watermarks").item() == 0
    landing.run()
    assert landing.intents() == [1]


def test_an_app_database_older_than_what_landed_is_refused(landing: Landing, connect: Callable[[], Connection]) -> None:
    """A restored database counts its transactions anew: with the old watermark its new facts would look like landed ones."""
    landing.run()
    with landing.warehouse.transaction() as connection:
        connection.execute("update raw.app_watermarks set snapshot = '900000000:900000000:'")
    with pytest.raises(ContractBroken, match="older than what has landed"):
        landing.run()


def test_no_secret_and_no_webhook_body_lands() -> None:
    columns = {column for table in APP_TABLES for column in table.column_names()}
    assert not columns & {"payload_hash", "body", "dedupe_key", "txid"}


def test_an_open_transaction_of_the_caller_is_our_bug(database_url: str) -> None:
    with psycopg.connect(database_url) as app, psycopg.connect(database_url) as warehouse:
        app.execute("select 1")
        with pytest.raises(InvariantBroken, match="idle"):
            land_app_tables(app, warehouse, NOW)
