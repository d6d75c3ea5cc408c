"""A PSP's file as canonical lines: which PSP and report it is, and what it says. For the door (`land_file`) and anyone with a file in hand.

The content decides which report it is, by its header; a file no spec knows is refused with the nearest report and the columns it lacks.
The traps: a file of another PSP accepted because of its folder; a payout row whose sign depends on who wrote the export.

Raises: ContractBroken for a file that is unusable as a whole; rows that are unusable come back as `rejected`.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from assets.landing.canonical import SCHEMA, Reader
from assets.landing.parsed import LandingFrame, RejectedRow
from assets.landing.reports.balance_summaries import is_summary, summaries_of
from assets.landing.reports.balances import statements_of
from assets.landing.reports.open_items import listed_by, with_day
from assets.landing.tabular import Sheet, read_sheet
from transactional.payments.money_kinds import MoneyKind
from transactional.payments.psps.registry import SPECS
from transactional.payments.psps.spec import BalanceSummary, PspSpec, RecordLayout, ReportFormat, Role
from transactional.vocabulary.errors import ContractBroken, Place


@dataclass(frozen=True, slots=True)
class ParsedReport:
    """What one file says. `lines` has the columns of raw.psp__*_lines without provenance, plus `line_no` and `row_hash`.

    `row_count` is every row of the file that is not blank (of record types: every row that is no control record): len(lines) + len(rejected), always. A
    summary of balances has none: all it says are `statements`.
    `lines` of a list of open items (role `balance`) have the day too, `balance_on`.
    `statements`: what a report that prints the account's balance says of it, in the shape of raw.bank__statements.
    """

    psp: str
    accounts: tuple[str, ...]
    report: str
    role: Role
    lines: pl.DataFrame
    rejected: list[RejectedRow]
    row_count: int
    statements: LandingFrame | None = None


def parse_psp_file(content: bytes, name: str, *, account_hint: str | None = None, psp_hint: str | None = None) -> ParsedReport:
    """Read a PSP report of any known kind. `account_hint` is used where the file does not name its account, `psp_hint` must not be contradicted.

    Raises: ContractBroken (`unknown_report`, `wrong_psp`, `no_usable_row` and those of read_sheet).
    """
    sheet = read_sheet(content, name, _layouts())
    if (summarised := _summarised(sheet, psp_hint, name)) is not None:
        return _summary(sheet, *summarised, account_hint, name)
    listed = listed_by(sheet, name, psp_hint)
    spec, report = (listed[0], listed[1].report) if listed else detect(sheet, name, psp_hint)
    lines, rejected = Reader(sheet, spec, report, account_hint).lines()
    if rejected and lines.is_empty():
        first = rejected[0]
        raise ContractBroken(f"no row is usable; the first: {first.expected}", code="no_usable_row", place=Place(name, first.line, first.column))
    statements = statements_of(lines) if report.balance else None
    lines = _with_payout_signs(_with_batches(lines.select(list(SCHEMA)), sheet, report), report)
    lines = with_day(lines, name) if listed else lines
    accounts = tuple(sorted(lines["account"].unique().to_list())) or tuple(filter(None, [account_hint]))  # of a report without a line: its folder's
    return ParsedReport(spec.psp, accounts, report.name, report.role, lines, rejected, len(sheet.lines) + len(sheet.misshapen), statements)


def _summarised(sheet: Sheet, psp_hint: str | None, name: str) -> tuple[PspSpec, BalanceSummary] | None:
    """The PSP whose summary of balances this is, if it is one. Raises: ContractBroken (`wrong_psp`)."""
    fitting = [(spec, spec.summary) for spec in SPECS.values() if spec.summary is not None and is_summary(sheet, spec.summary)]
    found = min(fitting, key=lambda pair: pair[0].psp != psp_hint, default=None)
    if found is not None and psp_hint not in (None, found[0].psp):
        message = f"this is a {found[1].name} of {found[0].psp}, but its folder says {psp_hint}"
        raise ContractBroken(message, code="wrong_psp", place=Place(name, 1))
    return found


def _summary(sheet: Sheet, spec: PspSpec, summary: BalanceSummary, account: str | None, name: str) -> ParsedReport:
    """A file without lines of money: all it says are statements."""
    if sheet.misshapen or account is None:
        expected = "as many cells in each row as in its header" if sheet.misshapen else "to lie in the folder of its account"
        line = sheet.misshapen[0].line if sheet.misshapen else 1
        raise ContractBroken(f"a summary of balances needs {expected}", code="unusable_summary", place=Place(name, line))
    statements = summaries_of(sheet, spec, summary, account, name)
    return ParsedReport(spec.psp, (account,), summary.name, "activity", pl.DataFrame(schema=SCHEMA), [], 0, statements)


def _layouts() -> list[RecordLayout]:
    return [report.records for spec in SPECS.values() for report in spec.reports if report.records is not None]


def is_psp_file(content: bytes, name: str) -> bool:
    """Whether some spec knows this file's header: for a door that has no folder to go by."""
    try:
        detect(read_sheet(content, name, _layouts()), name, None)
    except ContractBroken:
        return False
    return True


