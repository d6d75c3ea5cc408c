"""Any tabular file as text cells by header name. For the PSP parsers, which then never see an encoding, a delimiter or a spreadsheet.

Content decides, not the extension: an xlsx called .csv is read as what it is. Every cell stays text as it was written (an identifier or an amount
never becomes a float). The traps: a second column of the same name hiding the first, a byte order mark glued to the first header, a quoted line break
that shifts every later line number, a truncated row read as blanks (only cells under a blank header may be left out at a row's end).

Shape: `Sheet`, columns in file order; a repeated header gets ` #2`, ` #3`; a blank one ` #n` alone. A file of record types is the rows under its header.
Raises: ContractBroken naming the file and the line.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from assets.landing.bounds import REPORT, Bounds
from assets.landing.reports.records import RecordRows, layout_of, read_records
from assets.landing.reports.spreadsheets import OLE, ZIP, spreadsheet_rows
from transactional.payments.psps.spec import RecordLayout
from transactional.vocabulary.errors import ContractBroken, Place

_LONE_SURROGATE = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F]")
_DELIMITERS = (",", ";", "\t", "|")
_CONTROLS = frozenset(map(chr, range(32))) - frozenset("\t\n\r\f")


@dataclass(frozen=True, slots=True)
class Misshapen:
    """A row with another number of cells than the header, or of a type nobody knows: no cell can be trusted to stand under its header."""

    line: int
    cells: int
    first_cell: str
    expected: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of text, by column. `lines[i]` is where row i starts.

    Units of `lines`: the physical line of a text file (header counted), the row of a spreadsheet, the running number in a JSON array.
    """

    headers: tuple[str, ...]
    lines: list[int]
    cells: list[list[str]]
    misshapen: tuple[Misshapen, ...] = ()

    def column(self, header: str) -> list[str]:
        """The cells under a header, in row order, without surrounding blanks. Raises: ValueError for a header the file lacks."""
        return self.cells[self.headers.index(header)]

    @classmethod
    def of_rows(cls, headers: tuple[str, ...], lines: list[int], rows: list[list[str]], misshapen: tuple[Misshapen, ...] = ()) -> Sheet:
        """A sheet from its rows, turned into columns."""
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(headers)
        return cls(headers, lines, [[cell.strip() for cell in column] for column in columns], misshapen)


def read_sheet(content: bytes, name: str, layouts: Collection[RecordLayout] = (), bounds: Bounds = REPORT) -> Sheet:
    """The table in a file. Blank rows are skipped and counted in no total; the first row that is not blank is the header.

    `layouts`: files of record types to look out for. Raises: ContractBroken (`empty_file`, `not_a_table`, `bad_encoding`, `bad_quotes`, `no_header`
    and those of read_records, of spreadsheet_rows and of the bounds).
    """
    if not content.strip():
        raise ContractBroken("the file is empty; expected a header and rows", code="empty_file", place=Place(name))
    if content.startswith((ZIP, OLE)):
        return _sheet(bounds.rows_of(spreadsheet_rows(content, name), name), name, 1, bounds)
    text = _decode(content, name)
    if text.lstrip()[:1] in ("[", "{"):
        return _from_json(text, name, bounds)
    return _from_delimited(text, name, layouts, bounds)


def _decode(content: bytes, name: str) -> str:
    """UTF-16 by its mark, else UTF-8 (with or without mark), else Windows-1252: it maps every byte a Western export writes."""
    marked_16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked_16 else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _CONTROLS.isdisjoint(text[:100_000]) and "\x00" not in text:
            return text
        raise ContractBroken("the file is binary; expected CSV, TSV, JSON or a spreadsheet", code="not_a_table", place=Place(name))
    raise ContractBroken("the bytes are neither UTF-8, UTF-16 with a mark, nor Windows-1252", code="bad_encoding", place=Place(name))


def _from_delimited(text: str, name: str, layouts: Collection[RecordLayout], bounds: Bounds) -> Sheet:
    line, header_line = next(((number, row) for number, row in enumerate(bounds.lines_of(text, name), 1) if row.strip()), (1, ""))
    delimiter = max(_DELIMITERS, key=lambda mark: (len(next(csv.reader([header_line[:100_000]], delimiter=mark), [])), -_DELIMITERS.index(mark)))
    first = next(csv.reader([header_line[:100_000]], delimiter=delimiter), [])
    layout = layout_of(first, layouts)
    records = bounds.rows_of(_records(text, name, delimiter, bounds), name)
    if layout is not None:
        return _of_records(read_records((row for row in records if any(row[1])), layout, name))
    return _sheet(records, name, line, bounds)


