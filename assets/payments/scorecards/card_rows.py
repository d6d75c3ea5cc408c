"""The rows of a card out of hour buckets: sums, shrinkage, probabilities, measures, ranks and shares put together. For the publisher and the benchmark.

Pure. Shape: OUTCOME_HOURS and MEASURES -> one row per direction, level, cell and PSP with the columns of the contract. The same buckets, measures, moment,
parameters and card before give the same rows, in whatever order the buckets come.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from assets.payments.scorecards.best import probability_best
from assets.payments.scorecards.measures import expected_value, measured, no_measures
from assets.payments.scorecards.parameters import Parameters
from assets.payments.scorecards.ranking import Ranking, ranked
from assets.payments.scorecards.shrinkage import Posterior, narrower, parents_of, widest
from assets.payments.scorecards.sums import COUNTS, Floats, Sums, in_window, sums_of
from transactional.payments.scorecards.cells import KEYS, LEVEL_BY_NAME, LEVELS, UNKNOWN, Level
from transactional.payments.scorecards.columns import NAMES

CARD_CURRENCY = "EUR"
_KEY = ["direction", "level", *KEYS, "psp"]


@dataclass(frozen=True, slots=True)
class CardRows:
    """`rows`: the columns of the contract. `kappas`: what a level's prior is worth, by direction and level: published with the card."""

    rows: pl.DataFrame
    kappas: dict[str, dict[str, float]]


def card_rows(
    buckets: pl.DataFrame,
    as_of: datetime,
    parameters: Parameters,
    before: pl.DataFrame | None = None,
    measures: pl.DataFrame | None = None,
) -> CardRows:
    """Everything a card says at a moment. `before`: rows (key and share_target) of the champion that this one would follow."""
    buckets = in_window(buckets, as_of, parameters)
    parts: list[pl.DataFrame] = []
    kappas: dict[str, dict[str, float]] = {}
    for direction in sorted(buckets["direction"].unique()):
        of_direction = buckets.filter(pl.col("direction") == direction)
        psps = tuple(sorted(of_direction["psp"].unique()))
        told = no_measures() if measures is None else measures
        worker = _Direction(direction, psps, of_direction, as_of, parameters, before, told.filter(pl.col("direction") == direction))
        kappas[direction] = {}
        for level, posterior, rows in worker.levels():
            kappas[direction][level.name] = round(posterior.kappa, 6)
            parts.append(rows)
    return CardRows(pl.concat(parts).sort(_KEY) if parts else pl.DataFrame(schema=dict.fromkeys(NAMES, pl.String())), kappas)


@dataclass(frozen=True, slots=True)
class _Direction:
    """Deposits or withdrawals: trees that say nothing of each other."""

    direction: str
    psps: tuple[str, ...]
    buckets: pl.DataFrame
    as_of: datetime
    parameters: Parameters
    before: pl.DataFrame | None
    measures: pl.DataFrame

    def levels(self) -> Iterator[tuple[Level, Posterior, pl.DataFrame]]:
        """Widest first: each level needs its parent."""
        done: dict[str, tuple[Sums, Posterior, pl.DataFrame]] = {}
        for level in reversed(LEVELS):
            sums = sums_of(self.buckets, level, self.psps, self.as_of, self.parameters)
            if sums.cells.is_empty() and level.keys:
                continue  # nobody paid with anything that has these keys, so nobody is in a cell below either
            if level.parent is None:
                posterior, parent_rows = widest(sums, self.parameters), None
            else:
                parent_sums, parent, parent_rows = done[level.parent]
                posterior = narrower(sums, parent, parents_of(sums, parent_sums), self.parameters)
            rows = self._with_measures(level, _estimates(sums, posterior), parent_rows)
            done[level.name] = sums, posterior, rows
            yield level, posterior, self._finished(level, sums, posterior, rows)

    def _with_measures(self, level: Level, rows: pl.DataFrame, parent: pl.DataFrame | None) -> pl.DataFrame:
        own = self.measures.filter(pl.col("level") == level.name)
        wider = list(LEVEL_BY_NAME[level.parent].keys) if level.parent else []
        return expected_value(measured(rows, list(level.keys), own, parent, wider), self.parameters.margin_bps)

    def _finished(self, level: Level, sums: Sums, posterior: Posterior, rows: pl.DataFrame) -> pl.DataFrame:
        shape, covered = sums.n.shape, self._covered(rows, sums.n.shape)
        value = np.where(covered[:, None], rows["ev_minor"].cast(pl.Float64).fill_null(0.0).to_numpy().reshape(shape), posterior.mean)
        ranking = ranked(posterior, value, self._shares_before(level, rows, shape), self.psps, self.parameters)
        missing = [pl.lit(UNKNOWN).alias(key) for key in KEYS if key not in level.keys]
        known = {"direction": self.direction, "level": level.name, "currency": CARD_CURRENCY, "health": "unknown"}
        return rows.with_columns(
            *missing,
            *[pl.lit(text).alias(name) for name, text in known.items()],
            pl.lit(None, dtype=pl.String).alias("health_since"),
            pl.col("cost_coverage").fill_null(0.0),
            pl.col("sr_mean").alias("score"),
            pl.Series("rank", ranking.rank.ravel()),
            pl.Series("share_target", ranking.share.ravel()),
            pl.Series("reason", _reasons(level, sums, posterior, ranking, covered), dtype=pl.List(pl.String)),
        ).select(NAMES)

    def _covered(self, rows: pl.DataFrame, shape: tuple[int, ...]) -> np.ndarray:
        """Cells in which every PSP's cost is known well enough, so that expected values compare like with like."""
        known = rows["ev_minor"].is_not_null() & (rows["cost_coverage"].fill_null(0.0) >= self.parameters.cost_coverage_needed)
        return np.asarray(known.to_numpy().reshape(shape).all(axis=1))

    def _shares_before(self, level: Level, rows: pl.DataFrame, shape: tuple[int, ...]) -> Floats:
        if self.before is None:
            return np.full(shape, np.nan)
        own = self.before.filter((pl.col("direction") == self.direction) & (pl.col("level") == level.name))
        keys = [*level.keys, "psp"]
        found = rows.select(keys).join(own.select([*keys, "share_target"]), on=keys, how="left", maintain_order="left")
        return found["share_target"].cast(pl.Float64).to_numpy().reshape(shape)


