"""May another attempt be made, and where? For orchestrator.py, in its transaction: what is decided here is committed before the PSP is called.

The traps: a card sent to another PSP beyond what its scheme allows; a PSP whose breaker is open asked because it is first in a list; an attempt whose context,
turn and first request are not one commit.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Protocol

from sqlalchemy import Connection

from transactional.payments.declines.codes import Decline, read_decline
from transactional.payments.declines.retrying import Budget, Next, Standing, Step, Tried, next_step
from transactional.payments.declines.scheme_limits import Verdict, judge
from transactional.payments.declines.taxonomy import UnifiedDecline, taxonomy_on
from transactional.payments.facts import FactKind, NewAttempt, PaymentFact
from transactional.payments.lifecycle import AttemptState, Status
from transactional.payments.orchestration.asking import AttemptRef, Authorise, Payer, Payout, Request
from transactional.payments.orchestration.choosing import Breakers, Choice, Choose, KycGate, Question
from transactional.payments.orchestration.gateway import Answer, Gateway, Outcome
from transactional.payments.orchestration.situation import SUCCEEDED, Asked, Situation, Turn
from transactional.payments.orchestration.store import Store
from transactional.payments.orchestration.terms import DrivingTerms
from transactional.payments.psps.registry import SPECS
from transactional.payments.service import Payments


class Plugged(Protocol):
    """The part of the orchestrator's seams that opening needs."""

    @property
    def gateways(self) -> Mapping[str, Gateway]: ...
    @property
    def terms(self) -> Mapping[str, DrivingTerms]: ...
    @property
    def choose(self) -> Choose: ...
    @property
    def kyc(self) -> KycGate: ...
    @property
    def budget(self) -> Budget: ...


class Opening:
    """Opens an attempt on one connection, or says why not."""

    def __init__(self, connection: Connection, store: Store, payments: Payments, plugged: Plugged, breakers: Breakers) -> None:
        self._connection, self._store, self._payments, self._plugged, self._breakers = connection, store, payments, plugged, breakers

    def open(self, situation: Situation, payer: Payer, now: datetime) -> Asked | Next:
        """An attempt with its first request, written; or the step that is not another attempt now."""
        if situation.direction == "withdrawal" and (why := self._plugged.kyc(self._connection, situation)):
            return Next(Step.GIVE_UP, why)
        is_left_alone = {psp: self._breakers.is_open(psp, now) for psp in self._plugged.gateways}
        usable = tuple(psp for psp in self._plugged.gateways if psp in payer.instruments and not is_left_alone[psp])
        tried = tuple(_tried(turn, now) for turn in situation.turns)
        step = next_step(
            situation.intent_id,
            tried,
            self._verdict(situation, payer, now),
            self._plugged.budget,
            now,
            lambda excluded: any(psp not in excluded for psp in usable),
        )
        if step.step not in (Step.OTHER_PSP, Step.STEP_UP):
            return step
        candidates = (step.psp,) if step.psp else tuple(psp for psp in usable if psp not in step.excluded)
        choice = self._choose(
            situation, payer, candidates, {psp for psp, alone in is_left_alone.items() if alone}, frozenset(one.psp for one in tried)
        )
        if choice is None:
            return Next(Step.GIVE_UP, "no_psp_will_do")
        return self._begin(situation, payer, choice, step, now)

    def _verdict(self, situation: Situation, payer: Payer, now: datetime) -> Verdict:
        if situation.direction == "withdrawal" or payer.card.fingerprint is None:
            return Verdict()
        return judge(payer.card.scheme, payer.country, self._store.tries(payer.card.fingerprint, situation.money, now), now)

    def _choose(self, situation: Situation, payer: Payer, candidates: tuple[str, ...], left_alone: set[str], tried: frozenset[str]) -> Choice | None:
        if not candidates:
            return None
        rules = {psp: "breaker_open" if psp in left_alone else "already_tried" if psp in tried else "no_instrument" for psp in self._plugged.gateways}
        excluded = {psp: rule for psp, rule in rules.items() if psp not in candidates}
        question = Question(
            situation.intent_id, situation.direction, situation.money, len(situation.turns) + 1, payer, candidates, excluded, tried - set(candidates)
        )
        return self._plugged.choose(self._connection, question)

    def _begin(self, situation: Situation, payer: Payer, choice: Choice, step: Next, now: datetime) -> Asked:
        number = len(situation.turns) + 1
        key = f"drive:{situation.intent_id.hex}:{number}"
        (made,) = self._payments.create_attempts([NewAttempt(situation.intent_id, choice.psp, choice.merchant_account, key, payer.method)])
        stepped_up = step.step is Step.STEP_UP
        self._store.open_turn(situation, made.id, payer, now, stepped_up=stepped_up, decision_id=choice.decision_id, rule=step.rule)
        attempt = AttemptRef(made.id, choice.psp, choice.merchant_account, made.merchant_reference or "")
        turn = Turn(attempt, number, now, stepped_up, AttemptState(Status.UNKNOWN), scheme=payer.card.scheme)
        if situation.direction == "withdrawal":
            self._payments.record([_reserved(situation, attempt, now)])
        call, request = self._first_request(situation, payer, attempt, stepped_up=stepped_up)
        if stepped_up or payer.three_ds == "yes":
            self._store.authentication(made.id, ["asked"], now, now)
        return self._store.ask(turn, call, request, now)

    def _first_request(self, situation: Situation, payer: Payer, attempt: AttemptRef, *, stepped_up: bool) -> tuple[str, Request]:
        terms, instrument = self._plugged.terms[attempt.psp], payer.instruments[attempt.psp]
        if situation.direction == "withdrawal":
            key = f"{attempt.attempt_id.hex}:payout:1"
            return "payout", Payout(attempt, key, terms.timeout_ms("payout"), situation.money, instrument, payer.method)
        return "authorise", Authorise(
            attempt,
            f"{attempt.attempt_id.hex}:authorise:1",
            terms.timeout_ms("authorise"),
            situation.money,
            instrument,
            terms.capturing,
            "yes" if stepped_up else payer.three_ds,
            payer.country,
            payer.return_url,
            payer.method,
        )


