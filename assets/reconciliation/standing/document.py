"""A day as bytes that can be frozen, signed and compared: the same Standing gives the same bytes, and they give it back. For closes and reports.

The trap: a checksum over something that a library prints its own way (a frame, a dict in the order it was made, a float). Here: one JSON document,
sorted names, rows in the order of their keys, integers, ISO dates and instants in UTC; no clock.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from assets.reconciliation.standing.day import KEYS, SHAPES, Standing
from transactional.vocabulary.errors import ContractBroken

_FORMAT = "countroom standing 1"


def as_bytes(standing: Standing) -> bytes:
    """The canonical document. Shape: {format, facts, frames: {name: [[column, ...], row, ...]}}."""
    frames = {name: [list(SHAPES[name]), *(list(map(_plain, row)) for row in getattr(standing, name).iter_rows())] for name in SHAPES}
    document = {"format": _FORMAT, "facts": dict(standing.facts), "frames": frames}
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def checksum(content: bytes) -> str:
    """What a close freezes of a document."""
    return hashlib.sha256(content).hexdigest()


def from_bytes(content: bytes) -> Standing:
    """The Standing behind a document. Raises: ContractBroken (`standing_format`) when it is none, or one of another shape."""
    try:
        document = json.loads(content)
        frames = {name: _frame(name, *document["frames"][name]) for name in SHAPES}
        if document["format"] != _FORMAT:
            raise ValueError(document["format"])
        return Standing(document["facts"], **frames)
    except (ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise ContractBroken("these bytes are no standing of a day in the form this version reads", code="standing_format") from error


def difference(before: Standing, after: Standing) -> Mapping[str, pl.DataFrame]:
    """What changed from one standing of a day to another, frame by frame: rows of the first only (`before`) and of the second only (`after`).

    Shape: the frame's columns and `told`, in the order of keys, before above after; frames without a change are absent.
    """
    changed = {}
    for name, shape in SHAPES.items():
        columns, old, new = list(shape), getattr(before, name), getattr(after, name)
        rows = [
            one.join(other, on=columns, how="anti", nulls_equal=True).with_columns(told=pl.lit(word))
            for one, other, word in ((old, new, "before"), (new, old, "after"))
        ]
        both = pl.concat(rows).sort([*KEYS[name], "told"], descending=[False] * len(KEYS[name]) + [True])
        if both.height:
            changed[name] = both.select("told", *columns)
    return changed


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _frame(name: str, columns: list[str], *rows: list[Any]) -> pl.DataFrame:
    shape = SHAPES[name]
    if columns != list(shape):
        raise ValueError(f"{name} has other columns")
    read: dict[pl.DataType, Callable[[str], object]] = {pl.Date(): date.fromisoformat, pl.Datetime("us", "UTC"): datetime.fromisoformat}
    readers = [read.get(dtype) for dtype in shape.values()]
    told = [[reader(cell) if reader and cell is not None else cell for reader, cell in zip(readers, row, strict=True)] for row in rows]
    return pl.DataFrame(told, schema=dict(shape), orient="row")
