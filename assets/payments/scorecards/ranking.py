"""Which PSP leads a cell, what share should each get, and why? For the card.

Pure. Shape: arrays (cells, psps). A leader stays while no other is better with enough probability; from one card to the next a share moves by a stated step at
most; nobody's share falls below what exploration and contracts need. Shares of a cell sum to 1, to the sixth decimal.
The trap: two equal PSPs that swap all traffic at every publication, on noise.
Source: reference RT §2.4 (guards), §5.2 (reasons).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assets.payments.scorecards.best import probability_better
from assets.payments.scorecards.parameters import Parameters
from assets.payments.scorecards.shrinkage import Posterior
from assets.payments.scorecards.sums import Floats, Integers

_DECIMALS = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """`rank`: 1 leads. `kept`: cells whose leader stayed although another looks better. `capped`: cells whose shares would have moved further."""

    rank: Integers
    share: Floats
    kept: np.ndarray
    capped: np.ndarray


def ranked(posterior: Posterior, value: Floats, before: Floats, psps: tuple[str, ...], parameters: Parameters) -> Ranking:
    """`value`: what to rank by, success or expected value. `before`: shares of the card before; NaN where it had none."""
    challenger = np.argmax(value, axis=1)
    start = np.nan_to_num(before, nan=0.0)
    had = start.sum(axis=1) > 0
    leader = np.where(had, np.argmax(start, axis=1), challenger)
    better = probability_better(posterior.alpha, posterior.beta, challenger, leader)
    kept = had & (challenger != leader) & (better < parameters.switch_probability)
    head = np.where(kept, leader, challenger)
    rows = np.arange(value.shape[0])
    ordering = value.copy()
    ordering[rows, head] = np.inf
    rank = np.empty(value.shape, dtype=np.int64)
    np.put_along_axis(rank, np.argsort(-ordering, axis=1, kind="stable"), np.arange(1, value.shape[1] + 1)[None, :], axis=1)
    wanted = _wanted(head, psps, parameters)
    share, capped = _moved(start, wanted, had, parameters.max_share_move)
    return Ranking(rank, _whole(share, head), kept, capped)


def _wanted(head: Integers, psps: tuple[str, ...], parameters: Parameters) -> Floats:
    """The head has what exploration and promises leave."""
    others = max(len(psps) - 1, 1)
    least = np.array([max(parameters.exploration / others, parameters.least_share, parameters.min_shares.get(psp, 0.0)) for psp in psps])
    share = np.repeat(least[None, :], head.shape[0], axis=0)
    rows = np.arange(head.shape[0])
    share[rows, head] = 0.0
    share[rows, head] = 1.0 - share.sum(axis=1)
    return share


def _moved(before: Floats, wanted: Floats, had: np.ndarray, step: float) -> tuple[Floats, np.ndarray]:
    """From the shares before towards those wanted, by `step` at most: all of a cell's shares by one factor, so that they go on summing to 1."""
    total = before.sum(axis=1, keepdims=True)  # less than 1 where a PSP of before is gone
    start = np.where(had[:, None], np.divide(before, total, out=wanted.copy(), where=total > 0), wanted)
    furthest = np.abs(wanted - start).max(axis=1)
    factor = np.divide(step, furthest, out=np.ones_like(furthest), where=furthest > step)
    return start + (wanted - start) * factor[:, None], factor < 1.0


def _whole(share: Floats, head: Integers) -> Floats:
    """Shares as millionths that sum to a million: what rounding leaves is the head's."""
    parts = np.floor(share * _DECIMALS + 0.5).astype(np.int64)
    rows = np.arange(head.shape[0])
    parts[rows, head] += _DECIMALS - parts.sum(axis=1)
    return np.asarray(parts / _DECIMALS)
