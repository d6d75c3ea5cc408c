"""Rows of any table as items of the engine's normal form. Pure; for comparison.py.

Shape: TextTable and TableMap → ITEMS, one per row: the left as our books, the right as a settlement report.
A row that cannot be read is refused with its line, column and reason, and counted; nothing is rounded, guessed or left out in silence.
The traps: a header that is there twice (which one is the amount?), two columns joined so that `a, bc` equals `ab, c`, a blank key that matches every
other blank key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from assets.reconciliation.items import item_schema
from assets.reconciliation.standalone.cells import AmountCells, MomentCells, keyed
from assets.reconciliation.standalone.mapping import Direction, Key, Kinds, Side, TableMap
from transactional.payments.money_kinds import MoneyKind
from transactional.vocabulary.errors import ContractBroken, InputRejected, Place

SOURCES = {Side.LEFT: "ledger", Side.RIGHT: "settlement"}
_ACCOUNT = "table"
_HEADERS_SHOWN = 12

# What is kept of a row beside its item, to tell of it. `key`: as a person reads it.
ROW_SCHEMA = {
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
    rows: list[dict[str, Any]] = []
    refused = [RefusedRow(side, table.name, line, "", why) for line, why in table.misshapen]
    for place, line in enumerate(table.lines):
        try:
            rows.append(reader.row(place, line))
        except _Unreadable as error:
            refused.append(RefusedRow(side, table.name, line, error.column, error.why))
    if refused and not rows:
        first = refused[0]
        message = f"none of its {len(refused):,} rows can be read with this map; the first: {first.why}"
        raise ContractBroken(message, code="no_rows_read", place=Place(table.name, first.line_no, first.column or None))
    frame = pl.DataFrame([{name: row[name] for name in ROW_SCHEMA} for row in rows], schema=ROW_SCHEMA)
    items = pl.DataFrame(list(_items(rows, side, right_name, as_of)), schema=item_schema())
    return Reading(side, table.name, len(table.lines) + len(table.misshapen), items, frame, tuple(refused), rule.dated is not None)


def _items(rows: list[dict[str, Any]], side: Side, right_name: str, as_of: datetime) -> Iterator[dict[str, Any]]:
    for row in rows:
        has_net = row["net_minor"] is not None
        yield dict.fromkeys(item_schema()) | {
            "item_key": row["item_key"],
            "source": SOURCES[side],
            "psp": right_name,
            "account": _ACCOUNT,
            "kind": row["kind"],
            "raw_kind": row["raw_kind"],
            "currency": row["currency"],
            "amount_minor": row["amount_minor"],
            "net_currency": row["currency"] if has_net else None,
            "net_minor": row["net_minor"],
            "commission_minor": row["fee_minor"],
            "psp_reference": row["psp_reference"],
            "merchant_reference": row["reference"],
            "ext_id": row["line_id"],
            "occurred_at": row["occurred_at"],
            "booked_on": row["booked_on"],
            "file_name": row["file_name"],
            "file_version": 1,
            "line_no": row["line_no"],
            "known_at": as_of,
        }


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

    def row(self, place: int, line: int) -> dict[str, Any]:
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
        return {
            "item_key": f"{self._side.value}:{self._table.name}:{line}",
            "side": self._side.value,
            "file_name": self._table.name,
            "line_no": line,
            "line_id": (self._cell(rule.line_id, place) or None) if rule.line_id else None,
            "key": key or reference or lonely,
            "psp_reference": key or lonely,
            "reference": reference or None,
            "kind": kind,
            "raw_kind": raw_kind,
            "booked_on": moment.on,
            "occurred_at": moment.at,
            "currency": currency,
            "amount_minor": amount_minor,
            "net_minor": net_minor,
            "fee_minor": fee_minor,
        }

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

    def _read(self, column: str, place: int, read: Any) -> Any:
        try:
            return read(self._cell(column, place) if column else "")
        except InputRejected as error:
            raise _Unreadable(column, error.message) from error

    def _amount(self, column: str, place: int, currency: str, on: date) -> int:
        minor: int = self._read(column, place, lambda text: self._amounts.read(text, currency, on))
        return minor

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
