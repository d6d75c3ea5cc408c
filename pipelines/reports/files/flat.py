"""A day's tables for programs: CSV and Parquet, one file each. The names of columns are those of the tables, in English, in every language.

The traps: `=HYPERLINK(...)` as a PSP's reference, which a spreadsheet would run (an apostrophe stands before such a text, and before no number: that is
how OWASP would have it); a decimal that becomes a double on the way (Parquet has int64 and decimal(38, 4), never a double).

Source: RFC 4180; OWASP, CSV injection.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl

from pipelines.reports.day_report import DayReport
from pipelines.reports.files.frames import frames_of, major_name, with_major

_MONEY = pl.Decimal(38, 4)  # no currency has more than four decimals
_RUN_BY_A_SPREADSHEET = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def as_csv(report: DayReport) -> dict[str, bytes]:
    """Name of the table → RFC 4180, UTF-8, a header line."""
    files = {}
    for name, frame in frames_of(report).items():
        told, majors = with_major(frame, report), set(_majors(frame))
        are_amounts = [column in majors for column in told.columns]
        files[name] = csv_bytes(told.columns, (map(_cell, row, are_amounts) for row in told.iter_rows()))
    return files


def as_parquet(report: DayReport) -> dict[str, bytes]:
    """Name of the table → Parquet whose metadata say of which day, PSP and moment it is."""
    about = {f"countroom.{name}": str(value) for name, value in report.standing.facts.items() if value is not None}
    files = {}
    for name, frame in frames_of(report).items():
        told = with_major(frame, report)
        out = io.BytesIO()
        told.with_columns(pl.col(_majors(frame)).cast(_MONEY)).write_parquet(
            out, metadata=about | {"countroom.table": name, "countroom.units": "*_minor: minor units"}
        )
        files[name] = out.getvalue()
    return files


def _majors(frame: pl.DataFrame) -> list[str]:
    return [major_name(column) for column in frame.columns if column.endswith("_minor") and "currency" in frame.columns]


def _cell(cell: object, is_amount: bool) -> object:
    return Decimal(str(cell)) if is_amount and cell is not None else cell


def csv_bytes(head: Sequence[str], rows: Iterable[Iterable[object]]) -> bytes:
    """RFC 4180. Instants in UTC, flags as true and false, nothing where nothing is known; no text that a spreadsheet would run."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([_plain(cell) for cell in row] for row in rows)
    return out.getvalue().encode()


def safe_text(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would take it for a formula. An amount is no text: it is written as the number it is."""
    return f"'{text}" if text.startswith(_RUN_BY_A_SPREADSHEET) else text


def _plain(cell: object) -> object:
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case datetime():
            return cell.astimezone(UTC).isoformat()
        case date():
            return cell.isoformat()
        case str():
            return safe_text(cell)
        case _:
            return cell
