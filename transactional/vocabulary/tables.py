"""Table contracts: what a warehouse table that Python writes must look like. For landing, the engine, migrations and tests.

The trap: a frame with one column more, a null in a key or a float where money belongs, written because the database was lenient.
A contract is declared once; migrations, checks and documentation read it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class ColumnType(StrEnum):
    """The few types our tables use; each has one meaning in PostgreSQL, Arrow and Polars. DOUBLE is for rates and probabilities, never for money."""

    TEXT = "text"
    BIGINT = "bigint"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMPTZ = "timestamptz"
    NUMERIC = "numeric"
    DOUBLE = "double precision"
    JSONB = "jsonb"
    UUID = "uuid"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its type, whether null is allowed, and what it means (units and sign included)."""

    name: str
    type: ColumnType
    doc: str
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table that Python writes. `grain` completes "one row per ..."; `key` is unique; `partition` is the column replaced as one."""

    schema: str
    name: str
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partition: str | None = None
    indexes: tuple[tuple[str, ...], ...] = field(default=())

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        unknown = [name for name in (*self.key, *(n for index in self.indexes for n in index)) if name not in names]
        if len(set(names)) != len(names) or unknown:
            raise ValueError(f"{self.address}: repeated columns or unknown key columns {unknown}")

    @property
    def address(self) -> str:
        """`schema.name`, as psql and the Dagster key know it."""
        return f"{self.schema}.{self.name}"

    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)
