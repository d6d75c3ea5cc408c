"""EXPECTED.md on Checkout.com's and PayPal's real files, as the parser reads them. The same lines from the marts: tests/e2e."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from assets.landing.psp_files import ParsedReport, parse_psp_file
from transactional.payments.fee_schedules import COMPONENTS
from transactional.vocabulary.errors import ContractBroken


def parsed(shared_data: Path, psp: str, pattern: str) -> ParsedReport:
    (path,) = (shared_data / "psp_reports" / psp).glob(pattern)
    report = parse_psp_file(path.read_bytes(), path.name, account_hint="main", psp_hint=psp)
    assert (report.rejected, report.lines.height) == ([], report.row_count)
    assert "unknown" not in report.lines["kind"].to_list()
    return report


def ties(lines: pl.DataFrame) -> int:
    return int((lines["gross_minor"] - lines.select(pl.sum_horizontal(COMPONENTS)).to_series() == lines["net_minor"]).sum())


def test_checkoutcoms_nine_rows_are_its_payout(shared_data: Path) -> None:
    lines, payout = parsed(shared_data, "checkoutcom", "settlement-*").lines, parsed(shared_data, "checkoutcom", "payouts_*").lines
    assert (lines.height, lines["net_minor"].sum(), payout["net_minor"].to_list()) == (9, 7_950, [-7_950])
    assert lines["batch_id"].unique().to_list() == payout["batch_id"].to_list() == ["00000003K599"]
    # the ninth is what the payout costs: its two dollars stand in no fee column
    assert (ties(lines), lines["raw_kind"][8], lines["kind"][8], lines["net_minor"][8]) == (8, "Merchant Payout", "fee", -200)
    fields = lines["psp_fields"].str.json_decode(
        pl.Struct({name: pl.String() for name in ("Gross In Holding Currency", "Deduction In Holding Currency")})
    )
    printed = fields.struct.unnest().select(pl.all().str.to_decimal(scale=2)).sum_horizontal() * 100
    assert printed.cast(pl.Int64).to_list() == lines["net_minor"].to_list()


def test_paypals_76_rows_tie_and_its_balance_is_unbroken_in_three_currencies(shared_data: Path) -> None:
    report = parsed(shared_data, "paypal", "activity_en.csv")
    assert (report.lines.height, ties(report.lines)) == (76, 76)
    assert report.statements is not None
    columns = ("currency", "opening_minor", "closing_minor", "difference_minor")
    assert report.statements.rows.select(columns).rows() == [("USD", 0, 190, 0), ("EUR", 0, 4_334, 0), ("AUD", 0, 0, 0)]
    assert "@" not in report.lines.write_ndjson()
    assert "PARTNER1" not in report.lines.write_ndjson()


def test_paypals_spanish_download_is_read_by_its_own_marks(shared_data: Path) -> None:
    report = parsed(shared_data, "paypal", "statement_es.csv")
    assert (report.lines.height, ties(report.lines)) == (4, 4)
    assert report.statements is not None
    assert report.statements.rows.select("opening_minor", "closing_minor", "difference_minor").rows() == [(457_922, 471_030, 0)]


def test_a_download_without_rows_is_read_and_says_nothing(shared_data: Path) -> None:
    assert parsed(shared_data, "paypal", "empty_activity.csv").row_count == 0


def test_paypals_record_files_are_read_by_type_and_direction(shared_data: Path) -> None:
    settled, detail = parsed(shared_data, "paypal", "stl.csv"), parsed(shared_data, "paypal", "stl_chargeback_with_fee.csv")
    assert (settled.role, settled.accounts, settled.lines["net_minor"].to_list()) == ("settlement", ("EZ782AXEUJUW8",), [4_975, 460, 747, -87, -100])
    assert (detail.role, detail.lines["kind"].to_list(), detail.lines["gross_minor"].to_list()) == ("activity", ["chargeback", "fee"], [-300, -2_000])


@pytest.mark.parametrize("cut", [200, 900, 1_300])
def test_a_record_file_cut_off_in_a_row_refuses_that_row_or_itself(shared_data: Path, cut: int) -> None:
    content = (shared_data / "psp_reports" / "paypal" / "stl.csv").read_bytes()[:cut]
    try:
        report = parse_psp_file(content, "stl.csv", psp_hint="paypal")
    except ContractBroken:
        return
    assert report.lines.height + len(report.rejected) == report.row_count
