"""By which line did a break heal? And what is a break worth in the reporting currency? Pure; completes what threads.py followed.

The trap: "closed automatically" and nothing else. Whoever wrote "waiting for the PSP's file" wants to know which file and which line it was.

A line heals a thread when it is in the group that now holds an item of the thread without having been one of its items, or when it takes back one of
them (a reversal); with none of these, when it is of the thread's batch (a batch that was missing or did not add up). Lines we learned of since the
thread was last seen go before older ones; with none at all the thread was withdrawn: the same facts are judged otherwise now.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, cast

import polars as pl

from assets.reconciliation.threads import Threads
from transactional.vocabulary.currencies import exponent_of
from transactional.vocabulary.errors import InputRejected
from transactional.vocabulary.money import convert

_MOST_LINES = 10


def told_by_lines(followed: Threads, dispositions: pl.DataFrame, items: pl.DataFrame, run_id: str) -> Threads:
    """The same threads; those that ended in this run (and were not merged) say by which lines. Shape: Threads, MEMBERS, ITEMS → Threads."""
    ended = followed.threads.filter((pl.col("ended_how") == "withdrawn") & (pl.col("run_id") == run_id) & pl.col("healed_by").is_null())
    if ended.is_empty():
        return followed
    told = _lines(ended, followed.members, dispositions, items)
    joined = followed.threads.join(told, on="thread_id", how="left")
    is_told = pl.col("told_keys").is_not_null()
    threads = joined.with_columns(
        ended_how=pl.when(is_told).then(pl.lit("healed")).otherwise("ended_how"),
        healed_by=pl.coalesce("told_keys", "healed_by"),
        healed_by_lines=pl.coalesce("told_lines", "healed_by_lines"),
    )
    return Threads(threads.select(followed.threads.columns).sort("thread_id"), followed.members)


def _lines(ended: pl.DataFrame, members: pl.DataFrame, dispositions: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    theirs = members.join(ended.select("thread_id"), on="thread_id", how="semi")
    grouped = dispositions.filter(pl.col("group_id").is_not_null()).select("item_key", "group_id")
    groups = theirs.join(grouped, on="item_key").select("thread_id", "group_id").unique()
    in_group = groups.join(grouped, on="group_id").select("thread_id", "item_key")
    taking_back = items.filter(pl.col("voids_item_key").is_not_null()).select("item_key", "voids_item_key")
    reversals = theirs.join(taking_back, left_on="item_key", right_on="voids_item_key").select(
        "thread_id", pl.col("item_key_right").alias("item_key")
    )
    own = pl.concat([in_group, reversals]).unique().join(theirs, on=["thread_id", "item_key"], how="anti")
    found = pl.concat([own, _of_batch(ended.join(own, on="thread_id", how="anti"), theirs, items)])
    described = found.join(items.select("item_key", "source", "file_name", "line_no", "known_at"), on="item_key")
    dated = described.join(ended.select("thread_id", "last_seen_at"), on="thread_id")
    is_new = (pl.col("known_at") > pl.col("last_seen_at")).alias("is_new")
    newest = dated.with_columns(is_new).filter(pl.col("is_new") | ~pl.col("is_new").any().over("thread_id"))
    in_file = pl.format("{} line {}", "file_name", "line_no")
    words = pl.when(pl.col("file_name").is_null()).then(pl.format("{} {}", "source", "item_key")).otherwise(in_file)
    return (
        newest.with_columns(words.alias("words"))
        .sort("thread_id", "item_key")
        .group_by("thread_id", maintain_order=True)
        .agg(
            pl.col("item_key").head(_MOST_LINES).str.join(" ").alias("told_keys"),
            pl.col("words").unique(maintain_order=True).head(_MOST_LINES).str.join(", ").alias("told_lines"),
        )
    )


def _of_batch(ended: pl.DataFrame, members: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """Settlement lines of the thread's batch: those we learned of since; where the break had no items (the batch was missing), all."""
    lines = items.filter(pl.col("source") == "settlement").select("psp", "account", "batch_id", "item_key", "known_at")
    of_batch = ended.filter(pl.col("batch_id").is_not_null()).join(lines, on=["psp", "account", "batch_id"])
    has_items = pl.col("thread_id").is_in(members["thread_id"].unique().to_list())
    return of_batch.filter(~has_items | (pl.col("known_at") > pl.col("last_seen_at"))).select("thread_id", "item_key")


def with_reporting_amounts(followed: Threads, rates: pl.DataFrame, reporting_currency: str) -> Threads:
    """The same threads; each open one with its amount in the reporting currency, at the last rate known on the day it was first seen.

    Shape: `rates` as the engine's (rate_date, base_currency, currency, rate as text; units of the currency for one of the base). Null where there is
    no rate. Units: minor, with the sign of the amount.
    """
    quoted = rates.filter(pl.col("base_currency") == reporting_currency).sort("rate_date")
    by_currency = {str(key[0]): part for key, part in quoted.partition_by("currency", as_dict=True).items()}

    @cache  # thousands of breaks were first seen on the same day
    def rate_on(currency: str, on: date) -> Decimal | None:
        known = by_currency.get(currency)
        before = None if known is None else known.filter(pl.col("rate_date") <= on)
        return None if before is None or before.is_empty() else 1 / Decimal(str(before["rate"][-1]))

    def amount(row: dict[str, Any]) -> int | None:
        if not row["is_open"]:
            return cast("int | None", row["reporting_minor"])
        on = row["first_seen_at"].date()
        rate = Decimal(1) if row["currency"] == reporting_currency else rate_on(row["currency"], on)
        return None if rate is None else _converted(row["amount_minor"], rate, row["currency"], reporting_currency, on)

    column = pl.Series("reporting_minor", [amount(row) for row in followed.threads.iter_rows(named=True)], dtype=pl.Int64)
    currency = pl.lit(reporting_currency).alias("reporting_currency")
    return Threads(followed.threads.with_columns(column, currency), followed.members)


def _converted(minor: int, rate: Decimal, currency: str, reporting_currency: str, on: date) -> int | None:
    try:
        return convert(minor, rate, exponent_of(currency, on), exponent_of(reporting_currency, on))
    except InputRejected:  # a currency that did not exist then
        return None
