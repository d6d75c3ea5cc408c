"""A day as a workbook in the reader's language: a sheet for each table, words told, amounts and dates as what they are.

The trap: figures that only look like figures. A total of a sheet is a value, and can be added up again by whoever doubts it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import polars as pl

from assets.reconciliation.standing.day import NO_PSP
from pipelines.reports.day_report import DayReport
from pipelines.reports.files.frames import currency_of, decimals_of, frames_of
from pipelines.reports.files.sheets import Amount, Sheets
from pipelines.reports.language import Language
from pipelines.reports.sentences import retold
from pipelines.reports.words import GATES, capital, cause_of_funds, context_of, word

_DATES = {"en": "yyyy-mm-dd", "tr": "dd.mm.yyyy"}
_SUMMED = ("matched_count", "matched_minor", "broken_count", "broken_minor", "open_count", "open_minor")


def as_xlsx(report: DayReport, language: Language) -> bytes:
    """The workbook."""
    moment = datetime.fromisoformat(str(report.standing.facts["as_of"]))
    cut_off = language("The sheet is full: the CSV and JSON files have the rest.")
    sheets = Sheets(report.name, moment, _DATES[language.code], cut_off)
    for name, frame in frames_of(report).items():
        table = name.removeprefix("changed_")
        title = word("sheet", table, language)
        title = title if table == name else language("Changed {sheet}", sheet=title)
        rows = _rows(frame, report, language)
        sheets.add(capital(title, language), _head(frame, language), rows, _totals(report, language) if name == "summary" else ())
    return sheets.finished()


def _head(frame: pl.DataFrame, language: Language) -> Sequence[str]:
    return [word("column", name.replace("_minor", "_amount").replace("amount_amount", "amount"), language) for name in frame.columns]


def _rows(frame: pl.DataFrame, report: DayReport, language: Language) -> Iterator[Sequence[object]]:
    tellers = [_teller(name, report, language) for name in frame.columns]
    for row in frame.iter_rows(named=True):
        yield [teller(row, value) for teller, value in zip(tellers, row.values(), strict=True)]


_Teller = Callable[[Mapping[str, Any], Any], object]


def _teller(name: str, report: DayReport, language: Language) -> _Teller:
    """How the cells of a column are told."""
    if name.endswith("_minor"):
        return lambda row, value: _amount(value, currency_of(name, row["currency"], report), report)
    if name == "explanation":
        return lambda row, _: retold(row, language)
    if name == "gate":
        return lambda _, value: f"{value}: {word('gate', GATES.get(value, value), language)}"
    if name == "value":
        return lambda row, value: _fact(row["name"], value)
    if name == "name":
        return lambda _, value: word("column", value, language)
    if name == "told":
        return lambda _, value: language("gone") if value == "before" else language("new")
    if name == "cause":
        return lambda _, value: word(cause_of_funds(value), value, language)
    if name == "psp":
        return lambda _, value: language("no PSP") if value == NO_PSP else value
    if context := context_of(name):
        return lambda _, value: value and word(context, value, language)
    return lambda _, value: (language("yes") if value else language("no")) if isinstance(value, bool) else value


def _fact(name: str, value: str | None) -> object:
    """A fact of the day as what it is; they are all kept as texts."""
    if name == "as_of" and value:
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if name == "day" and value else value


def _amount(minor: int | None, currency: str, report: DayReport) -> object:
    if minor is None:
        return None
    decimals = decimals_of(currency, report.day)
    return Amount(minor, decimals) if decimals is not None else minor


def _totals(report: DayReport, language: Language) -> Iterator[Sequence[object]]:
    """By currency, over PSPs and accounts."""
    summed = report.standing.summary.group_by("currency").agg(pl.col(_SUMMED).sum()).sort("currency")
    for row in summed.iter_rows(named=True):
        cells = [_amount(row[name], row["currency"], report) if name.endswith("_minor") else row[name] for name in _SUMMED]
        yield [language("Total"), "", row["currency"], *cells]
