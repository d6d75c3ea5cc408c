"""Gate G6: do the statements of a bank account tie and follow each other, also when the bank sends one again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from assets.reconciliation.context import STATEMENT_SCHEMA, RunContext
from assets.reconciliation.items import item_schema
from assets.reconciliation.matching import reconcile

AS_OF = datetime(2026, 3, 31, tzinfo=UTC)
BANK = "NL91ABNA0417164300"


def statement(number: int, opening: int, moves: int, closing: int, *, known_days: int = 0, **other: Any) -> dict[str, Any]:
    day = date(2026, 3, number)
    known_at = datetime(2026, 3, 20, tzinfo=UTC) + timedelta(days=known_days)
    told = {"bank_account": BANK, "currency": "EUR", "statement_id": f"S{number}", "opening_date": day, "closing_date": day, "known_at": known_at}
    return told | {"opening_minor": opening, "moves_minor": moves, "closing_minor": closing} | other


def gaps(*statements: dict[str, Any]) -> list[tuple[str, str, int]]:
    """Currency, statement and amount of every gap."""
    context = RunContext(AS_OF, statements=pl.DataFrame(statements, schema=dict(STATEMENT_SCHEMA), orient="row"))
    breaks = reconcile(pl.DataFrame(schema=item_schema()), context).breaks
    assert breaks["break_class"].unique().to_list() in ([], ["statement_gap"])
    return sorted(breaks.select("currency", "batch_id", "amount_minor").rows())


def test_statements_that_tie_and_follow_each_other_pass() -> None:
    assert gaps(statement(1, 0, 500, 500), statement(2, 500, -200, 300), statement(3, 300, 0, 300)) == []


def test_one_minor_unit_too_much_is_a_gap_of_one_minor_unit() -> None:
    assert gaps(statement(1, 0, 500, 501)) == [("EUR", "S1", 1)]


def test_a_missing_statement_shows_as_the_jump_between_its_neighbours() -> None:
    assert gaps(statement(1, 0, 500, 500), statement(3, 300, 0, 300)) == [("EUR", "S3", -200)]


def test_a_statement_sent_again_in_another_message_version_is_one_statement() -> None:
    # the trap: the copy follows its original, whose closing balance is not the copy's opening balance
    assert gaps(statement(1, 0, 500, 500), statement(2, 500, 100, 600), statement(2, 500, 100, 600, known_days=1), statement(3, 600, 1, 601)) == []


def test_the_correction_of_a_statement_stands_in_its_place() -> None:
    assert gaps(statement(1, 0, 500, 505), statement(1, 0, 500, 500, known_days=1), statement(2, 500, 1, 501)) == []


def test_both_corrections_wrong_is_one_gap_not_two_of_one_name() -> None:
    # met in real files: one statement as CAMT.053 of three message versions, with two closing balances
    assert gaps(statement(1, 1815, 885, 2705), statement(1, 1815, 885, 2705, known_days=1)) == [("EUR", "S1", 5)]


def test_statement_numbers_that_begin_anew_and_two_currencies_of_one_account_are_statements_of_their_own() -> None:
    again = statement(9, 500, 1, 502, statement_id="S1")
    other = statement(1, 7, 1, 9, currency="USD")
    assert gaps(statement(1, 0, 500, 501), again, other) == [("EUR", "S1", 1), ("EUR", "S1", 1), ("USD", "S1", 1)]


def of_psp(*statements: dict[str, Any]) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Gaps and gate of a PSP's own account, which has one line that makes it known."""
    told = {"item_key": "activity:a:1", "source": "activity", "psp": "nobody", "account": "main", "kind": "fee", "raw_kind": "Fee", "currency": "EUR"}
    told |= {"amount_minor": 1, "occurred_at": AS_OF - timedelta(20), "booked_on": date(2026, 3, 11), "known_at": AS_OF - timedelta(10)}
    own = [one | {"bank_account": "nobody main"} for one in statements]
    context = RunContext(AS_OF, statements=pl.DataFrame(own, schema=dict(STATEMENT_SCHEMA), orient="row"), bank_accounts={BANK: "EUR"})
    outcome = reconcile(pl.DataFrame([told], schema=item_schema()), context)
    found = outcome.breaks.filter(pl.col("break_class") == "statement_gap").select("psp", "account", "batch_id", "amount_minor")
    return found.rows(), outcome.gates.filter(pl.col("gate") == "G6").select("subject", "checked_count", "failed_count").rows()


def test_the_balance_a_psp_prints_is_followed_as_a_banks_is() -> None:
    assert of_psp(statement(1, 0, 500, 500), statement(2, 500, 100, 600)) == ([], [("nobody main", 2, 0)])
    assert of_psp(statement(1, 0, 500, 507), statement(3, 600, 1, 601)) == (
        [("nobody", "main", "S1", 7), ("nobody", "main", "S3", 93)],
        [("nobody main", 2, 2)],
    )


def test_two_downloads_that_overlap_do_not_follow_each_other() -> None:
    # a month downloaded twice, the second time with a week more: its opening balance is that of the first
    longer = statement(1, 0, 900, 900, statement_id="again", closing_date=date(2026, 3, 9))
    assert of_psp(statement(1, 0, 500, 500, closing_date=date(2026, 3, 7)), longer) == ([], [("nobody main", 2, 0)])
