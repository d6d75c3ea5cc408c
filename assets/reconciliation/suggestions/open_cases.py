"""Which open breaks could explain each other: bank lines, payouts and lines as candidates with one amount each. Pure; for search.py.

A candidate stands for a whole break with all its items, so that what a person accepts leaves nothing behind. The trap: a difference of amounts offered
as a match. Only breaks in which something is missing come here; those in which something is wrong never do.

Units: `minor` is what the candidate adds to our bank account, in `currency`. Cost: proportional to the items of open breaks.
"""

from __future__ import annotations

import polars as pl

from assets.reconciliation.breaks import BreakClass
from assets.reconciliation.layers.accepted import MISSING_CLASSES

_BREAK = ("break_id", "break_class", "sub_class", "psp", "account")
_ITEM = (
    "item_key",
    "source",
    "kind",
    "currency",
    "amount_minor",
    "psp_reference",
    "modification_reference",
    "merchant_reference",
    "bank_reference",
    "booked_on",
)
Candidates = pl.DataFrame


def open_items(items: pl.DataFrame, dispositions: pl.DataFrame, breaks: pl.DataFrame) -> pl.DataFrame:
    """The items of open breaks with `break_id`, `break_class`, ... of their break. Shape: ITEMS, MEMBERS, BREAKS → one row per item."""
    missing = breaks.filter(pl.col("break_class").is_in([each.value for each in sorted(MISSING_CLASSES)])).select(_BREAK)
    mine = dispositions.filter(pl.col("break_id").is_not_null()).select("item_key", "break_id").join(missing, on="break_id")
    counted = pl.coalesce("net_minor", "amount_minor").alias("counted_minor")
    counted_currency = pl.when(pl.col("net_minor").is_null()).then("currency").otherwise(pl.coalesce("net_currency", "currency"))
    told = items.select(*_ITEM, counted, counted_currency.alias("counted_currency"))
    return mine.join(told, on="item_key").sort("break_id", "item_key")


def _gathered(items: pl.DataFrame, minor: pl.Expr, currency: pl.Expr) -> Candidates:
    """One row per break: what it adds up to, in one currency, and all its items."""
    gathered = items.group_by("break_id", "break_class", "psp", "account").agg(
        minor.cast(pl.Int64).alias("minor"),
        currency.n_unique().alias("currencies"),
        currency.min().alias("currency"),
        pl.col("booked_on").min(),
        pl.col("bank_reference").filter(pl.col("source").is_in(["payout", "bank"])).min(),
        pl.col("item_key").sort(),
    )
    return gathered.filter((pl.col("currencies") == 1) & (pl.col("minor") != 0)).drop("currencies").sort("break_id")


def _has(source: str) -> pl.Expr:
    return (pl.col("source") == source).any().over("break_id")


def bank_lines(items: pl.DataFrame) -> Candidates:
    """Bank lines that belong to no payout we know."""
    lines = items.filter(pl.col("break_class") == BreakClass.UNEXPLAINED_BANK_LINE.value)
    return _gathered(lines, pl.col("amount_minor").sum(), pl.col("currency"))


def payouts_on_their_way(items: pl.DataFrame) -> Candidates:
    """Payouts that have not been seen at the bank."""
    is_payout = (pl.col("source") == "payout") & (pl.col("kind") == "payout")
    awaited = items.filter(
        is_payout.any().over("break_id")
        & ~_has("bank")
        & pl.col("break_class").is_in([BreakClass.MISSING_AT_BANK.value, BreakClass.TIMING_OPEN.value])
    )
    return _gathered(awaited, -pl.col("counted_minor").filter(is_payout).sum(), pl.col("counted_currency").filter(is_payout))


def payouts_without_lines(items: pl.DataFrame) -> Candidates:
    """Payouts that arrived in full and of which no report says what they are made of (manual and instant payouts)."""
    is_payout = (pl.col("source") == "payout") & (pl.col("kind") == "payout")
    bare = items.filter((pl.col("break_class") == BreakClass.BATCH_RESIDUE.value) & is_payout.any().over("break_id") & ~_has("settlement"))
    arrived = pl.col("amount_minor").filter(pl.col("source") == "bank").sum().over("break_id")
    paid = -pl.col("counted_minor").filter(is_payout).sum().over("break_id")
    return _gathered(bare.filter(arrived == paid), -pl.col("counted_minor").filter(is_payout).sum(), pl.col("counted_currency").filter(is_payout))


def lines_without_batch(items: pl.DataFrame) -> Candidates:
    """What a PSP moved and has put into no payout: payments told by its activity report only, and account-level lines without a batch."""
    awaited = items.filter(
        pl.col("break_class").is_in([BreakClass.MISSING_IN_SETTLEMENT.value, BreakClass.TIMING_OPEN.value]) & ~_has("bank") & ~_has("payout")
    )
    is_payment, is_alone = _has("activity") & ~_has("settlement"), pl.col("sub_class").fill_null("") == "no_batch"
    outer = pl.col("source").is_in(["activity", "settlement"])
    return _gathered(
        awaited.filter(is_payment | (is_alone & outer)), pl.col("counted_minor").filter(outer).sum(), pl.col("counted_currency").filter(outer)
    )


def halves(items: pl.DataFrame) -> tuple[Candidates, Candidates]:
    """Payments our books tell and no report settles, and payments a report settles and our books do not tell: together whole, apart broken."""
    movements = items.filter(~_has("bank") & ~_has("payout") & (pl.col("sub_class").fill_null("") != "no_batch"))
    keys = ("break_id", "break_class", "psp", "account", "kind")
    by_source = movements.group_by(*keys, "source").agg(pl.col("amount_minor").sum(), pl.col("currency").n_unique().alias("currencies"))
    agreeing = by_source.group_by(*keys).agg(
        pl.col("amount_minor").n_unique().alias("amounts"), pl.col("amount_minor").min().alias("minor"), pl.col("currencies").max(), hops="source"
    )
    references = movements.group_by("break_id").agg(
        pl.col("currency").n_unique().alias("codes"),
        pl.col("currency").min(),
        pl.col("booked_on").min(),
        *(pl.col(name).drop_nulls().unique().sort() for name in ("psp_reference", "modification_reference", "merchant_reference")),
        pl.col("item_key").sort(),
    )
    halved = agreeing.join(references, on="break_id").filter((pl.col("amounts") == 1) & (pl.col("codes") == 1)).sort("break_id")
    in_books, is_settled = pl.col("hops").list.contains("ledger"), pl.col("hops").list.contains("settlement")
    return halved.filter(in_books & ~is_settled), halved.filter(is_settled & ~in_books)
