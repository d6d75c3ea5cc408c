"""What the routing routes take and give."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from transactional.http.wire import Instant, IntentId, Wire
from transactional.payments.decisions.service import Logged
from transactional.payments.routing.decision import Rule
from transactional.payments.routing.detector import BreakerState
from transactional.payments.routing.explaining import explained
from transactional.payments.routing.request import RouteRequest
from transactional.payments.scorecards.staleness import Tier
from transactional.vocabulary.ids import IdKind, public_id

Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]*$")]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166 alpha-2.", examples=["DE"])]
DecisionId = Annotated[str, Field(pattern=r"^dec_[0-9a-f]{32}$", description="Id of the decision.", examples=["dec_" + "0" * 32])]


class RouteIn(Wire):
    """One attempt that wants a PSP. Amount and currency are the intent's."""

    intent_id: IntentId
    attempt_no: int = Field(ge=1, le=50, description="1 for the first attempt of the intent.")
    country: Country = Field(description="Country of the player.")
    method: Name = Field(description="Payment method, as card.", examples=["card"])
    scheme: Name | None = Field(default=None, description="Card scheme.")
    issuer: Name | None = Field(default=None, description="Issuing bank.")
    issuer_country: Country | None = Field(default=None, description="Country of the issuing bank.")
    bin: str | None = Field(default=None, pattern=r"^[0-9]{6,8}$", description="The first 6 to 8 digits of the card number, never more.")
    tried: list[Name] = Field(default_factory=list, max_length=20, description="PSPs that this intent has been tried at.")


class ChoiceOut(Wire):
    """One PSP that could have had the attempt."""

    psp: str = Field(description="The PSP.")
    merchant_account: str = Field(description="Our account there.")
    propensity: float = Field(ge=0, le=1, description="Probability with which it would be taken; all of a decision sum to 1.")
    breaker: BreakerState = Field(description="What the detector says of it.")
    level: str | None = Field(description="Level of the cell whose row was read; null when the card had none.")
    sr_mean: float | None = Field(description="Expected success, 0 to 1.")
    sr_lo: float | None = Field(description="Lower end of its 95 % interval.")
    sr_hi: float | None = Field(description="Upper end of its 95 % interval.")
    worth_minor: int | None = Field(description="Expected value of the attempt in minor units, where cost is known.")


class ExclusionOut(Wire):
    """One PSP that could not."""

    psp: str = Field(description="The PSP.")
    rule: str = Field(description="Why: a rule of the policy, already_tried or breaker_open.")


class DecisionOut(Wire):
    """Where an attempt goes, and why. Written down before it is answered; the same attempt is given the same decision."""

    decision_id: DecisionId
    intent_id: IntentId
    attempt_no: int = Field(description="Which attempt of the intent: 1, 2, ...")
    psp: str = Field(description="Where to try.")
    merchant_account: str = Field(description="With which account.")
    propensity: float = Field(gt=0, le=1, description="Probability with which this PSP was taken.")
    rule: Rule = Field(description="Why it was taken.")
    is_explore: bool = Field(description="Whether chance chose, and not the score.")
    policy_id: str = Field(description="The policy that decided.")
    card_version: int | None = Field(description="The scorecard that was read; null: there was none.")
    card_age_seconds: int | None = Field(description="Age of the newest outcome in the card.")
    tier: Tier = Field(description="How far the card was trusted at its age.")
    drawn: float = Field(ge=0, lt=1, description="The number that chose: a hash of intent and policy.")
    decided_at: Instant = Field(description="When it was decided.")
    choices: list[ChoiceOut] = Field(description="In the order of choice.")
    excluded: list[ExclusionOut] = Field(description="Who was left out, by which rule.")
    explained: list[str] = Field(description="In words and numbers.")


def request_of(body: RouteIn, intent_id: object, currency: str, amount_minor: int) -> RouteRequest:
    """The question to the router."""
    given = body.model_dump(include={"country", "method", "attempt_no", "scheme", "issuer", "issuer_country", "bin"})
    return RouteRequest(intent_id=intent_id, currency=currency, amount_minor=amount_minor, tried=frozenset(body.tried), **given)  # type: ignore[arg-type]


def decision_out(logged: Logged) -> DecisionOut:
    """The answer."""
    decision = logged.decision
    return DecisionOut(
        decision_id=public_id(IdKind.DECISION, logged.decision_id),
        intent_id=public_id(IdKind.INTENT, decision.request.intent_id),
        attempt_no=decision.request.attempt_no,
        psp=decision.action.psp,
        merchant_account=decision.action.account,
        propensity=decision.propensity,
        rule=decision.rule,
        is_explore=decision.is_explore,
        policy_id=decision.policy_id,
        card_version=decision.card_version,
        card_age_seconds=logged.card_age_seconds,
        tier=decision.tier,
        drawn=decision.drawn,
        decided_at=logged.decided_at,
        choices=[
            ChoiceOut(
                psp=one.psp,
                merchant_account=one.account,
                propensity=one.propensity,
                breaker=one.breaker,
                level=one.level,
                sr_mean=one.sr_mean,
                sr_lo=one.sr_lo,
                sr_hi=one.sr_hi,
                worth_minor=one.worth_minor,
            )
            for one in decision.choices
        ],
        excluded=[ExclusionOut(psp=psp, rule=rule) for psp, rule in sorted(decision.excluded.items())],
        explained=[sentence.english for sentence in explained(decision)],
    )
