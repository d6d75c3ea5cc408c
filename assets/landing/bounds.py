"""How much of a file from outside is taken in: counted while it is read, before anything in it is believed. For tabular.py and every other parser.

The door bounds a file's bytes; this bounds what they become. The traps: ten million empty lines (a megabyte a second of nothing, for minutes), a header
of ten thousand columns, a line without an end, one-byte rows that take a hundred bytes each in memory, and JSON objects that each bring a new column.
Units: lines, columns, cells and characters of one file.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from transactional.vocabulary.errors import ContractBroken, Place


@dataclass(frozen=True, slots=True)
class Bounds:
    """The largest file that is read. The defaults hold a parse under about 4 GB and two minutes, and are several times what a large PSP's day has."""

    lines: int = 4_000_000  # blank ones too
    line_characters: int = 1_000_000
    columns: int = 2_000  # the widest report we know has some 120
    cells: int = 20_000_000
    torn_rows: int = 10_000  # with another number of cells than the header: so many are no table
    refused_rows: int = 100_000  # each is kept with its reason; so many are another report, or a spec that is wrong
    json_characters: int = 32 * 1024 * 1024

    def lines_of(self, text: str, name: str) -> Iterator[str]:
        """Physical lines with their ends. Raises: ContractBroken (`too_many_lines`, `line_too_long`)."""
        for number, line in enumerate(io.StringIO(text, newline=""), 1):
            if number > self.lines:
                raise ContractBroken(f"more than {self.lines:,} lines; split it", code="too_many_lines", place=Place(name, number))
            if len(line) > self.line_characters:
                message = f"a line of more than {self.line_characters:,} characters"
                raise ContractBroken(message, code="line_too_long", place=Place(name, number))
            yield line

    def rows_of(self, rows: Iterable[tuple[int, list[str]]], name: str) -> Iterator[tuple[int, list[str]]]:
        """Rows of cells as they come. Raises: ContractBroken (`too_many_columns`, `too_many_cells`)."""
        cells = 0
        for line, row in rows:
            cells += len(row)
            self.check(len(row), cells, name, line)
            yield line, row

    def check(self, columns: int, cells: int, name: str, line: int) -> None:
        """Raises: ContractBroken (`too_many_columns`, `too_many_cells`) naming the line at which there were too many."""
        if columns > self.columns:
            message = f"{columns:,} columns; expected at most {self.columns:,}"
            raise ContractBroken(message, code="too_many_columns", place=Place(name, line))
        if cells > self.cells:
            raise ContractBroken(f"more than {self.cells:,} cells; split it", code="too_many_cells", place=Place(name, line))


REPORT = Bounds()
# A statement is a page of short lines, and each of them costs more than a cell: 64 MB are a year of a large account.
STATEMENT = Bounds(lines=1_000_000, line_characters=10_000)
LARGEST_STATEMENT_BYTES = 64 * 1024 * 1024
MOST_STATEMENTS, MOST_TAGS = 100_000, 6_000_000


def check_statement_size(content: bytes, name: str) -> None:
    """Raises: ContractBroken (`too_large`) for a bank's or a central bank's file beyond what is read."""
    if len(content) > LARGEST_STATEMENT_BYTES:
        raise ContractBroken(f"{len(content):,} bytes; expected at most {LARGEST_STATEMENT_BYTES:,}", code="too_large", place=Place(name))


def check_statement_lines(content: bytes, name: str) -> None:
    """Raises: ContractBroken (`too_many_lines`, `line_too_long`) for a file of plain lines."""
    for _ in STATEMENT.lines_of(content.decode("latin-1"), name):
        pass
