"""Does the benchmark compare right answers with right answers? A timing beside wrong results says nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.benchmarks.contenders import CONTENDERS, wrong_answers
from pipelines.benchmarks.two_sides import planted, two_sides

PAYMENTS = 1_200


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bench") / "items.parquet"
    two_sides(PAYMENTS).write_parquet(path)
    return path


@pytest.mark.parametrize("name", ["bare", "ladder"])
def test_who_adds_up_before_comparing_finds_exactly_what_was_planted(name: str, items: Path) -> None:
    assert wrong_answers(CONTENDERS[name](items), planted(PAYMENTS)) == 0


@pytest.mark.parametrize("name", ["naive", "pandas"])
def test_who_joins_rows_as_they_are_does_not(name: str, items: Path) -> None:
    # blocks: data without duplicates and without payments in parts, over which every matcher is right
    assert wrong_answers(CONTENDERS[name](items), planted(PAYMENTS)) > 0


def test_every_mistake_is_planted_more_than_once() -> None:
    assert min(planted(PAYMENTS).values()) == PAYMENTS // 400 > 1
