"""Does the benchmark compare right answers with right answers? A timing beside wrong results says nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from pipelines.benchmarks import demo, ledger
from pipelines.benchmarks.contenders import CONTENDERS, wrong_answers
from pipelines.benchmarks.two_sides import planted, two_sides

PAYMENTS = 1_200


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bench") / "items.parquet"
    two_sides(PAYMENTS).write_parquet(path)
    return path


@pytest.mark.parametrize("name", ["bare", "ladder", "ladder-files"])
def test_who_adds_up_before_comparing_finds_exactly_what_was_planted(name: str, items: Path) -> None:
    assert wrong_answers(CONTENDERS[name](items), planted(PAYMENTS)) == 0


@pytest.mark.parametrize("name", ["naive", "pandas"])
def test_who_joins_rows_as_they_are_does_not(name: str, items: Path) -> None:
    # blocks: data without duplicates and without payments in parts, over which every matcher is right
    assert wrong_answers(CONTENDERS[name](items), planted(PAYMENTS)) > 0


def test_every_mistake_is_planted_more_than_once() -> None:
    assert min(planted(PAYMENTS).values()) == PAYMENTS // 400 > 1


def test_a_transfer_of_the_benchmark_is_an_entry_that_adds_up(engine: Engine, database_url: str, tmp_path: Path) -> None:
    # blocks: a rate of calls that book nothing, or of books nobody looked at
    ledger.prepare(engine)
    ledger.pgbench(database_url, "-n", "-M", "prepared", "-f", str(ledger.transfer_script(tmp_path, 2)), "-c", "2", "-t", "15")
    ledger.check_books(engine)
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from app.journal_entries where kind = 'bet'")).scalar_one() == 30


def test_the_demo_is_timed_by_its_own_words() -> None:
    progress = (
        "preparing the database ...\npreparing the database: 1.5 s\n  warning: 3 s late\n  reconciled: done (0.7 s)\n  landed: FAILED (0.2 s)\n"
    )
    assert demo.timed(progress) == [demo.Timed("preparing the database", 1.5, is_step=False), demo.Timed("reconciled", 0.7, is_step=True)]
