"""How the demo casino routes, dated. For the API, the orchestrator and replay. A real operator edits this file.

Grain: one Policy per period. The trap: a policy edited in place: yesterday's decisions could not be replayed. A change is a new policy under a new id.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from transactional.payments.routing.policy import ANY_COUNTRY, Policy
from transactional.vocabulary.errors import InvariantBroken


@dataclass(frozen=True, slots=True)
class InForce:
    """A policy from `since` (inclusive) on, until the next one."""

    since: date
    policy: Policy


POLICIES = (
    InForce(
        date(2025, 1, 1),
        Policy(
            policy_id="shrunk-greedy-1",
            priority={ANY_COUNTRY: ("adyen", "stripe"), "US": ("stripe", "adyen"), "CA": ("stripe", "adyen")},
            epsilon=0.02,
            salt="countroom-demo",
        ),
    ),
)


def policy_on(day: date) -> Policy:
    """The policy of a day. Raises: InvariantBroken before the first one."""
    found = [one.policy for one in POLICIES if one.since <= day]
    if not found:
        raise InvariantBroken(f"no routing policy was in force on {day}")
    return found[-1]
