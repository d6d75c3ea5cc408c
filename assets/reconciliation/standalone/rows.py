"""Rows of any table as items of the engine's normal form. Pure; for comparison.py.

Shape: TextTable and TableMap → ITEMS, one per row: the left as our books, the right as a settlement report.
A row that cannot be read is refused with its line, column and reason, and counted; nothing is rounded, guessed or left out in silence.
The traps: a header that is there twice (which one is the amount?), two columns joined so that `a, bc` equals `ab, c`, a blank key that matches every
other blank key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

import polars as pl

from assets.reconciliation.items import item_schema
from assets.reconciliation.standalone.cells import AmountCells, MomentCells, keyed
from assets.reconciliation.standalone.mapping import Direction, Key, Kinds, Side, TableMap
from transactional.payments.money_kinds import MoneyKind
from transactional.vocabulary.errors import ContractBroken, InputRejected, Place

T = TypeVar("T")

SOURCES = {Side.LEFT: "ledger", Side.RIGHT: "settlement"}
_ACCOUNT = "table"
_HEADERS_SHOWN = 12

# What is kept of a row beside its item, to tell of it. `key`: as a person reads it.
ROW_SCHEMA: Mapping[str, pl.DataType] = {
    "item_key": pl.String(),
    "side": pl.String(),
    "file_name": pl.String(),
    "line_no": pl.Int64(),
    "line_id": pl.String(),
    "key": pl.String(),
    "kind": pl.String(),
    "booked_on": pl.Date(),
    "currency": pl.String(),
    "amount_minor": pl.Int64(),
    "net_minor": pl.Int64(),
    "fee_minor": pl.Int64(),
}
# and what only its item needs
_READ_SCHEMA = {
    **ROW_SCHEMA,
    "raw_kind": pl.String(),
    "psp_reference": pl.String(),
    "merchant_reference": pl.String(),
    "occurred_at": pl.Datetime("us", "UTC"),
}
_SLICE_ROWS = 50_000  # rows as Python objects at a time


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table of text by column, whatever it was read from. `lines[i]` is where row i stands; `misshapen` are lines that are no rows, with the reason."""

    name: str
    headers: tuple[str, ...]
    lines: Sequence[int]
    cells: Sequence[Sequence[str]]
    misshapen: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that could not be read."""

    side: Side
    file_name: str
    line_no: int
    column: str
    why: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a table came to: rows_in = rows + refused."""

    side: Side
    file_name: str
    rows_in: int
    items: pl.DataFrame
    rows: pl.DataFrame
    refused: tuple[RefusedRow, ...]
    has_dates: bool


def read_rows(table: TextTable, rule: TableMap, side: Side, right_name: str, as_of: datetime, undated: date) -> Reading:
    """Every row of a table. `undated`: the date of rows whose table has none.

    Raises: ContractBroken (`missing_column`, `doubled_column`, `no_rows_read`) naming file and column.
    """
    reader = _Reader(table, rule, side, undated)
    refused = [RefusedRow(side, table.name, line, "", why) for line, why in table.misshapen]
    frames = [pl.DataFrame(schema=_READ_SCHEMA)]
    for start in range(0, len(table.lines), _SLICE_ROWS):
        rows: list[tuple[object, ...]] = []
        for place in range(start, min(start + _SLICE_ROWS, len(table.lines))):
            try:
                rows.append(reader.row(place, table.lines[place]))
            except _Unreadable as error:
                refused.append(RefusedRow(side, table.name, table.lines[place], error.column, error.why))
        frames.append(pl.DataFrame(rows, schema=_READ_SCHEMA, orient="row"))
    read = pl.concat(frames)
    if refused and not read.height:
        first = refused[0]
        message = f"none of its {len(refused):,} rows can be read with this map; the first: {first.why}"
        raise ContractBroken(message, code="no_rows_read", place=Place(table.name, first.line_no, first.column or None))
    rows_in = len(table.lines) + len(table.misshapen)
    items = _items(read, side, right_name, as_of)
    return Reading(side, table.name, rows_in, items, read.select(*ROW_SCHEMA), tuple(refused), rule.dated is not None)


def _items(read: pl.DataFrame, side: Side, right_name: str, as_of: datetime) -> pl.DataFrame:
    """The rows in the engine's normal form."""
    same = (
        "item_key",
        "kind",
        "raw_kind",
        "currency",
        "amount_minor",
        "net_minor",
        "psp_reference",
        "merchant_reference",
        "occurred_at",
        "booked_on",
    )
    told = {
        **{name: pl.col(name) for name in (*same, "file_name", "line_no")},
        "source": pl.lit(SOURCES[side]),
        "psp": pl.lit(right_name),
        "account": pl.lit(_ACCOUNT),
        "net_currency": pl.when(pl.col("net_minor").is_not_null()).then("currency"),
        "commission_minor": pl.col("fee_minor"),
        "ext_id": pl.col("line_id"),
        "file_version": pl.lit(1),
        "known_at": pl.lit(as_of),
    }
    return read.select(told.get(name, pl.lit(None)).cast(dtype).alias(name) for name, dtype in item_schema().items())


