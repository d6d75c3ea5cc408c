"""The comparison of two tables as a workbook: amounts are numbers with their currency's decimals, dates are dates, and no text can become a formula.

The traps: `=HYPERLINK(...)` as a key (texts are written as texts), an amount beyond what a spreadsheet's double holds exactly (written as text), and a
sheet's end at 1,048,576 rows, after which rows would vanish (said on the sheet).
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
import xlsxwriter

from assets.reconciliation.standalone.comparison import Comparison
from assets.reconciliation.standalone.words import exponent, gloss
from pipelines.standalone.told import by_class, plain

_MOST_ROWS = 1_000_000
_EXACT = 2**53
_LONGEST_TEXT = 32_000
_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
    "default_date_format": "yyyy-mm-dd",
}


@dataclass(frozen=True, slots=True)
class _Amount:
    minor: int
    currency: str


def as_xlsx(found: Comparison) -> dict[str, bytes]:
    """Sheets: summary, breaks, rows of breaks, certificate, refused rows."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, _OPTIONS)
    book.set_properties({"title": f"{found.names.left} against {found.names.right}"[:250], "created": found.as_of.replace(tzinfo=None)})
    sheets = _Sheets(book)
    sheets.add("Summary", ("", "meaning", "currency", "cases", "amount"), _summary(found))
    sheets.add("Breaks", ("class", "key", "currency", "amount", "date", "due", "rows", "counts", "explanation", "break id"), _breaks(found))
    lines = ("break id", "side", "table", "line", "line id", "key", "kind", "date", "currency", "amount")
    sheets.add("Rows of breaks", lines, _lines(found))
    head = ("side", "currency", *(f"{name} {unit}" for name in ("in", "matched", "broken", "ignored") for unit in ("rows", "amount")), "closes")
    sheets.add("Certificate", head, _certificate(found))
    sheets.add(
        "Refused", ("side", "table", "line", "column", "why"), ((r.side.value, r.file_name, r.line_no, r.column, r.why) for r in found.refused)
    )
    book.close()
    return {"reconciliation.xlsx": out.getvalue()}


def _summary(found: Comparison) -> Iterable[Sequence[object]]:
    for row in found.matched.iter_rows(named=True):
        yield ("matched", "on both sides, to the minor unit", row["currency"], row["case_count"], _Amount(row["amount_minor"], row["currency"]))
    for row in by_class(found).iter_rows(named=True):
        amount = _Amount(row["amount_minor"], row["currency"])
        yield (row["break_class"], gloss(row["break_class"], found.names), row["currency"], row["case_count"], amount)
    yield ()
    yield from (("as of", found.as_of.isoformat(timespec="seconds")), ("run", found.run_id), ("rules", found.rule_set))
    for each in found.readings:
        yield (each.side.value, each.file_name, "", each.rows_in, f"rows, {len(each.refused):,} of them refused")


def _breaks(found: Comparison) -> Iterable[Sequence[object]]:
    for row in found.breaks.iter_rows(named=True):
        amount = _Amount(row["amount_minor"], row["currency"])
        when = (row["event_date"], row["due_on"], row["row_count"], "yes" if row["counts_as_break"] else "waiting")
        yield (row["break_class"], row["key"], row["currency"], amount, *when, row["explanation"], row["break_id"])


def _lines(found: Comparison) -> Iterable[Sequence[object]]:
    for row in found.rows.filter(pl.col("break_id").is_not_null()).sort("break_id", "side", "file_name", "line_no").iter_rows(named=True):
        place = (row["break_id"], row["side"], row["file_name"], row["line_no"], row["line_id"], row["key"], row["kind"], row["booked_on"])
        yield (*place, row["currency"], _Amount(row["amount_minor"], row["currency"]))


def _certificate(found: Comparison) -> Iterable[Sequence[object]]:
    for row in found.certificate.iter_rows(named=True):
        cells: list[object] = [row["side"], row["currency"]]
        for name in ("in", "matched", "broken", "ignored"):
            cells += [row[f"{name}_count"], _Amount(row[f"{name}_minor"], row["currency"])]
        yield [*cells, "yes" if row["closes"] else "NO"]


class _Sheets:
    """Adds sheets to a workbook; a cell's type decides its format."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._head = book.add_format({"bold": True, "bottom": 1})
        self._date = book.add_format({"num_format": "yyyy-mm-dd"})
        self._count = book.add_format({"num_format": "#,##0"})
        self._decimals: dict[int, Any] = {}

    def add(self, name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """One sheet with a fixed header row and a filter."""
        sheet = self._book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        widths = [len(title) for title in head]
        for column, title in enumerate(head):
            sheet.write_string(0, column, title, self._head)
        count = 0
        for count, row in enumerate(rows, 1):
            if count > _MOST_ROWS:
                sheet.write_string(count, 0, f"cut off after {_MOST_ROWS:,} rows: the CSV and JSON files have them all", self._head)
                break
            for column, cell in enumerate(row):
                widths[column] = max(widths[column], self._write(sheet, count, column, cell))
        sheet.autofilter(0, 0, max(count, 1), len(head) - 1)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, min(width, 80) + 2)

    def _write(self, sheet: Any, row: int, column: int, cell: object) -> int:
        """Write one cell; returns how wide it is."""
        match cell:
            case None | "":
                return 0
            case _Amount(minor, currency):
                text = plain(minor, currency)
                if abs(minor) < _EXACT:
                    sheet.write_number(row, column, float(text), self._money(exponent(currency)))
                else:
                    sheet.write_string(row, column, text)
                return len(text) + len(text) // 3
            case int():
                sheet.write_number(row, column, cell, self._count)
                return len(f"{cell:,}")
            case date():
                sheet.write_datetime(row, column, cell, self._date)
                return 10
            case _:
                sheet.write_string(row, column, str(cell)[:_LONGEST_TEXT])
                return len(str(cell))

    def _money(self, decimals: int) -> Any:
        if decimals not in self._decimals:
            self._decimals[decimals] = self._book.add_format({"num_format": "#,##0" + ("." + "0" * decimals if decimals else "")})
        return self._decimals[decimals]
