"""What a parser hands to the door: frames ready for their tables, and the rows it refused with a reason each. For doors and every parser.

The trap: a parser that drops what it does not understand. Every row of the file is either in a frame or in `rejected`, and the door counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from transactional.vocabulary.errors import InputRejected
from transactional.vocabulary.tables import Table

CONTENT_LIMIT = 4_000  # characters of a refused row that are kept; the original has the rest


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """One row that cannot land, with the first reason. `expected` is a sentence; `content` the row as it came."""

    line: int
    column: str | None
    code: str
    expected: str
    content: str

    @classmethod
    def from_error(cls, error: InputRejected, line: int, column: str | None, content: str) -> RejectedRow:
        """The row, refused for what the error says; the error's own place is more exact, when it has one."""
        place = error.place
        return cls(
            line=place.line if place and place.line is not None else line,
            column=place.column if place and place.column is not None else column,
            code=error.code,
            expected=error.message,
            content=content[:CONTENT_LIMIT],
        )


@dataclass(frozen=True, slots=True)
class LandingFrame:
    """Rows for one raw table: its own columns plus `line_no` and `row_hash`; the door adds where they come from."""

    table: Table
    rows: pl.DataFrame


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """A file understood. `account` is set when the whole file belongs to one. rows_in = rows in frames + rows in `rejected`."""

    source: str
    report: str
    account: str | None
    frames: tuple[LandingFrame, ...]
    rejected: tuple[RejectedRow, ...] = field(default=())

    @property
    def rows_landed(self) -> int:
        return sum(frame.rows.height for frame in self.frames)


def row_hash(cells: Sequence[str]) -> str:
    """Hash of a row's cells in file order, 32 hex digits. Cells are separated, so ('ab', 'c') differs from ('a', 'bc')."""
    return hashlib.sha256("\x1f".join(cells).encode()).hexdigest()[:32]
