"""The comparison of two tables as a workbook. How a cell is written, and kept from becoming a formula, is pipelines/reports/files/sheets.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from assets.reconciliation.standalone.comparison import Comparison
from assets.reconciliation.standalone.words import exponent, gloss
from pipelines.reports.files.sheets import Amount, Sheets
from pipelines.standalone.told import by_class


def as_xlsx(found: Comparison) -> dict[str, bytes]:
    """Sheets: summary, breaks, rows of breaks, certificate, refused rows."""
    sheets = Sheets(f"{found.names.left} against {found.names.right}", found.as_of)
    sheets.add("Summary", ("", "meaning", "currency", "cases", "amount"), _summary(found))
    sheets.add("Breaks", ("class", "key", "currency", "amount", "date", "due", "rows", "counts", "explanation", "break id"), _breaks(found))
    lines = ("break id", "side", "table", "line", "line id", "key", "kind", "date", "currency", "amount")
    sheets.add("Rows of breaks", lines, _lines(found))
    head = ("side", "currency", *(f"{name} {unit}" for name in ("in", "matched", "broken", "ignored") for unit in ("rows", "amount")), "closes")
    sheets.add("Certificate", head, _certificate(found))
    sheets.add(
        "Refused", ("side", "table", "line", "column", "why"), ((r.side.value, r.file_name, r.line_no, r.column, r.why) for r in found.refused)
    )
    return {"reconciliation.xlsx": sheets.finished()}


def _summary(found: Comparison) -> Iterable[Sequence[object]]:
    for row in found.matched.iter_rows(named=True):
        yield ("matched", "on both sides, to the minor unit", row["currency"], row["case_count"], _amount(row["amount_minor"], row["currency"]))
    for row in by_class(found).iter_rows(named=True):
        amount = _amount(row["amount_minor"], row["currency"])
        yield (row["break_class"], gloss(row["break_class"], found.names), row["currency"], row["case_count"], amount)
    yield ()
    yield from (("as of", found.as_of.isoformat(timespec="seconds")), ("run", found.run_id), ("rules", found.rule_set))
    for each in found.readings:
        yield (each.side.value, each.file_name, "", each.rows_in, f"rows, {len(each.refused):,} of them refused")


def _breaks(found: Comparison) -> Iterable[Sequence[object]]:
    for row in found.breaks.iter_rows(named=True):
        amount = _amount(row["amount_minor"], row["currency"])
        when = (row["event_date"], row["due_on"], row["row_count"], "yes" if row["counts_as_break"] else "waiting")
        yield (row["break_class"], row["key"], row["currency"], amount, *when, row["explanation"], row["break_id"])


def _lines(found: Comparison) -> Iterable[Sequence[object]]:
    for row in found.rows.filter(pl.col("break_id").is_not_null()).sort("break_id", "side", "file_name", "line_no").iter_rows(named=True):
        place = (row["break_id"], row["side"], row["file_name"], row["line_no"], row["line_id"], row["key"], row["kind"], row["booked_on"])
        yield (*place, row["currency"], _amount(row["amount_minor"], row["currency"]))


def _certificate(found: Comparison) -> Iterable[Sequence[object]]:
    for row in found.certificate.iter_rows(named=True):
        cells: list[object] = [row["side"], row["currency"]]
        for name in ("in", "matched", "broken", "ignored"):
            cells += [row[f"{name}_count"], _amount(row[f"{name}_minor"], row["currency"])]
        yield [*cells, "yes" if row["closes"] else "NO"]


def _amount(minor: int, currency: str) -> Amount:
    return Amount(minor, exponent(currency))
