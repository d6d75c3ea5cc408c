"""IPS, SNIPS, direct method and doubly robust, each with an interval from resampled days. For the gate, the desk and the benchmark.

Pure. All four are published, the gate reads SNIPS: the direct method inherits every error of its model (reference RT §2.6). The trap: an interval over rows:
attempts of one day share its outages, and rows resampled one by one look three times as certain as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from assets.payments.off_policy.log import Floats, Log

_RESAMPLES = 2_000
_SEED = 20261128  # fixed: the same log gives the same interval


class Method(StrEnum):
    """`ips`: weighted mean; `snips`: normalised by the weights; `dm`: the reward model alone; `dr`: the model corrected by the weighted residuals."""

    IPS = "ips"
    SNIPS = "snips"
    DM = "dm"
    DR = "dr"


@dataclass(frozen=True, slots=True)
class Estimate:
    """The mean reward a policy would have had, in the reward's unit. `lo`, `hi`: 95 %, by resampling days. `row_se`: SNIPS' own error over rows."""

    method: Method
    value: float
    lo: float
    hi: float
    row_se: float | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Every estimate that the log allows. `baseline`: what the logging policy had, same unit, same rows."""

    rows: int
    baseline: float
    estimates: tuple[Estimate, ...]
    effective: float
    mean_weight: float
    mean_weight_se: float
    largest_weight: float

    def by(self, method: Method) -> Estimate:
        """One of them. Raises: KeyError (the log had no model)."""
        return {one.method: one for one in self.estimates}[method]


def evaluate(log: Log) -> Evaluation:
    """All estimates of a log."""
    weight = log.weight
    ones = np.ones_like(weight)
    sums = {Method.IPS: (weight * log.reward, ones), Method.SNIPS: (weight * log.reward, weight)}
    if log.model_taken is not None and log.model_target is not None:
        sums |= {Method.DM: (log.model_target, ones), Method.DR: (log.model_target + weight * (log.reward - log.model_taken), ones)}
    resampled = _days(log)
    return Evaluation(
        rows=len(weight),
        baseline=float(log.reward.mean()),
        estimates=tuple(_estimate(method, *parts, log, resampled) for method, parts in sums.items()),
        effective=float(weight.sum() ** 2 / (weight**2).sum()) if weight.any() else 0.0,
        mean_weight=float(weight.mean()),
        mean_weight_se=float(weight.std(ddof=1) / np.sqrt(len(weight))) if len(weight) > 1 else float("inf"),
        largest_weight=float(weight.max()),
    )


def _estimate(method: Method, above: Floats, below: Floats, log: Log, resampled: Floats) -> Estimate:
    value = float(above.sum() / below.sum()) if below.any() else 0.0
    of_day = np.unique(log.block, return_inverse=True)[1]
    tops, bottoms = (resampled @ np.bincount(of_day, weights=part) for part in (above, below))
    drawn = tops[bottoms > 0] / bottoms[bottoms > 0]
    lo, hi = (float(edge) for edge in np.quantile(drawn, (0.025, 0.975))) if len(drawn) else (0.0, 0.0)
    se = float(np.sqrt((log.weight**2 * (log.reward - value) ** 2).sum()) / below.sum()) if method is Method.SNIPS and below.any() else None
    return Estimate(method, value, lo, hi, se)


def _days(log: Log) -> Floats:
    """How often each day is in each resample: shape (resamples, days)."""
    days = len(np.unique(log.block))
    return np.random.default_rng(_SEED).multinomial(days, np.full(days, 1 / days), size=_RESAMPLES).astype(np.float64)
