"""Which PSP gets this attempt? Rules first, then the score, then a little chance with a known probability. The pure heart of the router.

`decide` is a function of the request, the candidates, the card, the breakers and the policy; nothing else. First attempts explore (epsilon-greedy, whose
propensities have a closed form, which off-policy evaluation needs); retries follow a fixed rule, for they are selected by failure. Breakers overrule scores,
prohibitions overrule everything, and a payment is never refused because analytics failed: without a card a static list per country decides.

The traps: exploration booked without its probability; two PSPs whose intervals overlap changing places at each publication (hysteresis); a promise of volume
that sends traffic to a PSP that is down. Source: reference RT §2.4, §5.4, §5.5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from transactional.payments.routing.decision import Choice, Decision, Rule
from transactional.payments.routing.detector import UNTOUCHED, Breaker, BreakerState
from transactional.payments.routing.draw import chosen, draw
from transactional.payments.routing.request import Candidate, RouteRequest
from transactional.payments.routing.rules import RuleBook
from transactional.payments.routing.scores import cost_is_known, outside_its_interval, success_spread, worth_minor, worth_spread
from transactional.payments.scorecards.card import Found
from transactional.payments.scorecards.rows import ScoreRow
from transactional.payments.scorecards.staleness import ALLOWED, Tier
from transactional.vocabulary.errors import InputRejected, Refused

ANY_COUNTRY = "*"


@dataclass(frozen=True, slots=True)
class Policy:
    """How to choose. Rates 0..1; `margin_bps`: what an approved deposit earns; `hysteresis`: by how much the success of another must exceed the incumbent's.

    `priority`: country to PSPs, best first (`*`: every other country), for when there is no usable card. `floor`: the least a candidate is explored with, so
    that no weight of an evaluation exceeds its inverse. `probe_share`: what a half-open PSP gets.
    """

    policy_id: str
    priority: Mapping[str, tuple[str, ...]]
    objective: Literal["success", "value"] = "success"
    epsilon: float = 0.02
    floor: float = 0.005
    hysteresis: float = 0.005
    margin_bps: int = 0
    min_coverage: float = 0.8
    probe_share: float = 0.2
    salt: str = ""
    rules: RuleBook = field(default_factory=RuleBook)

    def __post_init__(self) -> None:
        for name in ("epsilon", "floor", "hysteresis", "probe_share", "min_coverage"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputRejected(f"{name} of a policy must lie between 0 and 1", code="bad_policy")
        if self.objective == "value" and self.margin_bps <= 0:
            raise InputRejected("a policy of value needs to know what an approved deposit earns (margin_bps)", code="bad_policy")


@dataclass(frozen=True, slots=True)
class Looked:
    """At which card, and how far its age lets it be trusted. `version` None: there was none."""

    tier: Tier
    version: int | None = None


def decide(
    request: RouteRequest, candidates: Sequence[Candidate], found: Found | None, breakers: Mapping[str, Breaker], policy: Policy, looked: Looked
) -> Decision:
    """The decision for one attempt; `found` is what the card has for its cell, `breakers` as they are now (`rested`), `policy.rules` those in force today.

    Raises: Refused (`no_eligible_psp`) when the rules leave nobody, with the rule that excluded each.
    """
    tier, allowed = looked.tier, ALLOWED[looked.tier]
    rows = found.rows if found is not None and allowed.uses_card else {}
    scores = {one.psp: rows[one.psp] for one in candidates if one.psp in rows}
    excluded, left = _eligible(request, candidates, scores, breakers, policy)
    accounts = {one.psp: one.account for one in left}
    head, order = _head(request, tuple(accounts), scores, policy, tier)
    first = request.attempt_no == 1
    epsilon = policy.epsilon * allowed.exploration if first else 0.0
    probing = {psp for psp in accounts if first and breakers.get(psp, UNTOUCHED).state is BreakerState.HALF_OPEN}
    promised = policy.rules.promised(request) if first else {}
    head, propensities = _propensities(order, probing, promised, epsilon, policy)
    drawn = draw(request.intent_id, policy.policy_id, policy.salt)
    action = chosen(propensities, drawn)
    return Decision(
        request=request,
        action=Candidate(action, accounts[action]),
        head=head,
        propensity=propensities[action],
        rule=_rule(action, head, propensities, first=first, probing=probing, promised=promised, tier=tier, excluded=excluded),
        choices=tuple(_choice(psp, accounts[psp], scores.get(psp), propensities[psp], breakers, request, policy) for psp in order),
        excluded=excluded,
        policy_id=policy.policy_id,
        card_version=looked.version,
        tier=tier,
        drawn=drawn,
    )


def _eligible(
    request: RouteRequest, candidates: Sequence[Candidate], scores: Mapping[str, ScoreRow], breakers: Mapping[str, Breaker], policy: Policy
) -> tuple[dict[str, str], list[Candidate]]:
    """Who is out and why, and who is left. Prohibitions are never lifted; caps, past tries and breakers are when they would leave nobody."""
    excluded = policy.rules.forbidden(candidates, request)
    left = [one for one in candidates if one.psp not in excluded]
    if not left:
        raise Refused("no PSP may take this attempt", code="no_eligible_psp", detail={"excluded": dict(excluded)})
    liftable = (
        dict.fromkeys(request.tried, "already_tried"),
        policy.rules.too_dear(scores, request, policy.min_coverage),
        {one.psp: "breaker_open" for one in left if breakers.get(one.psp, UNTOUCHED).state is BreakerState.OPEN},
    )
    for reasons in liftable:
        if not reasons:
            continue
        staying = [one for one in left if one.psp not in reasons]
        if staying:
            excluded |= {one.psp: reasons[one.psp] for one in left if one.psp in reasons}
            left = staying
    return excluded, left


def _head(request: RouteRequest, psps: Sequence[str], scores: Mapping[str, ScoreRow], policy: Policy, tier: Tier) -> tuple[str, list[str]]:
    """The first choice, and everybody in the order of choice."""
    listed = policy.priority.get(request.country) or policy.priority.get(ANY_COUNTRY, ())
    place = {psp: at for at, psp in enumerate(listed)}
    static = sorted(psps, key=lambda psp: (place.get(psp, len(place)), psp))
    scored = [psp for psp in static if psp in scores]
    if not scored:
        return static[0], static
    best_first = sorted(scored, key=lambda psp: (-scores[psp].sr_mean, place.get(psp, len(place)), psp))
    incumbent = min(scored, key=lambda psp: (scores[psp].rank, best_first.index(psp)))
    head = _promoted(incumbent, best_first[0], scores, policy.hysteresis, certain=not ALLOWED[tier].promotes_inside_intervals)
    if policy.objective == "value":
        head = _worthier(head, scored, scores, request.amount_minor, policy)
    return head, [head, *(psp for psp in best_first if psp != head), *(psp for psp in static if psp not in scores)]


def _promoted(incumbent: str, best: str, scores: Mapping[str, ScoreRow], hysteresis: float, *, certain: bool) -> str:
    gap = scores[best].sr_mean - scores[incumbent].sr_mean
    if gap <= hysteresis:
        return incumbent
    if certain and not outside_its_interval(gap, success_spread(scores[best]), success_spread(scores[incumbent])):
        return incumbent
    return best


def _worthier(head: str, scored: Sequence[str], scores: Mapping[str, ScoreRow], amount: int, policy: Policy) -> str:
    """Another PSP whose expected value is higher by more than both uncertainties; the head when its own cost is not known."""
    costed = [psp for psp in scored if cost_is_known(scores[psp], policy.min_coverage)]
    if head not in costed:
        return head
    worth = {psp: worth_minor(scores[psp], amount, policy.margin_bps) for psp in costed}
    spread = {psp: worth_spread(scores[psp], amount, policy.margin_bps) for psp in costed}
    best = max(costed, key=lambda psp: (worth[psp], psp == head))
    return best if outside_its_interval(worth[best] - worth[head], spread[best], spread[head]) else head


def _propensities(
    order: Sequence[str], probing: set[str], promised: Mapping[str, tuple[float, str]], epsilon: float, policy: Policy
) -> tuple[str, dict[str, float]]:
    """The first choice that is not on probation, and the probability of each PSP; they sum to 1."""
    head = next((psp for psp in order if psp not in probing), order[0])
    others = [psp for psp in order if psp != head]
    least = max(epsilon / len(others), policy.floor) if epsilon and others else 0.0
    share = {psp: policy.probe_share if psp in probing else max(least, promised[psp][0] if psp in promised else 0.0) for psp in others}
    keeps = promised[head][0] if head in promised and head not in probing else 0.5
    total = sum(share.values())
    if total > 1 - keeps:  # probes and promises never take the head's own promise, nor more than half where it has none
        share = {psp: part * (1 - keeps) / total for psp, part in share.items()}
    return head, {head: 1 - sum(share.values()), **share}


def _rule(
    action: str,
    head: str,
    propensities: Mapping[str, float],
    *,
    first: bool,
    probing: set[str],
    promised: Mapping[str, tuple[float, str]],
    tier: Tier,
    excluded: Mapping[str, str],
) -> Rule:
    if action in probing and action != head:
        return Rule.PROBE
    if action != head:
        return Rule.COMMITMENT if action in promised else Rule.EXPLORE
    if not first:
        return Rule.RETRY
    if len(propensities) == 1:
        return Rule.ONLY_ONE
    return Rule.BEST if ALLOWED[tier].uses_card else Rule.STATIC


def _choice(
    psp: str, account: str, score: ScoreRow | None, propensity: float, breakers: Mapping[str, Breaker], request: RouteRequest, policy: Policy
) -> Choice:
    breaker = breakers.get(psp, UNTOUCHED)
    if score is None:
        return Choice(psp, account, propensity, breaker.state)
    worth = None
    if policy.margin_bps and cost_is_known(score, policy.min_coverage):
        worth = round(worth_minor(score, request.amount_minor, policy.margin_bps))
    return Choice(psp, account, propensity, breaker.state, score.level, score.sr_mean, score.sr_lo, score.sr_hi, score.rank, worth)
