"""Why did this attempt go there? In words and numbers, for the payments manager, support and the API.

Pure. A sentence is a template and its values, so that the page can say it in another language; `english` fills it in. The trap: an explanation computed anew
from today's card: everything said here stands in the decision.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from transactional.payments.routing.decision import Choice, Decision, Rule
from transactional.payments.routing.detector import BreakerState
from transactional.payments.scorecards.staleness import Tier

_BY_RULE: Mapping[Rule, str] = {
    Rule.BEST: "{psp} was the first choice and was taken (probability {probability}).",
    Rule.EXPLORE: "{head} was the first choice; {psp} was taken to learn about it (probability {probability}).",
    Rule.COMMITMENT: "{head} was the first choice; {psp} was taken for the volume promised to it (probability {probability}).",
    Rule.PROBE: "{head} was the first choice; {psp} was taken as a probe after its trouble (probability {probability}).",
    Rule.STATIC: "There was no card fresh enough: {psp} comes first on the list of that country.",
    Rule.ONLY_ONE: "{psp} was the only one left.",
    Rule.RETRY: "Attempt {attempt_no} of the same payment: {psp} was the best of those not yet tried.",
}
_BY_TIER: Mapping[Tier, str] = {
    Tier.EASED: "The card was late: half the usual exploration.",
    Tier.CAUTIOUS: "The card was old: nobody was promoted inside the intervals.",
    Tier.STATIC: "The card was too old to be used.",
    Tier.UNREAD: "There was no card at all.",
}
_EXCLUDED: Mapping[str, str] = {
    "already_tried": "{psp} was left out: this payment had been tried there.",
    "breaker_open": "{psp} was left out: it was failing at that moment.",
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with places in braces, and what stands there."""

    template: str
    values: Mapping[str, object]

    @property
    def english(self) -> str:
        """The sentence filled in."""
        return self.template.format_map(self.values)


def explained(decision: Decision) -> list[Sentence]:
    """What was decided and why, the most important first."""
    return list(_sentences(decision))


def _sentences(decision: Decision) -> Iterator[Sentence]:
    values = {
        "psp": decision.action.psp,
        "head": decision.head,
        "probability": _percent(decision.propensity),
        "attempt_no": decision.request.attempt_no,
    }
    yield Sentence(_BY_RULE[decision.rule], values)
    if decision.tier in _BY_TIER:
        yield Sentence(_BY_TIER[decision.tier], {})
    for choice in decision.choices:
        yield _standing(choice)
    for psp, rule in sorted(decision.excluded.items()):
        yield Sentence(_EXCLUDED.get(rule, "{psp} was left out by the rule {rule}."), {"psp": psp, "rule": rule})
    if decision.card_version is None:
        yield Sentence("Policy {policy}, without a card; draw {drawn}.", {"policy": decision.policy_id, "drawn": f"{decision.drawn:.6f}"})
    else:
        places = {"policy": decision.policy_id, "version": decision.card_version, "drawn": f"{decision.drawn:.6f}"}
        yield Sentence("Policy {policy}, card {version}; draw {drawn}.", places)


def _standing(choice: Choice) -> Sentence:
    values: dict[str, object] = {"psp": choice.psp, "probability": _percent(choice.propensity)}
    if choice.sr_mean is None or choice.sr_lo is None or choice.sr_hi is None:
        told = "{psp}: the card has no row for it; probability {probability}."
    else:
        values |= {"success": _percent(choice.sr_mean), "low": _percent(choice.sr_lo), "high": _percent(choice.sr_hi), "level": choice.level}
        told = "{psp}: {success} expected to succeed ({low} to {high}, from the cell {level}); probability {probability}."
        if choice.worth_minor is not None:
            values["worth"] = choice.worth_minor
            told = (
                "{psp}: {success} expected to succeed ({low} to {high}, from the cell {level}), worth {worth} minor units an attempt; "
                "probability {probability}."
            )
    if choice.breaker is not BreakerState.CLOSED:
        values["breaker"] = choice.breaker.value
        told = told[:-1] + "; breaker {breaker}."
    return Sentence(told, values)


def _percent(rate: float) -> str:
    return f"{rate * 100:.1f} %"
