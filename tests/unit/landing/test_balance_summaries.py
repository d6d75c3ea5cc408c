"""Stripe's summary of balances: opening, moves and closing as a statement, of the days its name says, or refused in words."""

from __future__ import annotations

from datetime import date

import pytest

from assets.landing.psp_files import ParsedReport, parse_psp_file
from tests.conftest import REPOSITORY
from transactional.vocabulary.errors import ContractBroken

HEADER = "category,description,net_amount,currency"
DAY = "balance_summary_2026-01-31.csv"
ROWS = ("starting_balance,,10.00,usd", "activity,,5.25,usd", "payouts,,-10.00,usd", "ending_balance,,5.25,usd")


def parsed(*rows: str, name: str = DAY, account: str | None = "acct_1", psp: str | None = "stripe") -> ParsedReport:
    return parse_psp_file("\n".join([HEADER, *rows]).encode(), name, account_hint=account, psp_hint=psp)


def told(report: ParsedReport) -> list[tuple[object, ...]]:
    assert report.statements is not None
    columns = ["bank_account", "currency", "opening_minor", "moves_minor", "closing_minor", "difference_minor", "opening_date", "closing_date"]
    return report.statements.rows.select(columns).rows()


def test_a_summary_is_a_statement_of_the_account_and_no_line_of_money() -> None:
    report = parsed(*ROWS)
    assert (report.psp, report.report, report.accounts, report.lines.height, report.rejected) == ("stripe", "balance_summary", ("acct_1",), 0, [])
    assert told(report) == [("stripe acct_1", "USD", 1_000, -475, 525, 0, date(2026, 1, 31), date(2026, 1, 31))]


def test_each_currency_has_its_own_and_its_own_decimals() -> None:
    yen = ("starting_balance,,700,jpy", "activity,,-300,jpy", "ending_balance,,400,jpy")
    assert [row[1:5] for row in told(parsed(*ROWS, *yen))] == [("JPY", 700, -300, 400), ("USD", 1_000, -475, 525)]


def test_a_summary_that_does_not_add_up_lands_as_it_is_printed() -> None:
    # gate G6 names it; a door that refused it would hide the difference
    assert told(parsed(*ROWS[:3], "ending_balance,,5.26,usd"))[0][5] == 1


def test_a_month_is_told_as_a_month() -> None:
    assert told(parsed(*ROWS, name="balance_summary_2026-01-01_2026-01-31.csv"))[0][6:] == (date(2026, 1, 1), date(2026, 1, 31))


@pytest.mark.parametrize("name", ["balance_summary.csv", "balance_summary_2026-02-30.csv", "summary_2026-01-31_2026-01-01.csv"])
def test_a_name_that_says_no_days_is_refused(name: str) -> None:
    # the trap: the day of the download taken for the day of the balance
    with pytest.raises(ContractBroken, match="by its name only") as refusal:
        parsed(*ROWS, name=name)
    assert refusal.value.code == "no_interval"


@pytest.mark.parametrize(
    ("rows", "code", "line"),
    [
        ((*ROWS, "reserved,,1.00,usd"), "unknown_category", 6),
        ((*ROWS, ROWS[1]), "repeated_category", 6),
        (ROWS[1:], "incomplete_summary", 2),
        (ROWS[:3], "incomplete_summary", 2),
        (("starting_balance,,1e3,usd", *ROWS[1:]), "not_a_number", 2),
        (("starting_balance,,1.005,usd", *ROWS[1:]), "too_many_decimals", 2),
        (("starting_balance,,1.00,xxq", *ROWS[1:]), "unknown_currency", 2),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(rows: tuple[str, ...], code: str, line: int) -> None:
    with pytest.raises(ContractBroken) as refusal:
        parsed(*rows)
    assert (refusal.value.code, refusal.value.place and refusal.value.place.line) == (code, line)


def test_a_summary_needs_its_account_and_its_own_psps_folder() -> None:
    with pytest.raises(ContractBroken, match="folder of its account"):
        parsed(*ROWS, account=None)
    with pytest.raises(ContractBroken, match="its folder says adyen"):
        parsed(*ROWS, psp="adyen")


def test_the_sample_reads() -> None:
    sample = REPOSITORY / "tests/data/psps/stripe" / "balance_summary_2026-02-04.csv"
    report = parse_psp_file(sample.read_bytes(), sample.name, account_hint="acct_1", psp_hint="stripe")
    assert told(report) == [("stripe acct_1", "USD", 767, 483, 1_250, 0, date(2026, 2, 4), date(2026, 2, 4))]
