"""Drives an intent until it succeeded, failed, or can only be waited for: the shell around driving.py. For the API, the sweep and the world.

Each step is: lock the intent, read where it stands, decide, write, commit; only then is the PSP called; what it says is committed before the next step. So
a process may die anywhere, and whoever comes next goes on from what is written. No transaction is open while a PSP is called.

The traps: a PSP called before the call is committed (RT 4.17); an answer lost because a fact in it was already told by a webhook; an adapter's exception taken
for a refusal; instruments or what a browser brought back written to the database.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from transactional.db.background import to_its_end
from transactional.db.unit_of_work import UnitOfWork
from transactional.ledger.service import Ledger
from transactional.payments.declines.retrying import Budget, Next
from transactional.payments.declines.taxonomy import DeclineClass
from transactional.payments.facts import FactKind, PaymentFact
from transactional.payments.orchestration.asking import Authorise, Complete, Payer, Request
from transactional.payments.orchestration.choosing import Breakers, Choose, Heard, KycGate
from transactional.payments.orchestration.deeds import Ask, AtHand, Deed, End, Open, Pause
from transactional.payments.orchestration.driving import decide
from transactional.payments.orchestration.gateway import Action, Answer, Gateway, Outcome, ask
from transactional.payments.orchestration.giving_back import keeper, must_give_back, surplus_minor
from transactional.payments.orchestration.opening import Opening, decline_of
from transactional.payments.orchestration.situation import FAILED, SUCCEEDED, Asked, Situation
from transactional.payments.orchestration.store import Store
from transactional.payments.orchestration.telling import facts_of, request_for
from transactional.payments.orchestration.terms import DrivingTerms
from transactional.payments.psps.registry import SPECS
from transactional.payments.reading import PaymentReader
from transactional.payments.service import Payments
from transactional.vocabulary.errors import CountroomError, InputRejected, InvariantBroken, Refused
from transactional.vocabulary.money import Money

log = logging.getLogger(__name__)

_MOST_STEPS = 60  # of one drive; each step either asks a PSP or ends a turn, so more is our bug
_SWEEP_BACK = timedelta(days=14)
_Status = Literal["succeeded", "failed", "requires_action", "pending", "unresolved", "refused"]
_WAITING_FOR: dict[str, _Status] = {"payer": "requires_action", "pending": "pending", "unresolved": "unresolved", "in_flight": "unresolved"}


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a drive stopped. `rule` says why, `not_before` when it is worth asking again, `action` what the payer must do (only when it was just told)."""

    status: _Status
    rule: str
    not_before: datetime | None = None
    action: Action | None = None


@dataclass(frozen=True, slots=True)
class Surplus:
    """What an abandoned attempt took after all and has not given back."""

    intent_id: UUID
    attempt_id: UUID
    psp: str
    surplus: Money


@dataclass(frozen=True, slots=True)
class Seams:
    """What is plugged in. `now` reads a clock through the connection (the database's, so that all servers agree)."""

    gateways: Mapping[str, Gateway]
    choose: Choose
    terms: Mapping[str, DrivingTerms] = field(default_factory=lambda: {psp: spec.driving for psp, spec in SPECS.items()})
    kyc: KycGate = lambda _connection, _situation: None
    heard: Heard | None = None
    now: Callable[[Connection], datetime] = lambda connection: PaymentReader(connection).clock()
    budget: Budget = field(default_factory=Budget)


@dataclass(slots=True)
class _Drive:
    """One request's drive: what the payer gave and nobody keeps."""

    intent_id: UUID
    payer: Payer | None
    details: Mapping[str, str] | None
    sent: dict[str, Request] = field(default_factory=dict, repr=False)
    action: Action | None = None


