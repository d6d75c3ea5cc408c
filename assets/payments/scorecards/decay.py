"""How much does an attempt weigh at its age? Exponential decay made of integers, so that sums have no order. For the dbt model, the light path and the card.

Pure. Inside its hour an attempt weighs 2^30 * 2^(second / half-life), rounded to an integer once, in a table that SQL joins and Python reads: both paths add
the same integers. An hour's sum is exact, whatever the order or repetition of events, and a late change takes out what it put in. Only the hour as a
whole is aged in floating point, hour by hour in their order.

The trap: decayed sums kept as floats: a late event has to be re-aged, two orders end in two sums, and no two paths ever reconcile to zero.
Source: design of issue 4; forward decay after Cormode, Shkapenyuk, Srivastava and Xu (2009).
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import polars as pl

ONE = 1 << 30
HOUR = 3600


def decay_weight(second: int, half_life_seconds: int) -> int:
    """Weight of an attempt at that second of its hour (0..3599), in units of 2^-30."""
    return round(ONE * math.exp2(second / half_life_seconds))


def decay_weight_squared(second: int, half_life_seconds: int) -> int:
    """The weight's square, in units of 2^-30: for the effective size of a sample."""
    return round(ONE * math.exp2(2 * second / half_life_seconds))


def decay_weights(half_life_seconds: int) -> pl.DataFrame:
    """The table DECAY_WEIGHTS: one row per second of an hour."""
    seconds = range(HOUR)
    return pl.DataFrame(
        {
            "second_of_hour": pl.Series(seconds, dtype=pl.Int32),
            "weight": [decay_weight(second, half_life_seconds) for second in seconds],
            "weight_squared": [decay_weight_squared(second, half_life_seconds) for second in seconds],
        }
    )


def ageing(bucket_at: datetime, as_of: datetime, half_life_seconds: int) -> float:
    """What an hour's integer sum is multiplied with at a moment. Whole seconds: a card has no other watermark."""
    return math.exp2(-((as_of - bucket_at) // timedelta(seconds=1)) / half_life_seconds) / ONE
