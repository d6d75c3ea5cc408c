"""What is a row of the scorecard worth for one attempt, and how sure is that? For the policy.

Pure. Units: rates 0..1; costs are minor units of the attempt's currency and basis points of its amount; values are expectations in minor units (no money is
booked by them). The trap: a PSP promoted for a gain that lies inside its own uncertainty (reference RT §2.4).
"""

from __future__ import annotations

import math

from transactional.payments.scorecards.rows import ScoreRow

_Z = 1.959963984540054  # the two-sided 95 % point of the normal distribution: the intervals of a card are 95 % intervals


def worth_minor(score: ScoreRow, amount_minor: int, margin_bps: int) -> float:
    """What an attempt is expected to bring in: p (A m - cost if approved) - (1 - p) cost if not - p chargebacks."""
    p, amount = score.sr_mean, amount_minor
    return p * _gain_if_approved(score, amount, margin_bps) - (1 - p) * _cost_if_not(score)


def worth_spread(score: ScoreRow, amount_minor: int, margin_bps: int) -> float:
    """The standard deviation of `worth_minor` that the interval of the success rate implies."""
    spread = (score.sr_hi - score.sr_lo) / (2 * _Z)
    return spread * abs(_gain_if_approved(score, amount_minor, margin_bps) + _cost_if_not(score))


def outside_its_interval(gap: float, one_spread: float, other_spread: float) -> bool:
    """Whether a difference of two means is more than their uncertainty explains (95 %)."""
    return gap > _Z * math.hypot(one_spread, other_spread)


def success_spread(score: ScoreRow) -> float:
    """The standard deviation that the 95 % interval of the success rate implies."""
    return (score.sr_hi - score.sr_lo) / (2 * _Z)


def cost_is_known(score: ScoreRow, min_coverage: float) -> bool:
    """Whether settlement lines cover enough of the volume to speak of cost at all."""
    return score.cost_bps is not None and score.cost_fixed_minor is not None and score.cost_coverage >= min_coverage


def _gain_if_approved(score: ScoreRow, amount_minor: int, margin_bps: int) -> float:
    percent = margin_bps - (score.cost_bps or 0.0) - (score.chargeback_bps or 0.0)
    return amount_minor * percent / 10_000 - (score.cost_fixed_minor or 0)


def _cost_if_not(score: ScoreRow) -> float:
    return (score.fail_cost_minor or 0) + (score.penalty_minor or 0)