class _Unreadable(Exception):
    """One row cannot be read, because of one column."""

    def __init__(self, column: str, why: str) -> None:
        super().__init__(why)
        self.column, self.why = column, why


class _Reader:
    """One table under one map: its columns are found once, its distinct cells read once."""

    def __init__(self, table: TextTable, rule: TableMap, side: Side, undated: date) -> None:
        self._table, self._rule, self._side = table, rule, side
        self._amounts = AmountCells(rule.amount)
        self._moments = MomentCells(rule.dated, undated)
        columns = [*rule.key.columns, rule.amount.column, *(rule.reference.columns if rule.reference else ())]
        columns += [found for found in (rule.currency.column, rule.kinds.column, rule.line_id, rule.net, rule.fee) if found]
        columns += [rule.dated.column] if rule.dated else []
        columns += [rule.direction.column] if rule.direction else []
        self._columns = {name: self._find(name) for name in columns}

    def row(self, place: int, line: int) -> tuple[object, ...]:
        """One row in the order of _READ_SCHEMA. Raises: _Unreadable."""
        rule = self._rule
        dated = rule.dated
        moment = self._read(dated.column if dated else "", place, self._moments.read)
        currency = rule.currency.constant or self._cell(rule.currency.column or "", place).upper()
        signs = self._sign(place)
        amount_minor = signs * self._amount(rule.amount.column, place, currency, moment.on)
        net_minor = signs * self._amount(rule.net, place, currency, moment.on) if rule.net else None
        fee_minor = self._amount(rule.fee, place, currency, moment.on) if rule.fee else None
        key, reference = self._keyed(rule.key, place), self._keyed(rule.reference, place) if rule.reference else ""
        kind, raw_kind = self._kind(rule.kinds, place, amount_minor)
        # a row without a key may still be found by its reference; without either it is nobody's but its own
        lonely = None if key or reference else f"{self._side.value} line {line} of {self._table.name}, without a key"
        return (
            f"{self._side.value}:{self._table.name}:{line}",
            self._side.value,
            self._table.name,
            line,
            (self._cell(rule.line_id, place) or None) if rule.line_id else None,
            key or reference or lonely,
            kind.value,
            moment.on,
            currency,
            amount_minor,
            net_minor,
            fee_minor,
            raw_kind,
            key or lonely,
            reference or None,
            moment.at,
        )

    def _find(self, name: str) -> Sequence[str]:
        """The cells under a header. `name #1` means the first of several of one name, as `name #2` means the second."""
        headers = self._table.headers
        if name in headers and f"{name} #2" in headers:
            message = f"is there more than once; say '{name} #1' or '{name} #2' in the map"
            raise ContractBroken(message, code="doubled_column", place=Place(self._table.name, None, name))
        wanted = name.removesuffix(" #1") if name not in headers else name
        if wanted not in headers:
            shown = ", ".join(repr(header[:40]) for header in headers[:_HEADERS_SHOWN])
            more = f" and {len(headers) - _HEADERS_SHOWN} more" if len(headers) > _HEADERS_SHOWN else ""
            message = f"the map names this column, but the table has {shown}{more}"
            raise ContractBroken(message, code="missing_column", place=Place(self._table.name, None, name))
        return self._table.cells[headers.index(wanted)]

    def _cell(self, column: str, place: int) -> str:
        cell = self._columns[column][place].strip()
        if "\x00" in cell:
            raise _Unreadable(column, "a NUL character, which no table can hold")
        return cell

    def _read(self, column: str, place: int, read: Callable[[str], T]) -> T:
        try:
            return read(self._cell(column, place) if column else "")
        except InputRejected as error:
            raise _Unreadable(column, error.message) from error

    def _amount(self, column: str, place: int, currency: str, on: date) -> int:
        return self._read(column, place, lambda text: self._amounts.read(text, currency, on))

    def _keyed(self, key: Key, place: int) -> str:
        return keyed([self._cell(column, place) for column in key.columns], key.normalise)

    def _sign(self, place: int) -> int:
        sign, direction = -1 if self._rule.is_flipped else 1, self._rule.direction
        return sign if direction is None else sign * self._way(direction, place)

    def _way(self, direction: Direction, place: int) -> int:
        word = self._cell(direction.column, place)
        if word in direction.inward:
            return 1
        if word in direction.outward:
            return -1
        expected = ", ".join(sorted(direction.inward | direction.outward))
        raise _Unreadable(direction.column, f"'{word[:40]}' is neither in nor out; the map knows {expected}")

    def _kind(self, kinds: Kinds, place: int, amount_minor: int) -> tuple[MoneyKind, str]:
        by_sign = kinds.negative if amount_minor < 0 else kinds.positive
        if kinds.column is None:
            return by_sign, by_sign.value
        word = self._cell(kinds.column, place)
        return kinds.words.get(word, by_sign), word
