"""Does the certificate check believe nothing but the items: each way a certificate can be wrong is an error that blocks what is published."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from assets.reconciliation.checks import certificate_closes, gates_passed
from pipelines.resources.clock import FixedClock
from pipelines.resources.warehouse import Warehouse

CERTIFIED: dict[str, Any] = {
    "run_id": "r1",
    "as_of": "2026-01-10T00:00:00Z",
    "source": "ledger",
    "currency": "EUR",
    "booked_on": "2026-01-05",
    "in_count": 2,
    "in_minor": 300,
    "matched_count": 1,
    "matched_minor": 100,
    "broken_count": 1,
    "broken_minor": 200,
    "ignored_count": 0,
    "ignored_minor": 0,
    "closes": True,
}


@pytest.fixture
def warehouse(database_url: str) -> Warehouse:
    """Two items of 100 and 200, and no certificate yet."""
    with psycopg.connect(database_url) as connection:
        connection.execute(
            """create schema intermediate;
            create table intermediate.int_reconciliation__items (
                source text, currency text, booked_on date, amount_minor bigint, known_at timestamptz);
            insert into intermediate.int_reconciliation__items values
                ('ledger', 'EUR', '2026-01-05', 100, '2026-01-06Z'), ('ledger', 'EUR', '2026-01-05', 200, '2026-01-10Z')"""
        )
    return Warehouse(database_url)


def certify(warehouse: Warehouse, **change: object) -> None:
    row = CERTIFIED | change
    with warehouse.transaction() as connection:
        columns, places = ", ".join(row), ", ".join(f"%({name})s" for name in row)
        connection.execute(f"insert into derived.reconciliation__certificate ({columns}) values ({places})", row)  # type: ignore[arg-type]


def verdict(warehouse: Warehouse) -> Any:
    return certificate_closes(warehouse=warehouse, clock=FixedClock(datetime(2026, 1, 10, tzinfo=UTC)))


def test_a_certificate_that_closes_over_all_items_passes(warehouse: Warehouse) -> None:
    certify(warehouse)
    assert verdict(warehouse).passed


def test_items_without_a_certificate_fail(warehouse: Warehouse) -> None:
    # the trap: an engine that wrote nothing has no line that does not close
    result = verdict(warehouse)
    assert not result.passed
    assert result.metadata["lost_lines"].value == 1


def test_what_was_not_known_yet_is_not_missed_by_a_run_as_of_the_past(warehouse: Warehouse) -> None:
    with warehouse.transaction() as connection:
        connection.execute(
            "insert into intermediate.int_reconciliation__items values ('ledger', 'EUR', '2026-01-05', 7, '2026-01-10T00:00:00.000001Z')"
        )
    certify(warehouse)
    assert verdict(warehouse).passed
    certify(warehouse, run_id="r2", as_of="2026-01-11T00:00:00Z", currency="USD", in_count=0, in_minor=0, matched_count=0, matched_minor=0)
    assert not verdict(warehouse).passed


@pytest.mark.parametrize(
    "change",
    [
        {"matched_count": 0},
        {"broken_minor": 199},
        {"ignored_minor": 1},
        {"closes": False},
        {"in_count": 1, "matched_count": 0},
        {"in_minor": 299, "matched_minor": 99},
    ],
    ids=str,
)
def test_a_certificate_that_is_wrong_anywhere_fails(warehouse: Warehouse, change: dict[str, object]) -> None:
    certify(warehouse, **change)
    assert not verdict(warehouse).passed


def test_a_certificate_over_money_nobody_has_fails(warehouse: Warehouse) -> None:
    certify(warehouse)
    certify(warehouse, currency="USD")
    assert verdict(warehouse).metadata["lost_lines"].value == 1


def test_the_check_blocks_what_is_published() -> None:
    (spec,) = certificate_closes.check_specs
    assert spec.blocking


def test_a_gate_that_failed_is_named_and_asks_for_a_person(warehouse: Warehouse) -> None:
    with warehouse.transaction() as connection:
        connection.execute("insert into derived.reconciliation__gates values ('G6', 'statement 12 of DE1', 1, 1, false)")
    result = gates_passed(warehouse=warehouse)
    assert not result.passed
    assert "statement 12 of DE1" in str(result.metadata["gates"].value)
