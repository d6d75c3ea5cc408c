"""The lines of EXPECTED.md on Adyen, Stripe, Checkout.com, PayPal and bank files, read from the marts after one `countroom run` over all of them.

No ledger and no bank statement belongs to these merchants, so their payments are rightly missing in the ledger and their payouts at the bank; what the
files say about themselves must come out as written there. The same lines as landed: tests/integration/landing/test_real_*.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.resources.warehouse import Warehouse
from tests.e2e.real_files import stripe_account

pytestmark = pytest.mark.slow

FEES = ("commission_minor", "markup_minor", "scheme_fee_minor", "interchange_minor")
YOUR_COMPANY, DONATIONS = "YOURCOMPANY_ACCOUNT", "WikimediaDonations"


def batches(warehouse: Warehouse, account: str, batch_id: str) -> dict[str, dict[str, Any]]:
    """fct_payout_batches of one batch, by currency."""
    query = "select * from reconciliation.fct_payout_batches where account = $1 and batch_id = $2"
    return {row["currency"]: row for row in warehouse.read(query, [account, batch_id]).to_dicts()}


def lines(warehouse: Warehouse, file: str, account: str | None = None) -> list[dict[str, Any]]:
    """fct_item_dispositions of one file, with the break each ended in."""
    query = """select lines.*, breaks.break_class
               from reconciliation.fct_item_dispositions as lines left join reconciliation.fct_breaks as breaks using (break_id)
               where lines.file_name = $1 and lines.account = coalesce($2, lines.account) order by lines.line_no"""
    return warehouse.read(query, [file, account]).to_dicts()


def rows_that_do_not_tie(warehouse: Warehouse, file: str) -> list[dict[str, Any]]:
    """The lines of a file that gate G4 names one by one."""
    named = set(warehouse.read("select subject from reconciliation.fct_gates where gate = 'G4' and not passed")["subject"])
    return [line for line in lines(warehouse, file) if any(line["item_key"] in subject for subject in named)]


def source_file(warehouse: Warehouse, name: str) -> dict[str, Any]:
    (row,) = warehouse.read("select * from reconciliation.fct_source_files where name = $1", [name]).to_dicts()
    return row


def test_batch_380_adds_up_to_its_payout(real_files: Warehouse) -> None:
    batch = batches(real_files, YOUR_COMPANY, "380")["USD"]
    assert (batch["line_count"], batch["payout_count"]) == (227, 1)
    assert (batch["payment_net_minor"], batch["account_net_minor"]) == (5_643_852 - 109_235, -3_810)
    assert (batch["payout_minor"], batch["residue_minor"], batch["other_net_minor"]) == (-5_530_807, 0, 0)
    assert tuple(batch[fee] for fee in FEES) == (7_091, 18_737, 2_071, 11_064)
    assert rows_that_do_not_tie(real_files, "settlement_detail_report_batch_380.csv") == []
    assert batch["break_class"] == "missing_at_bank"


def test_the_spreadsheet_adds_up_and_the_row_that_does_not_is_named(real_files: Warehouse) -> None:
    assert batches(real_files, YOUR_COMPANY, "48")["USD"]["residue_minor"] == 0
    assert source_file(real_files, "adyen_test.xlsx")["rows_landed"] == 21
    (odd,) = rows_that_do_not_tie(real_files, "adyen_test.xlsx")
    assert (odd["merchant_reference"], odd["amount_minor"], odd["net_minor"]) == ("19000000006", 159_800, 65_934)


def test_the_file_with_a_false_extension_is_refused_by_name_with_its_missing_columns(real_files: Warehouse) -> None:
    file = source_file(real_files, "adyen_test_invalid.xls")
    assert (file["state"], file["rows_in"]) == ("refused", 0)
    assert file["refusal"].startswith("adyen_test_invalid.xls, line 1")
    assert "missing columns" in file["refusal"]


def test_batch_238_has_no_payment_and_no_payout(real_files: Warehouse) -> None:
    batch = batches(real_files, YOUR_COMPANY, "238")["USD"]
    assert (batch["line_count"], batch["payout_count"], batch["payout_minor"], batch["residue_minor"]) == (3, 0, 0, 0)
    assert batch["account_net_minor"] == 45_433_199 - 45_433_190 - 9


def test_batch_1129_pays_out_two_currencies_and_names_its_rows_that_do_not_tie(real_files: Warehouse) -> None:
    by_currency = batches(real_files, DONATIONS, "1129")
    assert {currency: (batch["payout_minor"], batch["residue_minor"]) for currency, batch in by_currency.items()} == {
        "USD": (-3_782, 0),
        "EUR": (-2_851, 0),
    }
    assert sum(batch["line_count"] + batch["payout_count"] for batch in by_currency.values()) == 18
    landed = real_files.read("select name from reconciliation.fct_source_files where name like '%batch_1129%'")["name"].to_list()
    assert len(landed) == 1, "the copy is the same file"
    assert len(rows_that_do_not_tie(real_files, landed[0])) >= 3
    assert real_files.read("select count(*) from raw.file_sightings where name like '%batch_1129%'").item() == 1


def test_every_journal_type_is_classified_and_none_is_a_fee_by_default(real_files: Warehouse) -> None:
    assert real_files.read("select count(*) from reconciliation.fct_breaks where break_class = 'unknown_kind'").item() == 0
    fees = real_files.read("select distinct raw_kind from reconciliation.fct_item_dispositions where psp = 'adyen' and kind = 'fee'")["raw_kind"]
    assert set(fees) == {"Fee"}


def test_a_report_with_its_columns_in_another_order_says_the_same(real_files: Warehouse) -> None:
    name = "settlement_detail_report_donation{}.csv"
    first, again = (lines(real_files, name.format(suffix)) for suffix in ("", "_reordered"))
    told = ("kind", "currency", "amount_minor", "net_minor", "psp_reference", "batch_id", "occurred_at", "booked_on")
    assert [[line[column] for column in told] for line in first] == [[line[column] for column in told] for line in again]
    assert [line["reason"] for line in again] == ["repeated_in_file"] * 2


@pytest.mark.parametrize(
    ("path", "payout", "minor"),
    [
        ("crm_tests/settlement_report.csv", "po_test123", 2_305),
        ("navfa_single-payout.csv", "po_1N2xR3yT4zA", 44_891),
        ("navfa_single-payout.json", "po_1N2xR3yT4zA", 44_891),
        ("api_tables/balance_transaction_data.csv", "po_0IV4rIig6peNXzgD51VFKdaB", 18_759),
    ],
)
def test_stripes_lines_add_up_to_the_payout_however_its_sign_is_printed(real_files: Warehouse, path: str, payout: str, minor: int) -> None:
    batch = batches(real_files, stripe_account(Path(path)), payout)["USD"]
    assert (batch["payout_minor"], batch["residue_minor"]) == (-minor, 0)
    assert batch["payment_net_minor"] + batch["account_net_minor"] == minor
    account = stripe_account(Path(path))
    assert [line for line in rows_that_do_not_tie(real_files, Path(path).name) if line["account"] == account] == []


def test_stripes_own_fee_is_a_line_without_gross(real_files: Warehouse) -> None:
    (fee,) = [line for line in lines(real_files, "navfa_single-payout.csv") if line["raw_kind"] == "stripe_fee"]
    assert (fee["kind"], fee["amount_minor"], fee["net_minor"]) == ("fee", 0, -25)


def test_three_currencies_settled_in_a_fourth_at_two_percent_under_the_mid_rate(real_files: Warehouse) -> None:
    """EXPECTED.md: Stripe's rate divided by the ECB's of the day has a median of 0.98."""
    quoted = real_files.read(
        """select rate_date, currency, rate::float8 as rate from staging.stg_fx__rates
           union all select distinct rate_date, 'EUR', 1 from staging.stg_fx__rates"""
    ).sort("rate_date")
    converted = real_files.read(
        """select booked_on, currency, net_currency, exchange_rate::float8 as exchange_rate from intermediate.int_reconciliation__items
           where file_name = 'overlays_payments_export.csv'"""
    ).sort("booked_on")
    for side in ("net_currency", "currency"):
        day = quoted.rename({"currency": side, "rate": f"rate_of_{side}"})
        converted = converted.join_asof(day, left_on="booked_on", right_on="rate_date", by=side, check_sortedness=False)
    share = (converted["exchange_rate"] * converted["rate_of_currency"] / converted["rate_of_net_currency"]).median()
    assert converted.height == 622
    assert set(zip(converted["currency"], converted["net_currency"], strict=True)) == {("EUR", "THB"), ("MXN", "THB"), ("USD", "THB")}
    assert round(share, 2) == 0.98


def gates(warehouse: Warehouse, gate: str, subject: str) -> list[tuple[int, int]]:
    """Checked and failed of one gate and subject."""
    query = "select checked_count, failed_count from reconciliation.fct_gates where gate = $1 and subject = $2"
    return warehouse.read(query, [gate, subject]).rows()


def test_checkoutcoms_breakdown_is_its_payout_and_every_row_ties(real_files: Warehouse) -> None:
    batch = batches(real_files, "ent_testcheckoutfixture", "00000003K599")["USD"]
    assert (batch["line_count"], batch["payout_count"], batch["payout_minor"], batch["residue_minor"]) == (9, 1, -7_950, 0)
    (file,) = real_files.read("select name from reconciliation.fct_source_files where name like 'settlement-breakdown%'")["name"]
    told = lines(real_files, file)
    assert (len(told), rows_that_do_not_tie(real_files, file)) == (9, [])
    assert [line["amount_minor"] - line["net_minor"] for line in told] == [150, 75, 30, 25, 10, 10, 20, 30, 200]
    assert batch["break_class"] == "missing_at_bank"


def test_paypals_download_ties_in_76_of_76_rows_and_its_balance_never_breaks(real_files: Warehouse) -> None:
    told = lines(real_files, "activity_en.csv")
    assert (len(told), rows_that_do_not_tie(real_files, "activity_en.csv")) == (76, [])
    assert {line["currency"] for line in told} == {"USD", "EUR", "AUD"}
    assert max(abs(line["amount_minor"]) for line in told) == 1_400_000, "thousands commas inside quotes"
    assert (told[0]["booked_on"].isoformat(), told[-1]["booked_on"].isoformat()) == ("2015-12-29", "2016-11-01")
    assert gates(real_files, "G6", "paypal activity_en") == [(3, 0)]
    assert gates(real_files, "G7", "paypal activity_en") == [(76, 0)]


def test_paypals_spanish_statement_has_decimal_commas_and_headers_without_a_name(real_files: Warehouse) -> None:
    told = lines(real_files, "statement_es.csv")
    assert [(line["amount_minor"], line["net_minor"]) for line in told] == [(4_937, 4_759), (2_882, 2_763), (3_578, 3_439), (2_247, 2_147)]
    assert [line["booked_on"].isoformat() for line in told] == ["2020-01-02"] * 3 + ["2020-01-03"]
    assert gates(real_files, "G6", "paypal statement_es") == [(1, 0)]


def test_paypals_settlement_file_says_hundredths_and_directions(real_files: Warehouse) -> None:
    told = {line["psp_reference"] or line["raw_kind"]: line for line in lines(real_files, "stl.csv")}
    assert {name: (line["kind"], line["currency"], line["amount_minor"], line["net_minor"]) for name, line in told.items()} == {
        "5678": ("deposit", "AUD", 5_200, 4_975),
        "6789": ("deposit", "AUD", 535, 460),
        "68C7": ("deposit", "GBP", 834, 747),
        "99900": ("refund", "GBP", -134, -87),
        "T0400": ("payout", "GBP", -100, -100),
    }
    assert [line["amount_minor"] for line in lines(real_files, "stl_chargeback_with_fee.csv")] == [-300, -2_000]


def test_payouts_of_other_psps_stand_on_the_bank_statement(real_files: Warehouse) -> None:
    amounts = [line["amount_minor"] for line in lines(real_files, "betterplace_with_binary_character.sta")]
    assert {2_700, 1_306_830} <= set(amounts)


def test_the_30th_of_february_is_a_refused_row_and_its_statement_has_a_gap_of_it(real_files: Warehouse) -> None:
    name = "self-provided_february_30.sta"
    (refused,) = real_files.read("select line, code from reconciliation.fct_rejected_rows where file_name = $1", [name]).rows()
    assert refused == (6, "impossible_date")
    assert lines(real_files, name) == []
    gaps = real_files.read(
        "select amount_minor from reconciliation.fct_breaks where break_class = 'statement_gap' and batch_id = 'STARTUMSE 00000/001'"
    )
    assert gaps["amount_minor"].to_list() == [-600]


def test_five_decimals_are_the_amount_they_print(real_files: Warehouse) -> None:
    assert [line["amount_minor"] for line in lines(real_files, "camt053.v2.five.decimals.xml")] == [885]


def test_every_row_of_every_file_is_landed_refused_or_a_duplicate_and_ends_somewhere(real_files: Warehouse) -> None:
    lost = real_files.read("select name from reconciliation.fct_source_files where rows_in <> rows_landed + rows_rejected + rows_duplicate")
    assert lost.is_empty()
    assert real_files.read("select bool_and(closes) from reconciliation.fct_certificate").item() is True
    assert real_files.read("select count(*) from reconciliation.fct_item_dispositions where disposition is null").item() == 0
