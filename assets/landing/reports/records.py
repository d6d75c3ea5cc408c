"""A file of record types as one table: the rows under their header, with what the records around them say as columns. For tabular.py.

The traps: a row of a type nobody declared skipped in silence (it is a misshapen row, and refused with its line), a file cut off in the middle (a control
record counts the rows before it), and a section's account lost because it stands on a line of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from transactional.payments.psps.spec import RecordLayout
from transactional.vocabulary.errors import ContractBroken, Place

Record = tuple[int, list[str]]


@dataclass(slots=True)
class RecordRows:
    """What was read: one header for the whole file, the rows under it, and the rows of a type that the layout does not know."""

    layout: RecordLayout
    name: str
    header: list[str] = field(default_factory=list)
    rows: list[Record] = field(default_factory=list)
    unknown: list[Record] = field(default_factory=list)
    _section: dict[str, str] = field(default_factory=dict)
    _since_count: int = 0

    @property
    def columns(self) -> list[str]:
        """The header's cells, then the columns that sections give."""
        return [*self.header, *(column for cells in self.layout.section.values() for column in cells.values())]

    def add(self, line: int, cells: list[str]) -> None:
        """One more row of the file. Raises: ContractBroken (`two_headers`, `no_header`, `control_count`)."""
        record = cells[0].strip()
        if record == self.layout.header:
            if self.header and cells != self.header:
                raise ContractBroken("another header in the middle; expected the first one again", code="two_headers", place=Place(self.name, line))
            self.header = cells
        elif record in self.layout.rows:
            self._row(line, cells)
        elif record in self.layout.section:
            self._section |= {column: cells[at] if at < len(cells) else "" for at, column in self.layout.section[record].items()}
        elif self.layout.counted_by is not None and record == self.layout.counted_by[0]:
            self._check_count(line, cells, self.layout.counted_by[1])
        elif record not in self.layout.silent:
            self.unknown.append((line, cells))

    def _row(self, line: int, cells: list[str]) -> None:
        if not self.header:
            raise ContractBroken(f"a row before its header; expected a record {self.layout.header}", code="no_header", place=Place(self.name, line))
        self._since_count += 1
        extra = [self._section.get(column, "") for column in self.columns[len(self.header) :]]
        self.rows.append((line, [*cells, *extra] if len(cells) == len(self.header) else cells))

    def _check_count(self, line: int, cells: list[str], at: int) -> None:
        told = cells[at].strip() if at < len(cells) else ""
        if told != str(self._since_count):
            message = f"says '{told[:20]}' rows; {self._since_count} stand before it, so the file is not whole"
            raise ContractBroken(message, code="control_count", place=Place(self.name, line, f"{cells[0]} cell {at + 1}"))
        self._since_count = 0


def layout_of(first: list[str], layouts: Iterable[RecordLayout]) -> RecordLayout | None:
    """The layout whose record types the first row is of; None: a plain table."""
    return next((layout for layout in layouts if first and layout.knows(first[0].strip())), None)


def read_records(records: Iterator[Record], layout: RecordLayout, name: str) -> RecordRows:
    """The whole file. Raises: as `RecordRows.add`, and ContractBroken (`no_header`) when no header stands in it."""
    read = RecordRows(layout, name)
    for line, cells in records:
        read.add(line, cells)
    if not read.header:
        raise ContractBroken(f"expected a record {layout.header} that names the columns", code="no_header", place=Place(name, 1))
    return read
