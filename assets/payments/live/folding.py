"""What does an attempt add to its hour bucket, and what changes when it is known better? For the light path and its comparison with the marts.

Pure. Shape: OUTCOMES (one row per attempt as it stands) -> OUTCOME_HOURS. The same integers as payments.agg_outcome_hours: a change takes out what the attempt
had put in and puts in what it is now, so the order and repetition of news leave no trace.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from assets.payments.scorecards.decay import decay_weights
from assets.payments.scorecards.sums import COUNTS
from assets.payments.scorecards.tables import OUTCOME_HOUR_KEY, OUTCOMES_LIVE
from transactional.payments.declines.taxonomy import BLAMED
from transactional.payments.scorecards.cells import amount_band, issuer_group

WEIGHTED = ("s_int", "n_int", "w2_int")


def outcomes(told: pl.DataFrame) -> pl.DataFrame:
    """OUTCOMES_LIVE of what the service says of attempts (the columns of service._RESOLVED)."""
    bands = [amount_band(*each) for each in zip(told["amount_minor"], told["currency"], told["created_at"].dt.date(), strict=True)]
    groups = [issuer_group(*each) for each in zip(told["issuer"], told["issuer_country"], strict=True)]
    hour = pl.col("created_at").dt.truncate("1h")
    return told.with_columns(
        hour.alias("bucket_at"),
        (pl.col("created_at") - hour).dt.total_seconds().cast(pl.Int32).alias("second_of_hour"),
        pl.Series("amount_band", bands, dtype=pl.String),
        pl.Series("issuer_group", groups, dtype=pl.String),
        (pl.col("attempt_no") == 1).alias("is_first"),
        ((pl.col("outcome") == "failed") & pl.col("decline_class").fill_null("unknown").is_in(sorted(BLAMED))).alias("is_blamed"),
    ).select(OUTCOMES_LIVE.column_names())


def hours(attempts: pl.DataFrame, half_life_seconds: int) -> pl.DataFrame:
    """OUTCOME_HOURS of OUTCOMES_LIVE rows."""
    weighed = attempts.join(decay_weights(half_life_seconds), on="second_of_hour", how="left")
    approved, counts = pl.col("outcome") == "approved", (pl.col("outcome") == "approved") | pl.col("is_blamed")
    facts: Mapping[str, pl.Expr] = {
        "n_attempts": pl.lit(1),
        "n_first": pl.col("is_first") & (pl.col("outcome") != "pending"),
        "n_approved": approved,
        "n_approved_first": pl.col("is_first") & approved,
        "n_pending": pl.col("outcome") == "pending",
        "n_blamed": pl.col("is_blamed"),
        "s_int": pl.when(approved).then("weight").otherwise(0),
        "n_int": pl.when(counts).then("weight").otherwise(0),
        "w2_int": pl.when(counts).then("weight_squared").otherwise(0),
    }
    valued = weighed.select(*OUTCOME_HOUR_KEY, *[fact.cast(pl.Int64).alias(name) for name, fact in facts.items()])
    return valued.group_by(OUTCOME_HOUR_KEY).agg(pl.all().sum())


def change(before: pl.DataFrame, after: pl.DataFrame, half_life_seconds: int) -> pl.DataFrame:
    """What the hour buckets change by when these attempts become those; rows that change by nothing are left out."""
    figures = [*COUNTS, *WEIGHTED]
    taken_out = hours(before, half_life_seconds).with_columns(-pl.col(*figures))
    both = pl.concat([taken_out, hours(after, half_life_seconds).select(taken_out.columns)])
    return both.group_by(OUTCOME_HOUR_KEY).agg(pl.all().sum()).filter(pl.any_horizontal([pl.col(name) != 0 for name in figures]))


def differences(one: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """Hour buckets that two paths have differently, by what: empty when they reconcile."""
    figures = [*COUNTS, *WEIGHTED]
    both = pl.concat([one.select(*OUTCOME_HOUR_KEY, *figures), other.select(*OUTCOME_HOUR_KEY, *[-pl.col(name) for name in figures])])
    return both.group_by(OUTCOME_HOUR_KEY).agg(pl.all().sum()).filter(pl.any_horizontal([pl.col(name) != 0 for name in figures]))
