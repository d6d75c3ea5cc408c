"""How probable is it that a PSP is the best of its cell, or better than another? For the ranking.

Pure, and without a random number: the success of a PSP on the logit scale is nearly normal, with the exact mean and variance of a Beta's logit, and the chance
to beat all others is one integral, taken at fixed points. The trap: draws from a seed depend on how many rows came before, so that the same cell in two
cards has two probabilities. Tests compare with Beta draws.
Source: reference RT §2.3 (draws, or the normal approximation of the difference).
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri, polygamma, psi  # type: ignore[import-untyped]  # its stubs are a package of their own

from assets.payments.scorecards.sums import Floats

_POINTS = 48


def probability_best(alpha: Floats, beta: Floats) -> Floats:
    """Shape (cells, psps); each row sums to 1."""
    mean, deviation = _logit_moments(alpha, beta)
    others = alpha.shape[1]
    chance = np.zeros_like(alpha)
    for point in ndtri((np.arange(_POINTS) + 0.5) / _POINTS):
        here = mean + deviation * point
        for one in range(others):
            beaten = ndtr((here[:, one : one + 1] - mean) / deviation)
            beaten[:, one] = 1.0
            chance[:, one] += beaten.prod(axis=1)
    return np.asarray(chance / chance.sum(axis=1, keepdims=True))


def probability_better(alpha: Floats, beta: Floats, one: np.ndarray, other: np.ndarray) -> Floats:
    """That in each cell PSP number `one` succeeds more often than number `other`; 0.5 where they are the same."""
    mean, deviation = _logit_moments(alpha, beta)
    rows = np.arange(alpha.shape[0])
    spread = np.hypot(deviation[rows, one], deviation[rows, other])
    return np.asarray(ndtr((mean[rows, one] - mean[rows, other]) / spread))


def _logit_moments(alpha: Floats, beta: Floats) -> tuple[Floats, Floats]:
    return psi(alpha) - psi(beta), np.sqrt(polygamma(1, alpha) + polygamma(1, beta))