def decline_of(psp: str, answer: Answer, scheme: str | None, on: date) -> Decline | None:
    """What a refusal means. A request that failed without a code the PSP's map knows is our set-up's or the PSP's fault: technical."""
    if answer.outcome not in (Outcome.DECLINED, Outcome.ERROR):
        return None
    codes = {"raw_code": answer.raw_code, "network_code": answer.network_code, "advice_code": answer.advice_code}
    found = read_decline(SPECS[psp].declines, on, scheme=scheme, **codes)
    if answer.outcome is Outcome.ERROR and found.unread_code is not None:
        taxonomy = taxonomy_on(on)
        return Decline(UnifiedDecline.INTEGRATION, taxonomy.meanings[UnifiedDecline.INTEGRATION], taxonomy.version)
    return found


def _tried(turn: Turn, now: datetime) -> Tried:
    if turn.ended_as is None:
        return Tried(turn.attempt.psp, Standing.OPEN, turn.opened_at, turn.stepped_up)
    if turn.ended_as == SUCCEEDED:
        return Tried(turn.attempt.psp, Standing.SUCCEEDED, turn.opened_at, turn.stepped_up)
    return Tried(turn.attempt.psp, Standing.FAILED, turn.opened_at, turn.stepped_up, _decline_of_turn(turn, now.date()))


def _decline_of_turn(turn: Turn, on: date) -> Decline | None:
    """Why the turn failed: by the codes of its last refusal, read as of now, else by the word its end was given."""
    refusal = next((made for made in reversed(turn.calls) if made.decline_code == turn.reason), None)
    if refusal is not None and refusal.raw_code is not None:
        codes = {"raw_code": refusal.raw_code, "network_code": refusal.network_code, "advice_code": refusal.advice_code}
        found = read_decline(SPECS[turn.attempt.psp].declines, on, scheme=turn.scheme, **codes)
        if found.unread_code is None:
            return found
    if turn.reason not in set(UnifiedDecline):
        return None
    taxonomy = taxonomy_on(on)
    unified = UnifiedDecline(turn.reason)
    return Decline(unified, taxonomy.meanings[unified], taxonomy.version)


def _reserved(situation: Situation, attempt: AttemptRef, now: datetime) -> PaymentFact:
    """The player's money is set aside with the attempt, in one commit: nobody pays out what was bet meanwhile."""
    return PaymentFact(
        kind=FactKind.PAYOUT_REQUESTED,
        psp=attempt.psp,
        merchant_account=attempt.merchant_account,
        effective_at=now,
        dedupe_key=f"turn:{attempt.attempt_id.hex}:{FactKind.PAYOUT_REQUESTED}",
        amount=situation.money,
        merchant_reference=attempt.merchant_reference,
        attempt_id=attempt.attempt_id,
        raw_kind="requested",
    )