class Orchestrator:
    """Drives intents over an engine's database. Safe for several threads and processes: the intent is locked for every decision."""

    def __init__(self, engine: Engine, seams: Seams, breakers: Breakers | None = None) -> None:
        self._engine, self._seams, self._breakers = engine, seams, breakers or Breakers()

    def pay(self, intent_id: UUID, payer: Payer) -> Progress:
        """Move the intent's money. Asking again goes on where it stands; it never begins a second attempt beside an open one.

        Raises: Refused (`unknown_intent`, `driven_elsewhere`, `insufficient_funds` for a withdrawal).
        """
        return self._drive(_Drive(intent_id, payer, None))

    def complete(self, intent_id: UUID, details: Mapping[str, str], payer: Payer | None = None) -> Progress:
        """Go on after the payer did what was required. With a payer, a refusal may be tried elsewhere. Raises as `pay`."""
        return self._drive(_Drive(intent_id, payer, details))

    def resume(self, intent_id: UUID) -> Progress:
        """Go on without the payer: after a crash, a time-out, or a webhook. Finds out, takes what is set aside, gives back; opens no attempt."""
        return self._drive(_Drive(intent_id, None, None))

    def sweep(self, most: int = 500) -> dict[UUID, Progress]:
        """Resume what is unfinished. An intent that fails to resume does not hold up the others."""
        with UnitOfWork(self._engine) as work:
            store, since = Store(work.connection, _payments(work.connection)), self._seams.now(work.connection) - _SWEEP_BACK
            waiting = store.unfinished(since, most)
            held = [one.intent_id for one in map(store.situation, store.told_after_a_failed_end(since, most)) if must_give_back(one)]
        return {intent_id: self.resume(intent_id) for intent_id in dict.fromkeys([*waiting, *held])}

    def surpluses(self, most: int = 500) -> list[Surplus]:
        """Money that ended turns hold and must not: late successes of abandoned attempts, until they have gone back."""
        with UnitOfWork(self._engine) as work:
            store, since = Store(work.connection, _payments(work.connection)), self._seams.now(work.connection) - _SWEEP_BACK
            situations = [store.situation(intent_id) for intent_id in store.told_after_a_failed_end(since, most)]
        return [
            Surplus(one.intent_id, turn.attempt.attempt_id, turn.attempt.psp, Money(one.money.currency, surplus))
            for one in situations
            for turn in one.turns
            if (surplus := surplus_minor(turn, one)) > 0
        ]

    def _drive(self, drive: _Drive) -> Progress:
        for _ in range(_MOST_STEPS):
            step = self._step(drive)
            if isinstance(step, Progress):
                return step
            if isinstance(step, Asked):
                self._keep(drive, step, self._put(drive, step))
        log.error("an intent took more than %d steps in one drive", _MOST_STEPS)
        return Progress("unresolved", "too_many_steps")

    def _step(self, drive: _Drive) -> Asked | Progress | None:
        """One decision, committed. None: something ended, go on."""
        with UnitOfWork(self._engine) as work:
            payments = _payments(work.connection)
            store = Store(work.connection, payments)
            store.lock(drive.intent_id)
            situation, now = store.situation(drive.intent_id), self._seams.now(work.connection)
            deed = decide(situation, self._seams.terms, now, self._at_hand(drive, situation))
            match deed:
                case Ask():
                    asked = self._ask(drive, store, situation, deed, now)
                    work.commit()
                    return asked
                case End():
                    store.end(situation.intent_id, deed.turn, deed.ended_as, deed.reason, now)
                    payments.record(_ending(situation, deed, now))
                    work.commit()
                    return None
                case Open() if drive.payer is not None:
                    opening = Opening(work.connection, store, payments, self._seams, self._breakers)
                    opened = opening.open(situation, drive.payer, now)
                    if isinstance(opened, Next):
                        return _standing(situation, opened)
                    work.commit()
                    return opened
        return _progress(situation, deed, drive)

    def _at_hand(self, drive: _Drive, situation: Situation) -> AtHand:
        turn = situation.open_turn
        instruments = drive.payer.instruments if drive.payer else {}
        return AtHand(
            instrument=turn is not None and turn.attempt.psp in instruments,
            details=drive.details is not None,
            lost_action=drive.payer is not None and not drive.sent,
        )

    def _ask(self, drive: _Drive, store: Store, situation: Situation, deed: Ask, now: datetime) -> Asked:
        terms = self._seams.terms[deed.turn.attempt.psp]
        repeating = drive.sent.get(deed.repeats.idempotency_key) if deed.repeats else None
        request = request_for(deed, situation, terms.timeout_ms(deed.call), drive.payer, drive.details, repeating)
        if isinstance(request, Complete):
            drive.details = None  # what the browser brought back is good once
        return store.ask(deed.turn, deed.call, request, now)

    def _put(self, drive: _Drive, asked: Asked) -> Answer:
        """Call the PSP. Whatever an adapter does wrong, the request may have been done: that is an unknown outcome, and loud."""
        drive.sent[asked.request.idempotency_key] = asked.request
        try:
            return ask(self._seams.gateways[asked.turn.attempt.psp], asked.request)
        except Exception as error:  # anything at all: the request is out
            log.exception("the adapter of %s failed under a request (%s)", asked.turn.attempt.psp, type(error).__name__, exc_info=False)
            with UnitOfWork(self._engine) as work:
                now = self._seams.now(work.connection)
            return Answer(Outcome.UNKNOWN, now, asked.request.timeout_ms, raw_code="adapter_failed")

    def _keep(self, drive: _Drive, asked: Asked, answer: Answer) -> None:
        """Commit what the PSP said, with the money it moved."""
        turn, psp = asked.turn, asked.turn.attempt.psp
        drive.action = answer.action or drive.action
        with UnitOfWork(self._engine) as work:
            payments, now = _payments(work.connection), self._seams.now(work.connection)
            store = Store(work.connection, payments)
            decline = decline_of(psp, answer, turn.scheme, now.date())
            if decline is not None and decline.unread_code is not None:
                log.error("%s refused with a code this version has no meaning for: %s", psp, decline.unread_code[:40])
            store.answer(asked, answer, decline, now)
            store.authentication(turn.attempt.attempt_id, answer.authentication, answer.answered_at, now)
            for fact in _told(asked, answer):
                _record(work.connection, payments, fact)
            if self._seams.heard is not None and isinstance(asked.request, Authorise | Complete):
                refused = None if decline is None else decline.decline_class
                self._seams.heard(work.connection, drive.intent_id, turn.attempt_no, psp, answer.outcome, refused, now)
            work.commit()
        is_technical = decline is not None and decline.decline_class is DeclineClass.TECHNICAL
        self._breakers.note(psp, self._seams.terms[psp], now, failed=answer.outcome is Outcome.UNKNOWN or is_technical)


