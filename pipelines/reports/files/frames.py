"""Which tables does a day's report carry into files? For the workbook, CSV and Parquet: one list, so that no form lacks what another has.

The trap: amounts alone. A column of minor units has its currency in the same row, and here its exact text in major units beside it.

Units: minor in `*_minor`, major in the column after it (`amount_minor` → `amount`, `matched_minor` → `matched_amount`).
"""

from __future__ import annotations

from datetime import date

import polars as pl

from assets.reconciliation.standing.day import SHAPES
from pipelines.reports.day_report import DayReport
from pipelines.reports.funds_section import frames as funds_frames
from transactional.vocabulary.currencies import exponent_of
from transactional.vocabulary.errors import InputRejected
from transactional.vocabulary.money import format_minor


def frames_of(report: DayReport) -> dict[str, pl.DataFrame]:
    """Name → table. Those of the standing first; what the report has not (no close, no trend) is absent."""
    frames = {"facts": pl.DataFrame(list(report.standing.facts.items()), schema={"name": pl.String(), "value": pl.String()}, orient="row")}
    frames |= {name: getattr(report.standing, name) for name in SHAPES}
    frames |= {name: frame for name, frame in (("trend", report.trend), ("threads", report.threads)) if frame is not None}
    if report.close:
        frames["signatures"] = _signatures(report)
    if report.funds:
        frames |= funds_frames(report.funds)
    return frames | {f"changed_{name}": frame for name, frame in (report.changed or {}).items()}


def decimals_of(currency: str, on: date) -> int | None:
    """Decimals of a currency on a day; None where nobody knows it."""
    try:
        return exponent_of(currency, on)
    except InputRejected:
        return None


def currency_of(column: str, currency: str, report: DayReport) -> str:
    """In which currency a column's amount is, in a row of a currency: that of the row, or what the house reports in."""
    return report.funds.reporting_currency if report.funds and column.startswith("reporting_") else currency


def with_major(frame: pl.DataFrame, report: DayReport) -> pl.DataFrame:
    """The frame with each amount's text in major units after it; null where the currency is unknown."""
    if "currency" not in frame.columns:
        return frame
    columns = []
    for name in frame.columns:
        columns.append(frame[name])
        if name.endswith("_minor"):
            currencies = [currency_of(name, code, report) for code in frame["currency"].to_list()]
            decimals = {code: decimals_of(code, report.day) for code in set(currencies)}
            rows = zip(frame[name].to_list(), currencies, strict=True)
            texts = [None if minor is None or (places := decimals.get(code)) is None else format_minor(minor, places) for minor, code in rows]
            columns.append(pl.Series(major_name(name), texts, dtype=pl.String()))
    return pl.DataFrame(columns)


def major_name(name: str) -> str:
    """The column of major units beside one of minor units."""
    stem = name.removesuffix("_minor")
    return stem if stem == "amount" else f"{stem}_amount"


def _signatures(report: DayReport) -> pl.DataFrame:
    assert report.close is not None
    close = report.close
    events = [close.opened_by, *close.signatures, *([close.reopened] if close.reopened else [])]
    rows = [(each.kind.value, each.actor, each.recorded_at, each.reason, close.generation, close.frozen.checksum) for each in events]
    shape = {"deed": pl.String(), "actor": pl.String(), "recorded_at": pl.Datetime("us", "UTC"), "reason": pl.String()}
    return pl.DataFrame(rows, schema=shape | {"generation": pl.Int64(), "checksum": pl.String()}, orient="row")
