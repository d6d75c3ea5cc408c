"""What did the end of a day look like: cases matched, broken and open, as known then. Pure; for the day-end asset.

The trap: a history made of today's knowledge. A day's rows are the engine's answer over what was known before the day was over, so a file that came
later changes a later row and never these. While the day is on, each run tells it again; `as_of` says at which moment.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl

from transactional.vocabulary.errors import InputRejected
from transactional.vocabulary.time import day_bounds

_KEYS = ["psp", "account", "currency"]
_STATUSES = ("matched", "broken", "open")


def days_of(first_day: str, last_day: str, now: datetime) -> tuple[date, ...]:
    """The days from one ISO date to another, both included.

    Raises: InputRejected for what is no date, a range that runs backwards, and a day that is not over at `now`.
    """
    try:
        first, last = date.fromisoformat(first_day), date.fromisoformat(last_day)
    except ValueError:
        raise InputRejected(f"{first_day!r} to {last_day!r}: expected two ISO dates, as 2026-01-31", code="impossible_date") from None
    if last < first:
        raise InputRejected(f"{first} to {last} runs backwards: the first day comes first", code="empty_range")
    if day_bounds(last, "UTC")[1].astimezone(UTC) > now:
        raise InputRejected(f"{last} is not over: its end is known when it has come, and each run tells the day so far", code="day_not_over")
    return tuple(first + timedelta(days=number) for number in range((last - first).days + 1))


def known_before(items: pl.DataFrame, moment: datetime) -> pl.DataFrame:
    """The items of which we knew before the moment."""
    return items.filter(pl.col("known_at") < moment)


def day_end(day: date, as_of: datetime, groups: pl.DataFrame, breaks: pl.DataFrame) -> pl.DataFrame:
    """Shape: GROUPS and BREAKS of a run as of a moment of the day, or its end → DAY_ENDS rows of that day.

    Units: minor; broken amounts are absolute, since their sign means another thing for each class.
    """
    status = pl.when("counts_as_break").then(pl.lit("broken")).otherwise(pl.lit("open"))
    amount = pl.when("counts_as_break").then(pl.col("amount_minor").abs()).otherwise(pl.col("amount_minor"))
    cases = pl.concat(
        [
            groups.select(*_KEYS, "amount_minor", pl.lit("matched").alias("status")),
            breaks.select(*_KEYS, amount.alias("amount_minor"), status.alias("status")),
        ]
    )
    measures = []
    for name in _STATUSES:
        chosen = pl.col("status") == name
        measures.append(chosen.sum().cast(pl.Int64).alias(f"{name}_count"))
        measures.append(pl.col("amount_minor").filter(chosen).sum().cast(pl.Int64).alias(f"{name}_minor"))
    summed = cases.with_columns(pl.col("psp").fill_null("none")).group_by(_KEYS).agg(measures)
    return summed.select(pl.lit(day).alias("day_end_date"), pl.lit(as_of).cast(pl.Datetime("us", "UTC")).alias("as_of"), *_KEYS, *_measure_names())


def _measure_names() -> list[str]:
    return [f"{name}_{suffix}" for name in _STATUSES for suffix in ("count", "minor")]