def _payments(connection: Connection) -> Payments:
    return Payments(connection, Ledger(connection))


def _told(asked: Asked, answer: Answer) -> list[PaymentFact]:
    """The facts of an answer; none when one of them cannot be one. The answer is kept all the same, and the webhook or a status tells them rightly."""
    try:
        return facts_of(asked, answer)
    except InputRejected as error:
        log.error("the adapter of %s told a movement that cannot be one: %s", asked.turn.attempt.psp, error.code)
        return []


def _record(connection: Connection, payments: Payments, fact: PaymentFact) -> None:
    """Record one fact of an answer. One that a webhook told first with another wording is known already; the answer is kept all the same."""
    try:
        with connection.begin_nested():
            payments.record([fact])
    except Refused as error:
        if error.code != "idempotency_conflict":
            raise
        log.error("%s told %s in its answer otherwise than in its webhook; the first one stands", fact.psp, fact.kind)


def _ending(situation: Situation, end: End, now: datetime) -> list[PaymentFact]:
    """What the end of a turn says of the attempt: a payout that failed gives its money back to the player."""
    if end.ended_as == SUCCEEDED:
        return []
    kind = FactKind.FAILED if situation.direction == "deposit" else FactKind.PAYOUT_FAILED
    attempt = end.turn.attempt
    return [
        PaymentFact(
            kind=kind,
            psp=attempt.psp,
            merchant_account=attempt.merchant_account,
            effective_at=now,
            dedupe_key=f"turn:{attempt.attempt_id.hex}:{kind}",
            psp_reference=end.turn.psp_reference,
            merchant_reference=attempt.merchant_reference,
            attempt_id=attempt.attempt_id,
            raw_kind=end.reason,
        )
    ]


def _progress(situation: Situation, deed: Deed, drive: _Drive) -> Progress:
    if isinstance(deed, Open):
        return Progress("failed", situation.turns[-1].reason or FAILED) if situation.turns else Progress("refused", "never_tried")
    kept = keeper(situation)
    until = deed.until if isinstance(deed, Pause) else None
    if kept is not None:
        return Progress("succeeded", "late_success" if kept.ended_as == FAILED else kept.reason or SUCCEEDED, until)
    if not isinstance(deed, Pause):
        raise InvariantBroken("an intent was done and nothing succeeded")
    return Progress(_WAITING_FOR[deed.why], deed.why, until, drive.action)


def _standing(situation: Situation, found: Next) -> Progress:
    """No attempt was opened; why, and when it is worth asking again."""
    return Progress("failed" if situation.turns else "refused", found.rule, found.not_before)


async def keep_sweeping(orchestrator: Orchestrator, pause_seconds: float = 15.0) -> None:
    """Resume what is unfinished, until cancelled; two servers at once do no harm. A database that is away is tried again after the next pause."""
    while True:
        await asyncio.sleep(pause_seconds)
        try:
            await to_its_end(orchestrator.sweep)
        except (SQLAlchemyError, CountroomError) as error:
            log.warning("payments were not resumed this time: %s", type(error).__name__)
