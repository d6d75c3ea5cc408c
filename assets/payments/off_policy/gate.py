"""May a challenger be let near payments? Its estimate must hold up, and the log must be able to bear one. For the publisher of policies and cards.

Pure. The trap: a challenger promoted by its point estimate, or by a log in which three lucky attempts weigh as much as a thousand.
Source: reference RT §2.6 (what blocks a release), §5.3 (SNIPS lower bound, effective sample size).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2  # type: ignore[import-untyped]  # its stubs are a package of their own

from assets.payments.off_policy.estimators import Evaluation, Method
from assets.payments.off_policy.log import Log

MOST_WEIGHT = 200.0
LEAST_EFFECTIVE = 500.0
LEAST_EFFECTIVE_SHARE = 0.01
TOLERATED = 0.002
"""A challenger may be this much below the champion (0.2 points of a success rate) at the lower end of its interval."""
_UNLIKELY = 0.01


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a challenger is refused: a stable code, and a sentence with the numbers."""

    code: str
    said: str


def objections(log: Log, evaluation: Evaluation, champion: float | None = None, tolerated: float = TOLERATED) -> list[Objection]:
    """Everything that speaks against the challenger; none: it may go on. `champion`: what it must reach, None: what the log itself brought in."""
    return list(_objections(log, evaluation, evaluation.baseline if champion is None else champion, tolerated))


def _objections(log: Log, evaluation: Evaluation, champion: float, tolerated: float) -> Iterator[Objection]:
    if count := int(log.unsupported.sum()):
        yield Objection("unsupported", f"{count} of {evaluation.rows} decisions could be made otherwise than they ever were: no log can judge that")
    off = abs(evaluation.mean_weight - 1)
    if off > 3 * evaluation.mean_weight_se:
        yield Objection("mean_weight", f"weights average {evaluation.mean_weight:.4f}, not 1: the logged probabilities are not those of the draw")
    if evaluation.largest_weight > MOST_WEIGHT:
        yield Objection("heavy_weight", f"one decision weighs {evaluation.largest_weight:.0f}, more than {MOST_WEIGHT:.0f}")
    least = max(LEAST_EFFECTIVE, LEAST_EFFECTIVE_SHARE * evaluation.rows)
    if evaluation.effective < least:
        yield Objection("effective_size", f"worth {evaluation.effective:.0f} decisions, at least {least:.0f} are needed")
    if (chance := _chance_of_drift(log)) < _UNLIKELY:
        yield Objection("drift", f"the estimate differs from week to week (probability by chance {chance:.4f})")
    snips = evaluation.by(Method.SNIPS)
    if snips.lo < champion - tolerated:
        yield Objection("lower_bound", f"it brings in at least {snips.lo:.4f} (95 %), the champion {champion:.4f}")


def _chance_of_drift(log: Log) -> float:
    """Probability that the weekly estimates differ as much as they do by chance (Cochran's Q over weeks that have weight)."""
    weight, found = log.weight, []
    for period in np.unique(log.period):
        here = log.period == period
        total = weight[here].sum()
        if total > 0:
            value = (weight[here] * log.reward[here]).sum() / total
            variance = (weight[here] ** 2 * (log.reward[here] - value) ** 2).sum() / total**2
            if variance > 0:
                found.append((value, 1 / variance))
    if len(found) < 2:
        return 1.0
    values, precisions = np.array(found).T
    mean = (values * precisions).sum() / precisions.sum()
    return float(chi2.sf((precisions * (values - mean) ** 2).sum(), len(found) - 1))