def _estimates(sums: Sums, posterior: Posterior) -> pl.DataFrame:
    """A row per cell and PSP, cells in their order: keys, counts, rates."""
    low, high = posterior.interval()
    each = np.repeat(np.arange(sums.n.shape[0]), len(sums.psps))
    keys = [column[each] for column in sums.cells.get_columns()]
    raw = np.divide(sums.s, sums.n, out=np.full_like(sums.s, np.nan), where=sums.n > 0)
    rates = {"n_eff": sums.n_eff, "sr_raw": raw, "sr_mean": posterior.mean, "sr_lo": low, "sr_hi": high, "prior_mean": posterior.prior}
    rates |= {"shrink_weight": sums.n / (sums.n + posterior.weight), "kappa": posterior.weight}
    rates["p_best"] = probability_best(posterior.alpha, posterior.beta)
    return pl.DataFrame(
        [
            *keys,
            pl.Series("psp", list(sums.psps) * sums.n.shape[0]),
            *[pl.Series(name, sums.counts[name].ravel()) for name in COUNTS],
            *[pl.Series(name, np.round(rate, 6).ravel()).fill_nan(None) for name, rate in rates.items()],
            _instant("data_from", sums.first_hour),
            _instant("data_to", np.where(sums.last_hour < 0, -1, sums.last_hour + 3599)),
        ]
    )


def _instant(name: str, seconds: np.ndarray) -> pl.Series:
    column = pl.Series(name, seconds.ravel())
    text = pl.from_epoch(column, time_unit="s").dt.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    return text.zip_with(column >= 0, pl.Series(name, [None], dtype=pl.String).extend_constant(None, len(column) - 1)).alias(name)


def _reasons(level: Level, sums: Sums, posterior: Posterior, ranking: Ranking, covered: np.ndarray) -> list[list[str]]:
    """Codes, in the order in which they matter."""
    shape = sums.n.shape
    whole = np.ones(shape, dtype=bool)
    facts = (
        ("NO_DATA", sums.counts["n_attempts"] == 0),
        (f"SHRUNK_TO_{(level.parent or 'ALL_PSPS').upper()}", (sums.n < posterior.weight) & (sums.counts["n_attempts"] > 0)),
        ("COST_THIN", whole & ~covered[:, None]),
        ("CI_OVERLAP_KEEP_HEAD", ranking.kept[:, None] & (ranking.rank == 1)),
        ("SHARE_MOVE_CAPPED", whole & ranking.capped[:, None]),
    )
    return [[code for (code, _), holds in zip(facts, row, strict=True) if holds] for row in zip(*[fact.ravel() for _, fact in facts], strict=True)]
