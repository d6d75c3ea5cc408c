"""A world's books through the real services on a real PostgreSQL: nothing refused, the keys hold, the same twice."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import psycopg
import pytest
from sqlalchemy import Engine, text

from pipelines.cli import run
from transactional.db.engine import make_engine
from transactional.db.unit_of_work import UnitOfWork
from transactional.simulation.drive import write_books
from transactional.simulation.world import World, WorldSpec, answer_key, build

SPEC = WorldSpec(150, 24, 7)
TABLES = {
    "accounts": "account_id",
    "journal_entries": "entry_id",
    "postings": "entry_id, line",
    "payment_intents": "intent_id",
    "payment_attempts": "attempt_id",
    "payment_events": "event_id",
}


@pytest.fixture(scope="module")
def world() -> World:
    return build(SPEC)


def _write(engine: Engine, world: World) -> None:
    with UnitOfWork(engine) as work:
        write_books(work.connection, world.chunks, world.payout_entries, lambda what, done, total: None)
        work.commit()


def test_every_key_of_our_books_is_the_line_the_services_wrote(engine: Engine, world: World) -> None:
    _write(engine, world)
    with engine.connect() as connection:
        postings = connection.execute(
            text(
                "select p.entry_id, p.line from app.postings p join app.accounts a on a.account_id = p.account_id "
                "where a.account_class in ('psp_receivable', 'psp_payout_in_transit')"
            )
        )
        written = {f"ledger:{row[0].hex}:{row[1]}" for row in postings}
        events = connection.execute(text("select event_id from app.payment_events where money_kind is not null"))
        written |= {f"attempt:{row[0].hex}" for row in events}
    key = pl.read_parquet(io.BytesIO(answer_key(world)))["item_keys"].explode().drop_nulls()
    ours = {item for item in key if item.startswith(("ledger:", "attempt:"))}
    assert ours <= written
    assert len(ours) > 50


def test_the_books_balance_and_no_player_is_below_zero(engine: Engine, world: World) -> None:
    _write(engine, world)
    with engine.connect() as connection:
        off = connection.execute(text("select currency from app.postings group by currency having sum(amount_minor) <> 0")).all()
        short = connection.execute(text("select account_id from app.balances where normal_sign * posted_minor < floor_minor")).all()
        borne = connection.execute(
            text("select count(*) from app.postings p join app.accounts a using (account_id) where a.account_class = 'chargeback_receivable'")
        ).scalar_one()
    assert (off, short) == ([], [])
    assert borne > 0, "some refund or dispute should have found an empty purse: the shortfall is part of the world"


def test_the_same_world_writes_the_same_rows(new_database: Callable[[], str], world: World) -> None:
    # ids, times and amounts; what differs is the transaction's own number
    contents = []
    for url in (new_database(), new_database()):
        made = make_engine(url, application_name="countroom tests")
        _write(made, world)
        made.dispose()
        with psycopg.connect(url) as connection:
            contents.append(
                {
                    table: connection.execute(f"select (to_jsonb(t) - 'txid')::text from app.{table} t order by {order}").fetchall()  # type: ignore[arg-type]
                    for table, order in TABLES.items()
                }
            )
    assert contents[0] == contents[1]


def test_the_command_writes_folder_and_books_and_will_not_write_over_them(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COUNTROOM_DATABASE_URL", database_url)
    out = tmp_path / "world"
    arguments = ["world", "--players", "20", "--days", "5", "--seed", "3", "--out", str(out), "--json"]
    assert run(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["players"] == 20
    assert told["files"] == sum(path.is_file() for path in out.rglob("*")) - 2
    assert (out / "answer_key.parquet").exists()
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select count(*) from app.payment_intents").fetchone() != (0,)
    assert run(arguments) == 2
    assert "not an empty folder" in capsys.readouterr().err


def test_a_replay_without_a_database_writes_its_folder(shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = shared_data / "psp_reports/adyen/settlement_detail_report_batch_380.csv"
    assert run(["world", "replay", str(file), "--out", str(tmp_path / "side"), "--perturb", "4", "--no-database", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["payouts_minor"] == {"USD": 55_308_07}
    assert sum(told["expected"].values()) == 8
    assert any((tmp_path / "side/bank").glob("*")) == ("missing_at_bank" not in told["expected"])
