"""What a perfect reconciliation would say about a world: one row per planted defect, and one per case that is rightly still open. Pure.

Amounts and members follow the table of break classes (CONTRACTS §8): gross signed towards us, or the difference PSP less ledger, and so on.
The trap: a key that names lines which are not in the files; every item key is made from the bytes that were written.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from transactional.simulation.movements import Spot

SCHEMA: dict[str, pl.DataType] = {
    "break_class": pl.String(),
    "psp": pl.String(),
    "account": pl.String(),
    "currency": pl.String(),
    "amount_minor": pl.Int64(),
    "item_keys": pl.List(pl.String),
    "defect_id": pl.String(),
    "description": pl.String(),
}


@dataclass(frozen=True, slots=True)
class Expected:
    """One break a reconciliation must find (or one case it must hold open). `literal_keys` name what has no line, such as a missing batch."""

    break_class: str
    psp: str | None
    account: str
    currency: str
    amount_minor: int
    spots: tuple[Spot, ...]
    defect_id: str
    description: str
    literal_keys: tuple[str, ...] = ()


class Names:
    """Item keys from places: a file by the first digits of its hash, a fact by its id."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._short = {path: hashlib.sha256(content).hexdigest()[:12] for path, content in files.items()}

    def key(self, spot: Spot) -> str:
        """`settlement:<hash>:<line>`, `attempt:<event>`, `ledger:<entry>:<line>`."""
        if spot.source == "attempt":
            return f"attempt:{spot.path}"
        if spot.source == "ledger":
            return f"ledger:{spot.path}:{spot.line}"
        return f"{spot.source}:{self._short[spot.path]}:{spot.line}"


def key_frame(expected: Iterable[Expected], names: Names) -> pl.DataFrame:
    """The answer key as a table, in a fixed order."""
    rows = [
        {
            "break_class": row.break_class,
            "psp": row.psp,
            "account": row.account,
            "currency": row.currency,
            "amount_minor": row.amount_minor,
            "item_keys": sorted({*(names.key(spot) for spot in row.spots), *row.literal_keys}),
            "defect_id": row.defect_id,
            "description": row.description,
        }
        for row in expected
    ]
    return pl.DataFrame(rows, schema=SCHEMA).sort("break_class", "defect_id", "account", "currency", "description")


def parquet(frame: pl.DataFrame) -> bytes:
    """The bytes of the key's file: the same for the same rows."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", statistics=False)
    return buffer.getvalue()
