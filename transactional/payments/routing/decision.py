"""What was decided about one attempt, with everything that led to it. For the log, the caller, replay and `explain`.

Pure. The trap: a log that holds the choice but not the alternatives and their probabilities: nothing can be learned from it (reference RT §0.1, §5.5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from transactional.payments.routing.detector import BreakerState
from transactional.payments.routing.request import Candidate, RouteRequest
from transactional.payments.scorecards.staleness import Tier


class Rule(StrEnum):
    """Why the action was taken: one closed list, so that exploration is never booked under another name."""

    BEST = "best"
    EXPLORE = "explore"
    COMMITMENT = "commitment"
    PROBE = "probe"
    STATIC = "static"
    ONLY_ONE = "only_one"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Choice:
    """One eligible PSP as it stood. Without a score the card had no row for it. `worth_minor`: expected value in minor units of the attempt's currency."""

    psp: str
    account: str
    propensity: float
    breaker: BreakerState
    level: str | None = None
    sr_mean: float | None = None
    sr_lo: float | None = None
    sr_hi: float | None = None
    rank: int | None = None
    worth_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision. `choices` in the order of choice, their propensities sum to 1; `excluded`: PSP to the rule that kept it out.

    `propensity` is that of `action`; `drawn` the number in [0, 1) that fell on it.
    """

    request: RouteRequest
    action: Candidate
    head: str
    propensity: float
    rule: Rule
    choices: tuple[Choice, ...]
    excluded: Mapping[str, str]
    policy_id: str
    card_version: int | None
    tier: Tier
    drawn: float

    @property
    def is_explore(self) -> bool:
        """Whether chance, and not the score, chose."""
        return self.action.psp != self.head
