"""The real files of shared/data through the command line, against the figures of EXPECTED.md.

The Adyen files and the bank statements belong to different merchants: here they are landed, not reconciled.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.resources.warehouse import Warehouse

Ingest = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def adyen(shared_data: Path) -> Path:
    return shared_data / "psp_reports" / "adyen"


@pytest.fixture
def bank(shared_data: Path) -> Path:
    return shared_data / "bank"


def net_by(warehouse: Warehouse, column: str) -> dict[str, tuple[int, int]]:
    """Rows and net per value of a column of the settlement lines."""
    rows = warehouse.read("select raw_kind, net_currency, psp_reference, net_minor from raw.psp__settlement_lines").to_dicts()
    keys = {row[column] for row in rows}
    return {key: (sum(row[column] == key for row in rows), sum(row["net_minor"] for row in rows if row[column] == key)) for key in keys}


def test_adyen_batch_380(ingest: Ingest, adyen: Path, warehouse: Warehouse) -> None:
    code, outcome = ingest(adyen / "settlement_detail_report_batch_380.csv")
    assert (code, outcome["totals"]["rows_in"], outcome["totals"]["rows_landed"]) == (0, 228, 228)
    assert net_by(warehouse, "raw_kind") == {
        "Settled": (220, 5_643_852),
        "Refunded": (6, -109_235),
        "Fee": (1, -3_810),
        "MerchantPayout": (1, -5_530_807),
    }
    fees = warehouse.read(
        """select sum(commission_minor)::bigint as commission, sum(markup_minor)::bigint as markup, sum(scheme_fee_minor)::bigint as scheme,
                  sum(interchange_minor)::bigint as interchange
           from raw.psp__settlement_lines where raw_kind in ('Settled', 'Refunded')"""
    )
    assert fees.rows() == [(7_091, 18_737, 2_071, 11_064)]
    lines = warehouse.read("select _source_line, batch_id, net_currency from raw.psp__settlement_lines order by 1")
    assert lines["_source_line"].to_list() == list(range(2, 230))
    assert lines["net_currency"].unique().to_list() == ["USD"]


def test_adyen_spreadsheet_ties_as_a_batch_and_keeps_the_row_that_does_not(ingest: Ingest, adyen: Path, warehouse: Warehouse) -> None:
    code, outcome = ingest(adyen / "adyen_test.xlsx")
    assert (code, outcome["totals"]["rows_landed"]) == (0, 21)
    assert sum(net for _, net in net_by(warehouse, "raw_kind").values()) == 0
    odd = warehouse.read(
        """select gross_minor, net_minor, coalesce(commission_minor, 0) + coalesce(markup_minor, 0) + coalesce(scheme_fee_minor, 0)
                  + coalesce(interchange_minor, 0) as fees from raw.psp__settlement_lines where merchant_reference = '19000000006'"""
    )
    assert odd.rows() == [(159_800, 65_934, 666)]


def test_a_spreadsheet_with_a_false_extension_and_header_is_refused_by_name(ingest: Ingest, adyen: Path, warehouse: Warehouse) -> None:
    code, outcome = ingest(adyen / "adyen_test_invalid.xls")
    (file,) = outcome["files"]
    assert (code, file["status"], file["rows_in"]) == (1, "refused", 0)
    assert "adyen_test_invalid.xls" in file["errors"][0]
    assert "missing columns" in file["errors"][0]
    assert warehouse.read("select count(*) from raw.psp__settlement_lines").item() == 0


def test_adyen_batch_238_has_no_payments_and_no_payout(ingest: Ingest, adyen: Path, warehouse: Warehouse) -> None:
    assert ingest(adyen / "settlement_detail_report_batch_238.csv")[0] == 0
    nets = warehouse.read("select net_minor from raw.psp__settlement_lines order by 1").to_series().to_list()
    assert nets == [-45_433_190, -9, 45_433_199]


def test_adyen_batch_1129_and_its_copy_are_one_file(ingest: Ingest, adyen: Path, warehouse: Warehouse) -> None:
    folder = adyen / "batch_1129"
    first, copy = sorted(path for path in folder.iterdir() if path.suffix == ".csv" and "settlement" in path.name)[::-1]
    assert ingest(first)[1]["totals"]["rows_landed"] == 18
    before = warehouse.read("select _source_line, kind, net_minor from raw.psp__settlement_lines order by 1")
    code, outcome = ingest(copy)
    assert (code, outcome["files"][0]["status"], outcome["totals"]["rows_duplicate"]) == (0, "duplicate", 18)
    assert warehouse.read("select _source_line, kind, net_minor from raw.psp__settlement_lines order by 1").equals(before)
    kinds = {kind: count for kind, (count, _) in net_by(warehouse, "raw_kind").items()}
    assert kinds == {"Chargeback": 7, "Settled": 5, "refunded": 1, "Fee": 3, "MerchantPayout": 2}
    assert {currency: net for currency, (_, net) in net_by(warehouse, "net_currency").items()} == {"USD": 0, "EUR": 0}
    payouts = warehouse.read("select net_currency, net_minor from raw.psp__settlement_lines where kind = 'payout' order by 1").rows()
    assert payouts == [("EUR", -2_851), ("USD", -3_782)]
    assert warehouse.read("select kind from raw.psp__settlement_lines where raw_kind = 'refunded'").item() == "refund"


def test_every_journal_type_of_the_single_cases_is_classified_and_none_is_a_fee_by_default(ingest: Ingest, adyen: Path, warehouse: Warehouse) -> None:
    _, outcome = ingest(adyen / "single_cases")
    assert outcome["totals"]["files_refused"] == outcome["totals"]["rows_rejected"] == 0
    kinds = warehouse.read(
        "select raw_kind, kind from raw.psp__settlement_lines union all select raw_kind, kind from raw.psp__activity_lines order by 1"
    ).rows()
    assert {kind for _, kind in kinds} & {"unknown"} == set()
    assert {raw for raw, kind in kinds if kind == "fee"} <= {"Fee"}


def test_columns_are_read_by_name_whatever_their_order(ingest: Ingest, adyen: Path, warehouse: Warehouse) -> None:
    names = ("settlement_detail_report_donation.csv", "settlement_detail_report_donation_reordered.csv")
    for name in names:
        ingest(adyen / "single_cases" / name)
    query = """select kind, gross_currency, gross_minor, net_minor, commission_minor, exchange_rate, psp_reference, occurred_at, booked_on
               from raw.psp__settlement_lines where _source_file = $1 order by _source_line"""
    first, second = (warehouse.read(query, [name]) for name in names)
    assert first.equals(second)
    assert first.height == 2


def test_every_bank_file_lands_or_says_why_not(ingest: Ingest, bank: Path, warehouse: Warehouse) -> None:
    _, outcome = ingest(bank)
    by_status = Counter(file["status"] for file in outcome["files"])
    assert by_status == {"landed": 22, "refused": 2}
    refused = {file["name"]: file["errors"][0] for file in outcome["files"] if file["status"] == "refused"}
    assert refused["betterplace_amount_formats.sta"].startswith("betterplace_amount_formats.sta, line 1, column ':60F:': no :20:")
    assert "'DEM' is not an ISO 4217 code" in refused["self-provided_raphaelm.sta"]
    rows = outcome["totals"]
    assert rows["rows_in"] == rows["rows_landed"] + rows["rows_rejected"]
    assert (
        warehouse.read("select count(*) from raw.bank__statement_lines").item() + warehouse.read("select count(*) from raw.bank__statements").item()
        == (rows["rows_landed"])
    )
    assert ingest(bank)[1]["totals"]["rows_landed"] == 0


def test_psp_payouts_on_a_bank_statement(ingest: Ingest, bank: Path, warehouse: Warehouse) -> None:
    assert ingest(bank / "mt940" / "betterplace_with_binary_character.sta")[0] == 0
    rows = warehouse.read("select description, amount_minor from raw.bank__statement_lines order by _source_line").rows()
    assert [minor for text, minor in rows if "PAYPAL" in text] == [2_700]
    assert [minor for text, minor in rows if "WIRECARD BANK" in text] == [1_306_830]
    assert any("Überweisung" in text for text, _ in rows)
    assert warehouse.read("select difference_minor from raw.bank__statements").to_series().to_list() == [0, 0]


def test_the_26_statements_of_a_real_bank_all_tie(ingest: Ingest, bank: Path, warehouse: Warehouse) -> None:
    assert ingest(bank / "mt940" / "betterplace_sepa_mt9401.sta")[0] == 0
    assert warehouse.read("select difference_minor from raw.bank__statements").to_series().to_list() == [0] * 26
    assert warehouse.read("select amount_minor from raw.bank__statement_lines where is_reversal").to_series().to_list() == [-20_488, -20_488]
    assert warehouse.read("select count(*) from raw.bank__statement_lines where return_reason is not null").item() > 0


def test_the_30th_of_february_is_a_rejected_row_with_its_place_and_a_gap_in_its_statement(ingest: Ingest, bank: Path, warehouse: Warehouse) -> None:
    code, outcome = ingest(bank / "mt940" / "self-provided_february_30.sta")
    assert code == 1
    assert outcome["files"][0]["errors"] == ["self-provided_february_30.sta, line 6, column ':61: value date': '160230' is no date; expected YYMMDD"]
    assert warehouse.read("select difference_minor from raw.bank__statements").item() == -600
    assert warehouse.read("select code, line from raw.rejected_rows").rows() == [("impossible_date", 6)]


def test_more_decimals_than_a_currency_has_are_a_rejected_row_unless_they_are_zeros(
    ingest: Ingest, bank: Path, tmp_path: Path, warehouse: Warehouse
) -> None:
    """The shared file prints three decimals, the last one zero: exact. With five that count, nothing is rounded."""
    real = bank / "camt" / "camt053.v2.five.decimals.xml"
    assert ingest(real)[0] == 0
    assert warehouse.read("select amount_minor from raw.bank__statement_lines").item() == 885
    assert warehouse.read("select difference_minor from raw.bank__statements").item() == 5, "the file's own balances do not tie"
    (tmp_path / real.name).write_text(real.read_text().replace(">8.850<", ">8.85012<"))
    code, outcome = ingest(tmp_path / real.name)
    assert code == 1
    assert outcome["files"][0]["errors"] == [
        f"{real.name}, line 61, column 'Ntry/Amt': '8.85012' has more than the 2 decimals its currency allows",
    ]
    assert outcome["files"][0]["version"] == 2


def test_camt_batch_bookings_reversals_and_message_versions(ingest: Ingest, bank: Path, warehouse: Warehouse) -> None:
    ingest(bank / "camt")
    rows = warehouse.read(
        """select _source_file, amount_minor, transaction_count, is_booked, is_reversal, return_reason, details::text as details
           from raw.bank__statement_lines order by _source_file, _source_line"""
    ).to_dicts()
    by_file: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_file.setdefault(row["_source_file"], []).append(row)
    assert [row["amount_minor"] for row in by_file["test-camt053"]] == [-75_425, -66_405, 140_531]
    batch = by_file["test-camt053"][1]
    assert (batch["is_reversal"], batch["transaction_count"], batch["return_reason"]) == (True, 2, "AC06")
    assert [Decimal(part["amount"]) for part in json.loads(batch["details"])] == [Decimal("564.05"), Decimal("100.00")]
    assert [row["amount_minor"] for row in by_file["test-camt053-txdtls"]] == [348_300]
    assert [row["is_booked"] for name in ("camt052.v6.Amt-zero.xml", "camt054.v4.xml", "camt054.v8.xml") for row in by_file[name]] == [False] * 3
    assert [row["amount_minor"] for row in by_file["camt053.v8.xml"]] == [885]


def test_the_ecb_history_lands_with_every_quotation_and_lands_once(ingest: Ingest, shared_data: Path, warehouse: Warehouse) -> None:
    reference = shared_data / "reference"
    assert ingest(reference / "eurofxref-hist.zip")[0] == 0
    days = warehouse.read("select count(distinct rate_date), min(rate_date)::text, max(rate_date)::text from raw.fx__rates").row(0)
    assert days == (6_983, "1999-01-04", "2026-04-13")
    assert warehouse.read("select rate::text from raw.fx__rates where currency = 'USD' and rate_date = date '2026-04-13'").item() == "1.1684"
    code, outcome = ingest(reference / "eurofxref_daily_2026-04-13.csv")
    assert (code, outcome["totals"]["rows_duplicate"]) == (0, 29)
