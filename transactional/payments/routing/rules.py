"""What comes before any score: where a PSP may be used at all, what we promised it, what it may cost. For the policy.

Pure, as dated data. The traps: a rule edited in place (yesterday's decision could not be explained), a commitment that overrides a prohibition (rules are
applied in the order prohibitions, cost caps, commitments), a PSP left out without saying by which rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from transactional.payments.routing.request import Candidate, RouteRequest
from transactional.payments.scorecards.rows import ScoreRow
from transactional.vocabulary.errors import InputRejected

EVERY_PSP = "*"


@dataclass(frozen=True, slots=True)
class Traffic:
    """Which attempts a rule is about; None: whatever it is. Amount bounds are minor units of `currency`, both inclusive, and need one."""

    countries: frozenset[str] | None = None
    methods: frozenset[str] | None = None
    currencies: frozenset[str] | None = None
    schemes: frozenset[str] | None = None
    bins: tuple[str, ...] | None = None
    min_minor: int | None = None
    max_minor: int | None = None

    def __post_init__(self) -> None:
        if (self.min_minor, self.max_minor) != (None, None) and (self.currencies is None or len(self.currencies) != 1):
            raise InputRejected("a rule with a bound on the amount must name exactly one currency", code="bound_without_currency")

    def holds(self, request: RouteRequest) -> bool:
        """Whether an attempt is one of these. What is not known of it (a wallet has no scheme) is in no list."""
        return (
            (self.countries is None or request.country in self.countries)
            and (self.methods is None or request.method in self.methods)
            and (self.currencies is None or request.currency in self.currencies)
            and (self.schemes is None or request.scheme in self.schemes)
            and (self.bins is None or (request.bin is not None and request.bin.startswith(self.bins)))
            and (self.min_minor is None or request.amount_minor >= self.min_minor)
            and (self.max_minor is None or request.amount_minor <= self.max_minor)
        )


@dataclass(frozen=True, slots=True)
class Prohibition:
    """`never`: the PSP takes none of the traffic. `only`: it takes nothing else. In force from `since` (inclusive) to `until` (exclusive)."""

    rule_id: str
    effect: Literal["never", "only"]
    psp: str
    traffic: Traffic
    source: str
    since: date
    until: date = date.max

    def forbids(self, candidate: Candidate, request: RouteRequest) -> bool:
        """Whether this rule keeps the attempt from that PSP."""
        return self.psp in (candidate.psp, EVERY_PSP) and self.traffic.holds(request) == (self.effect == "never")


@dataclass(frozen=True, slots=True)
class CostCap:
    """No more than so many basis points of the amount for an approved attempt, where the card knows the cost well enough."""

    rule_id: str
    psp: str
    max_bps: int
    traffic: Traffic
    source: str
    since: date
    until: date = date.max


@dataclass(frozen=True, slots=True)
class Commitment:
    """A promised share (0..1) of first attempts: by contract, or to keep an account alive."""

    rule_id: str
    psp: str
    share: float
    traffic: Traffic
    source: str
    since: date
    until: date = date.max

    def __post_init__(self) -> None:
        if not 0 < self.share <= 0.9:
            raise InputRejected("a promised share must lie above 0 and not above 0.9", code="bad_share")


@dataclass(frozen=True, slots=True)
class RuleBook:
    """Every rule of a policy; `on(day)` gives those in force."""

    prohibitions: tuple[Prohibition, ...] = ()
    cost_caps: tuple[CostCap, ...] = ()
    commitments: tuple[Commitment, ...] = ()

    def on(self, day: date) -> RuleBook:
        """The rules in force on a day. Cheap to call once a day, not once a decision."""
        return RuleBook(
            tuple(rule for rule in self.prohibitions if rule.since <= day < rule.until),
            tuple(rule for rule in self.cost_caps if rule.since <= day < rule.until),
            tuple(rule for rule in self.commitments if rule.since <= day < rule.until),
        )

    def forbidden(self, candidates: Iterable[Candidate], request: RouteRequest) -> dict[str, str]:
        """PSP to the first rule that keeps the attempt from it."""
        found: dict[str, str] = {}
        for rule in self.prohibitions:
            for candidate in candidates:
                if candidate.psp not in found and rule.forbids(candidate, request):
                    found[candidate.psp] = rule.rule_id
        return found

    def too_dear(self, scores: Mapping[str, ScoreRow], request: RouteRequest, min_coverage: float) -> dict[str, str]:
        """PSP to the cap its expected cost breaks. Where the cost is not covered well enough nobody is accused."""
        found: dict[str, str] = {}
        for cap in self.cost_caps:
            if not cap.traffic.holds(request):
                continue
            for psp, score in scores.items():
                known = score.cost_bps is not None and score.cost_fixed_minor is not None and score.cost_coverage >= min_coverage
                if cap.psp in (psp, EVERY_PSP) and known and psp not in found and cost_in_bps(score, request.amount_minor) > cap.max_bps:
                    found[psp] = cap.rule_id
        return found

    def promised(self, request: RouteRequest) -> dict[str, tuple[float, str]]:
        """PSP to the largest share promised to it of traffic like this, and the rule that says so."""
        found: dict[str, tuple[float, str]] = {}
        for rule in self.commitments:
            if rule.traffic.holds(request) and rule.share > found.get(rule.psp, (0.0, ""))[0]:
                found[rule.psp] = (rule.share, rule.rule_id)
        return found


def cost_in_bps(score: ScoreRow, amount_minor: int) -> float:
    """What an approved attempt of that amount costs, in basis points of it; 0 where the card does not know."""
    return (score.cost_bps or 0.0) + (score.cost_fixed_minor or 0) * 10_000 / amount_minor
