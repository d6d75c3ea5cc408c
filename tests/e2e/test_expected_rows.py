"""The lines of EXPECTED.md that count rows: so many of each kind with so much net, and so many that tie, read after one `countroom run`.

What batches, gates and payouts must come out as: test_real_files_through_the_pipeline. The trap: a total that is right because two rows are wrong.
"""

from __future__ import annotations

import csv
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from pipelines.resources.warehouse import Warehouse
from tests.e2e.real_files import stripe_account

pytestmark = pytest.mark.slow

_BY_KIND = """
select raw_kind, count(*) as lines, sum(net_minor)::bigint as net_minor from intermediate.int_reconciliation__items
where file_name = $1 group by raw_kind
"""
# how far each line is from gross less fees, in one currency; a converted line is held against its printed rate by gate G4
_OFF = """
select amount_minor - coalesce(commission_minor, 0) - coalesce(markup_minor, 0) - coalesce(scheme_fee_minor, 0) - coalesce(interchange_minor, 0)
    - net_minor as off_minor
from intermediate.int_reconciliation__items where file_name = $1 and account = coalesce($2, account) and currency = net_currency
"""


def by_kind(warehouse: Warehouse, file: str) -> dict[str, tuple[int, int]]:
    return {kind: (lines, net) for kind, lines, net in warehouse.read(_BY_KIND, [file]).rows()}


def test_batch_380_has_so_many_lines_of_each_kind_and_226_of_226_payments_tie(real_files: Warehouse) -> None:
    file = "settlement_detail_report_batch_380.csv"
    assert by_kind(real_files, file) == {
        "Settled": (220, 5_643_852),
        "Refunded": (6, -109_235),
        "Fee": (1, -3_810),
        "MerchantPayout": (1, -5_530_807),
    }
    checked = real_files.read("select checked_count, failed_count from reconciliation.fct_gates where gate = 'G4' and subject = $1", [file])
    assert checked.rows() == [(226, 0)]


def test_batch_1129_has_so_many_lines_of_each_kind_whatever_their_capitals(real_files: Warehouse) -> None:
    (file,) = real_files.read("select name from reconciliation.fct_source_files where name like '%batch_1129%'")["name"]
    lines = {kind: count for kind, (count, _) in by_kind(real_files, file).items()}
    assert lines == {"Chargeback": 7, "Settled": 5, "refunded": 1, "Fee": 3, "MerchantPayout": 2}


@pytest.mark.parametrize(
    ("file", "offset_hours"),
    [("settlement_detail_report_batch_380.csv", 1), ("batch_1129/settlement_detail_report_batch_1129.csv", -7)],
    ids=["380 in CET", "1129 in PDT"],
)
def test_every_line_happened_when_its_zone_says_and_is_booked_on_the_printed_day(
    real_files: Warehouse, shared_data: Path, file: str, offset_hours: int
) -> None:
    # the trap: a clock read as UTC, which moves the last hours of the Californian day to the next date
    path = shared_data / "psp_reports" / "adyen" / file
    with path.open(encoding="utf-8-sig", newline="") as printed:
        rows = dict(enumerate(csv.DictReader(printed), start=2))
    clocks = {line: datetime.fromisoformat(row["Creation Date"]) for line, row in rows.items()}
    days = {line: date.fromisoformat((row["Booking Date"] or row["Creation Date"])[:10]) for line, row in rows.items()}
    asked = "select line_no, occurred_at, booked_on from intermediate.int_reconciliation__items where file_name = $1"
    (name,) = real_files.read("select name from reconciliation.fct_source_files where name = any($1)", [_names_of(path)])["name"]
    told = {line: (moment, day) for line, moment, day in real_files.read(asked, [name]).rows()}
    zone = timezone(timedelta(hours=offset_hours))
    assert told == {line: (clock.replace(tzinfo=zone), days[line]) for line, clock in clocks.items()}


def _names_of(path: Path) -> list[str]:
    """Under which of these a report landed: its own or that of its copy, whichever came first."""
    return [path.name, f"{path.stem}-duplicate{path.suffix}"]


def test_the_row_of_the_spreadsheet_that_does_not_tie_is_off_by_its_lost_amount(real_files: Warehouse) -> None:
    # gross 1598, fees 6.66, net 659.34
    off = real_files.read(_OFF, ["adyen_test.xlsx", None])["off_minor"]
    assert off.filter(off != 0).to_list() == [159_800 - 666 - 65_934]


@pytest.mark.parametrize(
    ("file", "account", "lines"),
    [
        ("settlement_report.csv", stripe_account(Path("crm_tests/settlement_report.csv")), 6),
        ("navfa_single-payout.csv", stripe_account(Path("navfa_single-payout.csv")), 6),
        ("balance_transaction_data.csv", stripe_account(Path("api_tables/balance_transaction_data.csv")), 9),
    ],
)
def test_every_line_of_a_stripe_file_ties_to_the_cent(real_files: Warehouse, file: str, account: str, lines: int) -> None:
    assert real_files.read(_OFF, [file, account])["off_minor"].to_list() == [0] * lines