def detect(sheet: Sheet, name: str, psp_hint: str | None) -> tuple[PspSpec, ReportFormat]:
    """The report whose required columns all stand in the header; the most demanding one when several fit."""
    headers = set(sheet.headers)
    known = [(spec, report) for spec in SPECS.values() for report in spec.reports]
    fitting = [(spec, report) for spec, report in known if report.required <= headers]
    if not fitting:
        raise _unknown(known, headers, name, psp_hint)
    spec, report = max(fitting, key=lambda pair: len(pair[1].required))
    if psp_hint is not None and spec.psp != psp_hint:
        message = f"this is a {report.name} of {spec.psp}, but its folder says {psp_hint}"
        raise ContractBroken(message, code="wrong_psp", place=Place(name, 1))
    return spec, report


def _unknown(known: list[tuple[PspSpec, ReportFormat]], headers: set[str], name: str, psp_hint: str | None) -> ContractBroken:
    candidates = [pair for pair in known if psp_hint in (None, pair[0].psp)] or known
    spec, report = max(candidates, key=lambda pair: len(pair[1].required & headers) / len(pair[1].required))
    missing = sorted(report.required - headers)
    listed = ", ".join(f"'{column}'" for column in missing[:12]) + (f" and {len(missing) - 12} more" if len(missing) > 12 else "")
    message = f"no known report has this header; the nearest is {report.name} of {spec.psp}, which needs the missing columns {listed}"
    return ContractBroken(message, code="unknown_report", place=Place(name, 1, missing[0]), detail={"missing": missing})


def _with_batches(lines: pl.DataFrame, sheet: Sheet, report: ReportFormat) -> pl.DataFrame:
    """Give a line without a batch id the only batch of the file that left at the same moment in the same currency."""
    if report.batch_by is None or report.batch_by not in sheet.headers or lines["batch_id"].null_count() in (0, lines.height):
        return lines
    moments = pl.DataFrame({"line_no": sheet.lines, "_moment": sheet.column(report.batch_by)}, schema={"line_no": pl.Int64, "_moment": pl.String})
    joined = lines.join(moments, on="line_no", how="left", maintain_order="left")
    only = (
        joined.filter(pl.col("_moment") != "")
        .group_by("_moment", "net_currency")
        .agg(pl.col("batch_id").drop_nulls().unique())
        .filter(pl.col("batch_id").list.len() == 1)
        .select("_moment", "net_currency", pl.col("batch_id").list.first().alias("_batch"))
    )
    filled = joined.join(only, on=["_moment", "net_currency"], how="left", maintain_order="left")
    return filled.with_columns(pl.coalesce("batch_id", "_batch").alias("batch_id")).drop("_moment", "_batch")


def _with_payout_signs(lines: pl.DataFrame, report: ReportFormat) -> pl.DataFrame:
    """Turn a payout row whose batch balances only the other way round; when neither way balances it stays as printed, for a person to see."""
    if not report.payout_printed_either_sign:
        return lines
    is_payout = pl.col("kind") == MoneyKind.PAYOUT.value
    batch = ["account", "batch_id", "net_currency"]
    moved = pl.when(is_payout).then(0).otherwise(pl.col("net_minor")).sum().over(batch)
    paid = pl.when(is_payout).then(pl.col("net_minor")).otherwise(0).sum().over(batch)
    turned = is_payout & pl.col("batch_id").is_not_null() & (moved == paid) & (moved + paid != 0)
    factor = pl.when(turned).then(-1).otherwise(1)
    return lines.with_columns(pl.col("net_minor") * factor, pl.col("gross_minor") * factor)
