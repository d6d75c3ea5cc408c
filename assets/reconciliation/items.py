"""Are these rows the normal form the engine may rely on? For the engine's entry and for whoever makes items (dbt, tests, two files on a command line).

The trap: a float, a null or a repeated key that a lenient join turns into money appearing twice. A frame that is not the normal form is refused whole.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from assets.reconciliation.tables import ITEM_COLUMNS, ITEMS
from transactional.payments.money_kinds import MoneyKind
from transactional.vocabulary.errors import ContractBroken
from transactional.vocabulary.tables import ColumnType

SOURCES = ("ledger", "attempt", "activity", "settlement", "payout", "bank")

DTYPES: Mapping[ColumnType, pl.DataType] = {
    ColumnType.TEXT: pl.String(),
    ColumnType.BIGINT: pl.Int64(),
    ColumnType.INTEGER: pl.Int32(),
    ColumnType.BOOLEAN: pl.Boolean(),
    ColumnType.DATE: pl.Date(),
    ColumnType.TIMESTAMPTZ: pl.Datetime("us", "UTC"),
}
_EXACT = {ColumnType.BIGINT, ColumnType.INTEGER}

# What no item may be: column, condition, words. A key that is there twice is looked for apart: counting keys is a tenth of marking the repeated.
_REFUSED: tuple[tuple[str, pl.Expr, str], ...] = (
    *((column.name, pl.col(column.name).is_null(), "is null") for column in ITEM_COLUMNS if not column.nullable),
    ("source", ~pl.col("source").is_in(SOURCES), f"is none of {', '.join(SOURCES)}"),
    ("kind", ~pl.col("kind").is_in([kind.value for kind in MoneyKind]), "is not a MoneyKind"),
    ("psp", pl.col("psp").is_null() & (pl.col("source") != "bank"), "is null on a line that is not the bank's"),
)


def item_schema() -> dict[str, pl.DataType]:
    """Column names and types of the normal form."""
    return {column.name: DTYPES[column.type] for column in ITEM_COLUMNS}


def validated(items: pl.DataFrame) -> pl.DataFrame:
    """The items in contract order of columns and types. Their rows stay as they came: whoever needs an order says which.

    Raises: ContractBroken naming the column and a key: a missing column, a type that would lose money, a null, a repeated key, an unknown source or kind.
    """
    check_columns(items.schema, is_empty=items.is_empty())
    frame = items.select(pl.col(name).cast(dtype) for name, dtype in item_schema().items())
    check_rows(frame.lazy())
    if not are_distinct(frame.lazy()):
        raise _refused("item_key", "is there more than once", frame.filter(pl.col("item_key").is_duplicated())["item_key"])
    return frame


def check_columns(schema: pl.Schema, *, is_empty: bool = False) -> None:
    """Raises: ContractBroken for a missing column or a type that would lose money."""
    missing = [name for name in ITEMS.column_names() if name not in schema]
    if missing:
        raise ContractBroken(f"items lack the columns {', '.join(missing)}", code="items_columns")
    for column in ITEM_COLUMNS:
        dtype = schema[column.name]
        if column.type in _EXACT and dtype != pl.Null() and not dtype.is_integer():
            raise ContractBroken(f"items.{column.name} is {dtype}, expected integer minor units", code="items_type")
        if column.type is ColumnType.TIMESTAMPTZ and getattr(dtype, "time_zone", None) is None and not is_empty:
            raise ContractBroken(f"items.{column.name} is {dtype}, expected instants in UTC", code="items_type")


def check_rows(items: pl.LazyFrame) -> None:
    """Raises: ContractBroken for a null, an unknown source or kind. Repeated keys are for whoever holds the rows to find."""
    told = [bad.any().alias(str(place)) for place, (_, bad, _) in enumerate(_REFUSED)]
    held = items.select(told).collect(engine="streaming").row(0)  # all in one pass; usually none holds
    for (name, bad, why), is_there in zip(_REFUSED, held, strict=True):
        if is_there:
            raise _refused(name, why, items.filter(bad).select("item_key").collect()["item_key"])


def are_distinct(items: pl.LazyFrame) -> bool:
    """Whether no item_key is there twice. Numbers that differ are of keys that differ, and a quarter of the work; two equal numbers prove nothing."""
    marks = items.select(pl.col("item_key").hash()).collect(engine="streaming").to_series().sort()
    return not (marks == marks.shift()).any() or not items.select("item_key").collect().to_series().is_duplicated().any()


def _refused(name: str, why: str, keys: pl.Series) -> ContractBroken:
    return ContractBroken(f"items.{name} {why}: item '{keys.sort()[0]}' and {keys.len() - 1} more", code="items_content")
