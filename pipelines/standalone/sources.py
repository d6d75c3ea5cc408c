"""Any table as text by column: a CSV, a spreadsheet, JSON or Parquet by its content, or the answer of a SQL query. For the stand-alone reconciliation.

Every cell stays what was written. The traps: a double from a Parquet file or a database (its shortest exact text is taken, and too many decimals are
refused later, never rounded), a password in an error message, a header of ten thousand columns, a query that writes.
"""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Any

import polars as pl
import psycopg

from assets.landing.bounds import Bounds
from assets.landing.tabular import read_sheet
from assets.reconciliation.standalone.rows import TextTable
from transactional.db.engine import libpq_url
from transactional.vocabulary.errors import ContractBroken, InputRejected, Place, Transient

_LARGEST_FILE = 2_000_000_000
_MOST_COLUMNS = 1_000
_MOST_ROWS = 20_000_000
_BOUNDS = Bounds(lines=_MOST_ROWS, columns=_MOST_COLUMNS, cells=1_000_000_000, json_characters=_LARGEST_FILE)  # files of the house, not of outsiders
_SLICE_ROWS = 50_000
_PARQUET = b"PAR1"
_STATEMENT_TIMEOUT_MS = 600_000


def read_file(path: Path, name: str) -> TextTable:
    """The table in a file. Raises: ContractBroken or InputRejected naming the file, the line and what was expected."""
    if not path.is_file():
        raise InputRejected(f"no such file: {path}", code="no_such_path")
    if path.stat().st_size > _LARGEST_FILE:
        raise ContractBroken("more than 2 GB; load it into a database and give a query", code="too_large", place=Place(name))
    content = path.read_bytes()
    if content.startswith(_PARQUET):
        return _within_bounds(_parquet(content, name))
    sheet = read_sheet(content, name, bounds=_BOUNDS)
    misshapen = tuple((bad.line, f"has {bad.cells} cells under a header of {len(sheet.headers)}") for bad in sheet.misshapen)
    return _within_bounds(TextTable(name, sheet.headers, sheet.lines, sheet.cells, misshapen))


def read_query(url: str, query: str, name: str) -> TextTable:
    """The answer of a query, read only; `line` is the row's running number, so give the query an order if lines shall mean something.

    Raises: InputRejected when the URL or the query is not usable, Transient when the server is not there. The URL is never shown.
    """
    if url.startswith("sqlite:///"):
        return _within_bounds(_from_sqlite(url.removeprefix("sqlite:///"), query, name))
    address = libpq_url(url)
    options = f"-c default_transaction_read_only=on -c timezone=UTC -c statement_timeout={_STATEMENT_TIMEOUT_MS}"
    try:
        connection = psycopg.connect(address, options=options, application_name="countroom reconcile", connect_timeout=10)
    except psycopg.Error as error:
        raise Transient(f"the database of {name} cannot be reached", code="database_unreachable") from error
    with closing(connection), connection.cursor() as cursor:
        try:
            cursor.execute(query.encode(), prepare=True)  # prepared: one statement, so none that ends the read-only transaction
            return _within_bounds(_fetched(cursor, name))
        except psycopg.Error as error:
            first_line = (str(error).strip().splitlines() or ["refused"])[0]
            raise InputRejected(f"the query of {name} failed: {first_line}", code="query") from error


def _from_sqlite(path: str, query: str, name: str) -> TextTable:
    try:
        with closing(sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return _fetched(connection.execute(query), name)
    except sqlite3.Error as error:
        raise InputRejected(f"the query of {name} failed: {error}", code="query") from error


def _fetched(cursor: Any, name: str) -> TextTable:
    if cursor.description is None:
        raise InputRejected(f"the query of {name} answers no rows; expected a select", code="query")
    headers = tuple(str(column[0]) for column in cursor.description)
    rows = [[_text(cell) for cell in row] for row in _rows_of(cursor, name)]
    return _by_column(name, headers, rows)


def _rows_of(cursor: Any, name: str) -> Iterator[Sequence[object]]:
    count = 0
    while rows := cursor.fetchmany(_SLICE_ROWS):
        count += len(rows)
        if count > _MOST_ROWS:
            raise ContractBroken(f"the query of {name} answers more than {_MOST_ROWS:,} rows", code="too_large")
        yield from rows


def _parquet(content: bytes, name: str) -> TextTable:
    try:
        frame = pl.read_parquet(io.BytesIO(content))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ContractBroken("not a readable Parquet file", code="not_a_table", place=Place(name)) from error
    columns = [[_text(cell) for cell in frame[header].to_list()] for header in frame.columns]
    return TextTable(name, _distinct(tuple(frame.columns)), range(1, frame.height + 1), columns)


def _by_column(name: str, headers: tuple[str, ...], rows: list[list[str]]) -> TextTable:
    columns: list[list[str]] = [list(cells) for cells in zip(*rows, strict=True)] if rows else [[] for _ in headers]
    return TextTable(name, _distinct(headers), range(1, len(rows) + 1), columns)


def _distinct(headers: tuple[str, ...]) -> tuple[str, ...]:
    """A query may answer two columns of one name; the second is told apart as in a file."""
    seen: dict[str, int] = {}
    names = []
    for header in headers:
        seen[header] = seen.get(header, 0) + 1
        names.append(header if seen[header] == 1 else f"{header} #{seen[header]}")
    return tuple(names)


def _text(cell: object) -> str:
    match cell:
        case None:
            return ""
        case str():
            return cell
        case bool():
            return "true" if cell else "false"
        case float():
            return format(Decimal(repr(cell)), "f") if isfinite(cell) else str(cell)
        case Decimal():
            return format(cell, "f")
        case datetime() | date():
            return cell.isoformat()
        case bytes() | memoryview():
            return bytes(cell).hex()
        case _:
            return str(cell)


def _within_bounds(table: TextTable) -> TextTable:
    if len(table.headers) > _MOST_COLUMNS:
        message = f"a header of {len(table.headers):,} columns; expected at most {_MOST_COLUMNS:,}"
        raise ContractBroken(message, code="too_many_columns", place=Place(table.name))
    return table
