"""Does a frame look like its table: columns, types, nulls, key. For everything that writes to raw or derived.

The trap: the database is more lenient than the contract. A missing column becomes null, a float becomes a bigint, a column too many is dropped.
Here each is an error that names the table, the column and the first bad row, before a byte is sent.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from transactional.vocabulary.errors import ContractBroken, Place
from transactional.vocabulary.tables import Column, ColumnType, Table

UTC_MICROSECONDS = pl.Datetime("us", "UTC")

POLARS_TYPES: Mapping[ColumnType, pl.DataType] = {
    ColumnType.TEXT: pl.String(),
    ColumnType.BIGINT: pl.Int64(),
    ColumnType.INTEGER: pl.Int32(),
    ColumnType.BOOLEAN: pl.Boolean(),
    ColumnType.DATE: pl.Date(),
    ColumnType.TIMESTAMPTZ: UTC_MICROSECONDS,
    ColumnType.NUMERIC: pl.String(),
    ColumnType.DOUBLE: pl.Float64(),
    ColumnType.JSONB: pl.String(),
    ColumnType.UUID: pl.String(),
}
"""How a column comes and goes in Polars. Numerics are text: exact digits; jsonb is JSON text; uuids are text."""

_INTEGERS = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32)


def polars_schema(table: Table) -> pl.Schema:
    """The schema of a frame of that table."""
    return pl.Schema({column.name: POLARS_TYPES[column.type] for column in table.columns})


def empty_frame(table: Table) -> pl.DataFrame:
    """No rows, right columns."""
    return pl.DataFrame(schema=polars_schema(table))


def conform(table: Table, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with the contract's columns, order and types, every value unchanged.

    Shape: any frame with exactly the contract's columns → polars_schema(table).
    Raises: ContractBroken (codes `columns`, `type`, `null`, `text`, `key`) naming the table, the column and the first bad row (0-based).
    """
    missing = [name for name in table.column_names() if name not in frame.columns]
    extra = [name for name in frame.columns if name not in table.column_names()]
    if missing or extra:
        raise ContractBroken(f"{table.address}: missing columns {missing}, unexpected columns {extra}", code="columns")
    right = frame.select([_typed(table, column, frame.schema[column.name]) for column in table.columns])
    _refuse_nulls(table, right)
    _refuse_nul_characters(table, right)
    _refuse_repeated_keys(table, right)
    return right


def _typed(table: Table, column: Column, dtype: pl.DataType) -> pl.Expr:
    """A lossless cast, or an error: integers widen or narrow strictly, decimals become their digits, a column of only nulls becomes anything."""
    wanted = POLARS_TYPES[column.type]
    expression = pl.col(column.name)
    if dtype == wanted:
        return expression
    if dtype == pl.Null or (wanted.is_integer() and dtype in _INTEGERS):
        return expression.cast(wanted)  # strict: an integer that does not fit is an error
    if column.type is ColumnType.NUMERIC and (dtype.is_decimal() or dtype.is_integer()):
        return expression.cast(pl.String)
    if column.type is ColumnType.TIMESTAMPTZ and isinstance(dtype, pl.Datetime) and dtype.time_zone == "UTC" and dtype.time_unit == "ms":
        return expression.cast(wanted)
    if column.type is ColumnType.TEXT and dtype in (pl.Categorical, pl.Enum):
        return expression.cast(pl.String)
    raise ContractBroken(f"{table.address}: expected {wanted} for {column.type.value}, got {dtype}", code="type", place=Place(column=column.name))


def _refuse_nulls(table: Table, frame: pl.DataFrame) -> None:
    for column in table.columns:
        if not column.nullable and frame[column.name].null_count():
            row = frame[column.name].is_null().arg_true()[0]
            raise ContractBroken(f"{table.address}: null in row {row}; the column is never null", code="null", place=Place(column=column.name))


def _refuse_nul_characters(table: Table, frame: pl.DataFrame) -> None:
    """PostgreSQL text cannot hold U+0000."""
    for name, dtype in frame.schema.items():
        if dtype == pl.String:
            bad = frame[name].str.contains("\x00", literal=True).arg_true()
            if len(bad):
                raise ContractBroken(f"{table.address}: a NUL character in row {bad[0]}", code="text", place=Place(column=name))


def _refuse_repeated_keys(table: Table, frame: pl.DataFrame) -> None:
    key = list(table.key)
    if key and frame.height and frame.select(pl.struct(key).n_unique()).item() != frame.height:
        first = frame.filter(pl.struct(key).is_duplicated()).select(key).row(0, named=True)
        raise ContractBroken(f"{table.address}: the key {first} occurs more than once; grain: one row per {table.grain}", code="key")
