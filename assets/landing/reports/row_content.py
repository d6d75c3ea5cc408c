"""What a row of a file said, kept beside its canonical columns: as JSON by header, and as a hash. For canonical.py.

Everything stays but personal data: the columns a spec names are withheld (their names are listed in `_withheld`), e-mail addresses are masked in any
cell (merchants put them into metadata). The trap: a quarantine table full of names and addresses that nobody meant to store.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

import orjson

from assets.landing.parsed import row_hash
from assets.landing.tabular import Sheet

_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")


def fields_json(sheet: Sheet, personal: Sequence[str]) -> list[str]:
    """Every row as JSON text: header to cell, blanks left out."""
    withheld = [any(fnmatchcase(header.casefold(), pattern) for pattern in personal) for header in sheet.headers]
    kept = [(header, _masked(sheet.column(header))) for header, hide in zip(sheet.headers, withheld, strict=True) if not hide]
    headers = [header for header, _ in kept]
    fields = [{header: cell for header, cell in zip(headers, row, strict=True) if cell} for row in zip(*(cells for _, cells in kept), strict=True)]
    hidden = [header for header, hide in zip(sheet.headers, withheld, strict=True) if hide]
    if hidden:
        for row, *cells in zip(fields, *(sheet.column(header) for header in hidden), strict=True):
            if any(cells):
                row["_withheld"] = ", ".join(header for header, cell in zip(hidden, cells, strict=True) if cell)
    return [orjson.dumps(row).decode() for row in fields]


def row_hashes(sheet: Sheet) -> list[str]:
    """Every row as a hash of its cells in file order."""
    return [row_hash(row) for row in zip(*sheet.cells, strict=True)]


def _masked(cells: list[str]) -> list[str]:
    if not any("@" in cell for cell in cells):
        return cells
    return [_EMAIL.sub("(e-mail withheld)", cell) if "@" in cell else cell for cell in cells]