def _of_records(read: RecordRows) -> Sheet:
    width = len(read.columns)
    whole = [(line, row) for line, row in read.rows if len(row) == width]
    torn = [Misshapen(line, len(row), row[0][:40]) for line, row in read.rows if len(row) != width]
    torn += [Misshapen(line, len(row), row[0][:40], "a record of a type that the report is known to have") for line, row in read.unknown]
    return Sheet.of_rows(_distinct(read.columns), [line for line, _ in whole], [row for _, row in whole], tuple(torn))


def _records(text: str, name: str, delimiter: str, bounds: Bounds) -> Iterator[tuple[int, list[str]]]:
    """Records with the physical line they start on; a quoted cell may span several lines."""
    reader = csv.reader(bounds.lines_of(text, name), delimiter=delimiter, strict=True)
    start = 1
    try:
        for row in reader:
            yield start, row
            start = reader.line_num + 1
    except csv.Error as error:
        message = f"broken quoting ({error}); nothing after it can be trusted"
        raise ContractBroken(message, code="bad_quotes", place=Place(name, start)) from error


def _sheet(records: Iterator[tuple[int, list[str]]], name: str, header_line: int, bounds: Bounds) -> Sheet:
    filled = ((line, row) for line, row in records if any(cell.strip() for cell in row))
    first = next(filled, None)
    if first is None or sum(bool(cell.strip()) for cell in first[1]) < 2:
        raise ContractBroken("expected a header of at least two named columns", code="no_header", place=Place(name, header_line))
    headers = _distinct(first[1])
    named = max(place for place, cell in enumerate(first[1], 1) if cell.strip())
    lines: list[int] = []
    rows: list[list[str]] = []
    misshapen: list[Misshapen] = []
    for line, row in filled:
        if named <= len(row) <= len(headers):
            lines.append(line)
            rows.append(row + [""] * (len(headers) - len(row)))
        elif len(misshapen) == bounds.torn_rows:
            message = f"more than {bounds.torn_rows:,} rows with another number of cells than the header's {len(headers)}; expected a table"
            raise ContractBroken(message, code="not_a_table", place=Place(name, line))
        else:
            misshapen.append(Misshapen(line, len(row), row[0][:40]))
    return Sheet.of_rows(headers, lines, rows, tuple(misshapen))


def _distinct(names: list[str]) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    distinct = []
    for name in (" ".join(name.split()) for name in names):
        seen[name] = seen.get(name, 0) + 1
        distinct.append(name if name and seen[name] == 1 else f"{name} #{seen[name]}")
    return tuple(distinct)


def _from_json(text: str, name: str, bounds: Bounds) -> Sheet:
    """An array of objects (line = running number), or one object a line (line = physical line). Numbers keep their digits."""
    if len(text) > bounds.json_characters:
        message = f"{len(text):,} characters of JSON; expected at most {bounds.json_characters:,}: ask for CSV"
        raise ContractBroken(message, code="too_large", place=Place(name))
    objects = list(_json_objects(text, name))
    named: dict[str, None] = {}
    for line, item in objects:
        named |= dict.fromkeys(item)
        bounds.check(len(named), len(named) * len(objects), name, line)
    headers = tuple(named)
    if not objects or len(headers) < 2:
        raise ContractBroken("expected JSON objects with at least two fields", code="no_header", place=Place(name, 1))
    rows = [[_cell(item.get(header)) for header in headers] for _, item in objects]
    return Sheet.of_rows(headers, [line for line, _ in objects], rows)


def _json_objects(text: str, name: str) -> Iterator[tuple[int, dict[str, object]]]:
    def parse(document: str, line: int) -> object:
        try:
            if _LONE_SURROGATE.search(document):  # half a character: no UTF-8, so no table, can hold it
                raise json.JSONDecodeError("half a surrogate pair", document, 0)
            return json.loads(document, parse_float=str, parse_int=str, parse_constant=str)
        except (json.JSONDecodeError, RecursionError) as error:
            raise ContractBroken(
                "not JSON; expected an array of objects or one object a line", code="not_a_table", place=Place(name, line)
            ) from error

    whole = parse(text, 1) if text.lstrip().startswith("[") else None
    lines = enumerate(whole, 1) if isinstance(whole, list) else ((n, parse(row, n)) for n, row in enumerate(text.splitlines(), 1) if row.strip())
    for number, item in lines:
        if not isinstance(item, dict):
            raise ContractBroken("expected a JSON object", code="not_a_table", place=Place(name, number))
        yield number, item


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
