"""A ledger and a settlement report of any size with known mistakes, as the engine's normal form. For the matching benchmark.

Grain: a payment is one ledger line and one settlement line, but for the planted ones. Every four hundredth payment has each of the mistakes, and one in
fifty is settled in two parts (right, but no row equals another). The trap: a yardstick over data where every key is there once on both sides; what a
matcher is for does not occur in them.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime

import polars as pl

from assets.reconciliation.items import item_schema
from transactional.payments.money_kinds import MoneyKind

PSP, ACCOUNT, CURRENCY = "bench", "one", "EUR"
KNOWN_AT = datetime(2026, 2, 1, tzinfo=UTC)
AS_OF = datetime(2026, 3, 1, tzinfo=UTC)
_CYCLE = 400
_MISTAKES = {"missing_in_ledger": 3, "missing_at_psp": 5, "amount": 7, "duplicate_ledger": 11, "sign": 13}
_SPLIT = range(20, 28)  # eight of four hundred are settled in two parts
_DAYS = 28


def two_sides(payments: int) -> pl.DataFrame:
    """The items of both sides, shuffled by their keys as files and books would never be."""
    place = pl.col("payment") % _CYCLE
    planned = pl.DataFrame({"payment": pl.int_range(payments, eager=True)}).with_columns(
        place=place,
        amount=pl.col("payment") * 7919 % 50_000 + 100,
        booked_on=pl.lit(date(2026, 1, 1)) + pl.duration(days=pl.col("payment") % _DAYS),
    )
    right = pl.col("amount")
    wrong = pl.when(place == _MISTAKES["amount"]).then(right + 1).when(place == _MISTAKES["sign"]).then(-right).otherwise(right)
    part = pl.when(place.is_in(list(_SPLIT))).then(right // 3).otherwise(right)
    booked = planned.filter(place != _MISTAKES["missing_in_ledger"])
    settled = planned.filter(place != _MISTAKES["missing_at_psp"])
    sides = [
        _lines(booked, "ledger", "1", wrong),
        _lines(booked.filter(place == _MISTAKES["duplicate_ledger"]), "ledger", "2", right),
        _lines(settled, "settlement", "1", part),
        _lines(settled.filter(place.is_in(list(_SPLIT))), "settlement", "2", right - right // 3),
    ]
    return pl.concat(sides).sort(pl.col("item_key").hash(seed=1))


def planted(payments: int) -> Mapping[str, int]:
    """How many cases of each class two_sides holds."""
    whole, rest = divmod(payments, _CYCLE)
    return {name: whole + (place < rest) for name, place in _MISTAKES.items()}


def _lines(planned: pl.DataFrame, source: str, line: str, amount: pl.Expr) -> pl.DataFrame:
    told = {
        "item_key": pl.format(f"{source}:{{}}:{line}", "payment"),
        "source": pl.lit(source),
        "psp": pl.lit(PSP),
        "account": pl.lit(ACCOUNT),
        "kind": pl.lit(MoneyKind.DEPOSIT.value),
        "raw_kind": pl.lit("Settled"),
        "currency": pl.lit(CURRENCY),
        "amount_minor": amount,
        "psp_reference": pl.format("P{}", "payment"),
        "modification_reference": pl.format("M{}", "payment"),
        "merchant_reference": pl.format("ours-{}", "payment"),
        "occurred_at": pl.col("booked_on").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
        "booked_on": pl.col("booked_on"),
        "known_at": pl.lit(KNOWN_AT),
    }
    if source == "settlement":
        told |= {
            "file_name": pl.format("day-{}.csv", pl.col("payment") % _DAYS),
            "file_version": pl.lit(1),
            "line_no": pl.col("payment") // _DAYS * 2 + int(line) + 1,
        }
    return planned.select(told.get(name, pl.lit(None)).cast(dtype).alias(name) for name, dtype in item_schema().items())


if __name__ == "__main__":
    two_sides(int(sys.argv[1])).write_parquet(sys.argv[2])
