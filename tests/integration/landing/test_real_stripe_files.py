"""The real Stripe files of shared/data through the command line, against the figures of EXPECTED.md."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.resources.warehouse import Warehouse

Ingest = Callable[..., tuple[int, dict[str, Any]]]
FEES = "coalesce(commission_minor, 0) + coalesce(markup_minor, 0) + coalesce(scheme_fee_minor, 0) + coalesce(interchange_minor, 0)"


@pytest.fixture
def stripe(shared_data: Path) -> Path:
    return shared_data / "psp_reports" / "stripe"


def nets(warehouse: Warehouse) -> dict[str, int]:
    """Net of the payout rows and of all the others."""
    rows = warehouse.read("select kind, net_minor from raw.psp__settlement_lines").rows()
    return {"payout": sum(net for kind, net in rows if kind == "payout"), "lines": sum(net for kind, net in rows if kind != "payout")}


def test_a_payout_row_printed_positive_lands_as_money_leaving_the_psp(ingest: Ingest, stripe: Path, warehouse: Warehouse) -> None:
    code, outcome = ingest(stripe / "crm_tests" / "settlement_report.csv")
    assert (code, outcome["totals"]["rows_landed"]) == (0, 6)
    assert nets(warehouse) == {"lines": 2_305, "payout": -2_305}


def test_a_payout_row_printed_negative_lands_the_same_way(ingest: Ingest, stripe: Path, warehouse: Warehouse) -> None:
    code, outcome = ingest(stripe / "navfa_single-payout.csv")
    assert (code, outcome["totals"]["rows_landed"]) == (0, 6)
    assert nets(warehouse) == {"lines": 44_891, "payout": -44_891}
    ties = warehouse.read(f"select gross_minor - ({FEES}) - net_minor as difference from raw.psp__settlement_lines").to_series().to_list()
    assert ties == [0] * 6
    fee = warehouse.read("select kind, gross_minor, net_minor from raw.psp__settlement_lines where raw_kind = 'stripe_fee'").rows()
    assert fee == [("fee", 0, -25)]


def test_api_tables_are_in_cents(ingest: Ingest, stripe: Path, warehouse: Warehouse) -> None:
    code, outcome = ingest(stripe / "api_tables" / "balance_transaction_data.csv")
    assert (code, outcome["totals"]["rows_landed"]) == (0, 9)
    tables = ("psp__settlement_lines", "psp__activity_lines")
    rows = [
        row
        for table in tables
        for row in warehouse.read(f"select kind, net_minor, gross_minor - ({FEES}) - net_minor as difference from raw.{table}").rows()
    ]
    assert [difference for _, _, difference in rows] == [0] * 9
    assert [net for kind, net, _ in rows if kind == "payout"] == [-18_759]


def test_charges_of_three_currencies_settled_in_a_fourth(ingest: Ingest, stripe: Path, warehouse: Warehouse) -> None:
    _, outcome = ingest(stripe / "overlays_payments_export.csv")
    totals = outcome["totals"]
    assert totals["rows_in"] == totals["rows_landed"] + totals["rows_rejected"] == 622
    query = "select distinct gross_currency, net_currency from {} order by 1"
    pairs = {row for table in ("raw.psp__settlement_lines", "raw.psp__activity_lines") for row in warehouse.read(query.format(table)).rows()}
    assert {gross for gross, _ in pairs} >= {"EUR", "USD", "MXN"}
    assert {net for _, net in pairs} == {"THB"}
