"""What came after a day was signed is told as such, and only until the next close."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from assets.reconciliation.context import RunContext, Terms
from assets.reconciliation.items import item_schema
from assets.reconciliation.matching import Outcome, reconcile
from tests.unit.reconciliation.test_standing import AS_OF, DAY, FOUR, payment

SIGNED, LATE = datetime(2026, 1, 9, tzinfo=UTC), datetime(2026, 1, 10, tzinfo=UTC)


def run(rows: list[dict[str, Any]], *closes: tuple[date, datetime], as_of: datetime = AS_OF) -> Outcome:
    context = RunContext(as_of=as_of, psp_terms={"acme": Terms()}, closed={"acme": closes} if closes else {})
    return reconcile(pl.DataFrame(rows, schema=item_schema()), context)


def late_ledger(known_at: datetime = LATE) -> list[dict[str, Any]]:
    """A payment of which our books knew only afterwards."""
    return [row | ({"known_at": known_at} if row["source"] == "ledger" else {}) for row in payment(1)]


def test_a_case_that_agrees_only_since_the_close_is_open_and_no_break() -> None:
    # the trap: a closed day that is quietly better than what two people signed
    outcome = run(late_ledger(), (DAY, SIGNED))
    (found,) = outcome.breaks.iter_rows(named=True)
    assert (found["break_class"], found["counts_as_break"], found["amount_minor"]) == ("after_close", False, 1000)
    assert "ledger line booked on the closed 2026-01-05" in found["explanation"]
    assert outcome.certificate["closes"].all()
    assert (outcome.groups.height, outcome.dispositions["disposition"].unique().to_list()) == (0, ["broken"])


def test_the_next_close_takes_it_in() -> None:
    outcome = run(late_ledger(), (DAY, SIGNED), (date(2026, 1, 6), LATE))
    assert (outcome.breaks.height, outcome.groups.height) == (0, 1)


def test_what_was_known_at_the_watermark_or_is_of_an_open_day_is_matched() -> None:
    assert run(late_ledger(SIGNED), (DAY, SIGNED)).groups.height == 1
    assert run(late_ledger(), (date(2026, 1, 4), SIGNED)).groups.height == 1
    assert run(late_ledger()).groups.height == 1


def test_a_break_is_not_made_milder_by_coming_late() -> None:
    rows = [row | {"known_at": LATE} for row in payment(1, sources=FOUR[1:])]
    assert run(rows, (DAY, SIGNED)).breaks["break_class"].to_list() == ["missing_in_ledger"]


def test_a_line_of_the_next_day_that_comes_late_does_not_reopen_its_payment() -> None:
    # settled the day after, which nobody has closed: the payment of the closed day is matched as expected
    rows = [row | ({"known_at": LATE} if row["source"] == "settlement" else {}) for row in payment(1)]
    assert run(rows, (DAY, SIGNED)).groups.height == 1
