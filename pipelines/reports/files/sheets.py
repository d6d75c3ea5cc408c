"""How does a cell get into a workbook: amounts as numbers with their currency's decimals, dates as dates, and no text as a formula. For every workbook.

The traps: `=HYPERLINK(...)` as a reference (texts are written as texts), an amount beyond what a spreadsheet's double holds exactly (written as text), an
instant with a zone (a sheet has none: they are in UTC), and a sheet's end at 1,048,576 rows, after which rows would vanish (said on the sheet).
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import xlsxwriter

from transactional.vocabulary.money import format_minor

_MOST_ROWS = 1_000_000
_EXACT = 2**53
_LONGEST_TEXT = 32_000
_WIDEST = 70  # a longer text goes over several lines of its cell: beside a sentence of 300 letters no other column can be read on paper
_A4 = 9
_LINE_POINTS, _BOLD = 15, 1.2
_FIGURE: Mapping[str, object] = {"align": "right", "indent": 1}  # else it touches the word in the next column
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount in minor units of a currency with so many decimals."""

    minor: int
    decimals: int


class Sheets:
    """Adds sheets to a workbook; a cell's type decides its format. `cut_off`: what stands under a sheet that is full."""

    def __init__(
        self, title: str, created: datetime, dates: str = "yyyy-mm-dd", cut_off: str = "cut off: the CSV and JSON files have them all"
    ) -> None:
        self._out = io.BytesIO()
        self._book = xlsxwriter.Workbook(self._out, _OPTIONS)
        self._book.set_properties({"title": title[:250], "created": created.astimezone(UTC).replace(tzinfo=None)})
        head = {"bold": True, "bottom": 1}
        self._heads = {"left": self._format(**head, align="left"), "right": self._format(**head, **_FIGURE)}
        self._date = self._format(num_format=dates, align="left")
        self._instant = self._format(num_format=f"{dates} hh:mm:ss", align="left")
        self._count = self._format(num_format="#,##0", **_FIGURE)
        self._text = self._format(num_format="@")
        self._sentence = self._format(num_format="@", text_wrap=True)
        self._decimals: dict[int, Any] = {}
        self._cut_off = cut_off

    def add(self, name: str, head: Sequence[str], rows: Iterable[Sequence[object]], totals: Iterable[Sequence[object]] = ()) -> None:
        """One sheet with a fixed header row and a filter; totals, as values, under the rows and outside the filter."""
        sheet = self._book.add_worksheet(name)
        _for_paper(sheet)
        widths, sides = [math.ceil(len(title) * _BOLD) for title in head], ["left"] * len(head)
        count = 0
        for count, row in enumerate(rows, 1):
            if count > _MOST_ROWS:
                sheet.write_string(count, 0, self._cut_off, self._heads["left"])
                break
            self._line(sheet, count, row, widths)
            for column, cell in enumerate(row):
                sides[column] = "right" if _is_figure(cell) else sides[column]
        for column, (title, side) in enumerate(zip(head, sides, strict=True)):
            sheet.write_string(0, column, title, self._heads[side])
        sheet.set_row(0, 2 * _LINE_POINTS)
        sheet.autofilter(0, 0, max(count, 1), len(head) - 1)
        for number, row in enumerate(totals, count + 2):
            self._line(sheet, number, row, widths)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, min(width, _WIDEST) + 2)

    def finished(self) -> bytes:
        """The workbook; nothing can be added after it."""
        self._book.close()
        return self._out.getvalue()

    def _line(self, sheet: Any, row: int, cells: Sequence[object], widths: list[int]) -> None:
        widest = 0
        for column, cell in enumerate(cells):
            width = self._write(sheet, row, column, cell)
            widths[column], widest = max(widths[column], width), max(widest, width)
        if widest > _WIDEST:  # said, since not every program finds out by itself how high a row has to be
            sheet.set_row(row, _LINE_POINTS * math.ceil(min(widest, _LONGEST_TEXT) / (_WIDEST * 0.9)))

    def _write(self, sheet: Any, row: int, column: int, cell: object) -> int:
        """Write one cell; returns how wide it is."""
        match cell:
            case None | "":
                return 0
            case Amount(minor, decimals):
                text = format_minor(minor, decimals)
                if abs(minor) < _EXACT:
                    sheet.write_number(row, column, float(text), self._money(decimals))
                else:
                    sheet.write_string(row, column, text, self._text)
                return len(text) + len(text) // 3
            case int():
                sheet.write_number(row, column, cell, self._count)
                return len(f"{cell:,}")
            case datetime():
                sheet.write_datetime(row, column, cell.astimezone(UTC).replace(tzinfo=None, microsecond=0), self._instant)
                return 19
            case date():
                sheet.write_datetime(row, column, cell, self._date)
                return 10
            case _:
                text = str(cell)
                sheet.write_string(row, column, text[:_LONGEST_TEXT], self._text if len(text) <= _WIDEST else self._sentence)
                return len(text)

    def _money(self, decimals: int) -> Any:
        if decimals not in self._decimals:
            self._decimals[decimals] = self._format(num_format="#,##0" + ("." + "0" * decimals if decimals else ""), **_FIGURE)
        return self._decimals[decimals]

    def _format(self, **looks: object) -> Any:
        return self._book.add_format({"valign": "top"} | looks)


def _for_paper(sheet: Any) -> None:
    """The header row stays in sight and on every page; A4 across, one page wide, with the sheet's name and the number of the page."""
    sheet.freeze_panes(1, 0)
    sheet.set_paper(_A4)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer("&L&A&R&P / &N")


def _is_figure(cell: object) -> bool:
    return isinstance(cell, (Amount, int)) and not isinstance(cell, bool)
