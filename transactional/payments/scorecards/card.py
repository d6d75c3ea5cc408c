"""What does the card say of an attempt like this one? An immutable map over a document's rows, exact cell first. For the router.

Pure, and fast: a lookup is at most six dictionary look-ups. The trap: rows of two levels mixed in one comparison. A lookup answers with the PSPs of one
level, and says which, so that they are compared on the same traffic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self, TypeAlias

from transactional.payments.scorecards.cells import Cell, Level
from transactional.payments.scorecards.document import Document, Manifest
from transactional.payments.scorecards.rows import ScoreRow

_Key: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of the narrowest cell the card knows, by PSP, and the level it is of."""

    level: str
    cell: _Key
    rows: Mapping[str, ScoreRow]


@dataclass(frozen=True, slots=True)
class Card:
    """A document made ready for lookups. Two cards of one document are equal in all they answer."""

    manifest: Manifest
    lookup_order: tuple[Level, ...]
    _cells: Mapping[str, Mapping[_Key, Mapping[str, ScoreRow]]]

    @classmethod
    def of(cls, document: Document) -> Self:
        """The card of a document; its order of lookup is the document's."""
        cells: dict[str, dict[_Key, dict[str, ScoreRow]]] = {level.name: {} for level in document.lookup}
        keys = {level.name: level.keys for level in document.lookup}
        for row in document.rows:
            key = (row.direction, *[getattr(row, name) for name in keys[row.level]])
            cells[row.level].setdefault(key, {})[row.psp] = row
        frozen = {name: {key: MappingProxyType(rows) for key, rows in found.items()} for name, found in cells.items()}
        return cls(document.manifest, document.lookup, MappingProxyType(frozen))

    def lookup(self, cell: Cell) -> Found | None:
        """The narrowest cell with rows; None where the card knows nothing of the direction."""
        for level in self.lookup_order:
            key = cell.key_at(level.keys)
            if key is not None and (rows := self._cells[level.name].get(key)) is not None:
                return Found(level.name, key, rows)
        return None
