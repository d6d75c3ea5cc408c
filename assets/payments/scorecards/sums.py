"""How often was each PSP tried in each cell of a level, and how often with success, weighted by age? For the shrinkage.

Pure. Shape: hour buckets of leaf cells (tables.OUTCOME_HOURS) -> arrays of cells by PSPs. A level's integer sums per hour are exact; hours are aged and added
in their order, so the same buckets in any order give the same bits. Every cell has every PSP of its direction: one that was not tried there has zeros.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

from assets.payments.scorecards.decay import ageing
from assets.payments.scorecards.parameters import Parameters
from transactional.payments.scorecards.cells import UNKNOWN, Level

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

COUNTS = ("n_attempts", "n_first", "n_approved", "n_approved_first", "n_pending", "n_blamed")
_WEIGHTED = ("s_int", "n_int", "w2_int")


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """One level of one direction. `cells`: a row per cell with the level's keys, sorted. Arrays are (cells, psps).

    `s`, `n`: weighted approvals and weighted outcomes that count (approved, or failed by fault of a PSP or issuer); `w2`: squared weights of the latter.
    """

    level: Level
    cells: pl.DataFrame
    psps: tuple[str, ...]
    counts: Mapping[str, Integers]
    s: Floats
    n: Floats
    w2: Floats
    first_hour: Integers
    last_hour: Integers

    @property
    def n_eff(self) -> Floats:
        """Effective size of the sample: n^2 / w2."""
        return np.divide(self.n**2, self.w2, out=np.zeros_like(self.n), where=self.w2 > 0)


def in_window(buckets: pl.DataFrame, as_of: datetime, parameters: Parameters) -> pl.DataFrame:
    """The buckets that count at a moment: begun, and not older than the window."""
    oldest = as_of - timedelta(seconds=parameters.window_seconds())
    return buckets.filter((pl.col("bucket_at") <= as_of) & (pl.col("bucket_at") > oldest))


def sums_of(buckets: pl.DataFrame, level: Level, psps: tuple[str, ...], as_of: datetime, parameters: Parameters) -> Sums:
    """A level's sums over buckets of one direction (those of `in_window`)."""
    keys = list(level.keys)
    known = buckets.filter(pl.all_horizontal([pl.col(key) != UNKNOWN for key in keys])) if keys else buckets
    grouped = known.group_by([*keys, "psp", "bucket_at"]).agg(pl.col(*COUNTS, *_WEIGHTED).cast(pl.Int64).sum())
    cells = grouped.select(keys).unique().sort(keys) if keys else pl.DataFrame({"_whole": [0]})
    numbered = cells.with_row_index("_cell")
    placed = grouped.join(numbered, on=keys, how="left") if keys else grouped.with_columns(pl.lit(0).alias("_cell"))
    placed = placed.sort("bucket_at")
    rows = placed["_cell"].to_numpy().astype(np.int64)
    columns = placed["psp"].replace_strict({psp: place for place, psp in enumerate(psps)}, return_dtype=pl.Int64).to_numpy()
    shape = (cells.height, len(psps))
    counts = {name: _added(shape, rows, columns, placed[name].to_numpy()) for name in COUNTS}
    s, n, w2 = (np.zeros(shape) for _ in range(3))
    hours = placed["bucket_at"].to_numpy()
    starts = np.flatnonzero(np.concatenate([[True], hours[1:] != hours[:-1]])) if len(hours) else np.array([], dtype=np.int64)
    for start, stop in pairwise([*starts, len(hours)]):  # none where nothing is known of the level's keys
        here = slice(int(start), int(stop))
        factor = ageing(placed["bucket_at"][int(start)], as_of, parameters.half_life_seconds)
        # w2 ages twice as fast: its integer is of the squared weight
        for total, name, by in ((s, "s_int", factor), (n, "n_int", factor), (w2, "w2_int", _squared(factor))):
            total[rows[here], columns[here]] += placed[name][here].to_numpy().astype(np.float64) * by
    first, last = _hours(shape, rows, columns, placed["bucket_at"].dt.epoch("s").to_numpy())
    return Sums(level, cells.select(keys), psps, counts, s, n, w2, first, last)


def _squared(factor: float) -> float:
    return factor * factor * (1 << 30)


def _added(shape: tuple[int, int], rows: Integers, columns: Integers, values: Integers) -> Integers:
    total = np.zeros(shape, dtype=np.int64)
    np.add.at(total, (rows, columns), values)
    return total


def _hours(shape: tuple[int, int], rows: Integers, columns: Integers, seconds: Integers) -> tuple[Integers, Integers]:
    """First and last hour with data, as seconds of the epoch; -1 where there is none."""
    first, last = np.full(shape, np.iinfo(np.int64).max), np.full(shape, -1, dtype=np.int64)
    np.minimum.at(first, (rows, columns), seconds)
    np.maximum.at(last, (rows, columns), seconds)
    return np.where(last < 0, -1, first), last
