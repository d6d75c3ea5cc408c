"""The orchestrator without a database: the same decisions (driving, retrying, telling), facts in a list, a process that dies where the dice say.

Used for many more sequences than PostgreSQL can run; tests/properties/payments/test_driving_machine.py runs the real one. What is checked is the PSPs' own
truth, not what we believe.
"""

from __future__ import annotations

import random
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tests.memory_psp import FAULTS, Crash, MemoryPsp, Scene
from transactional.payments.declines.retrying import Budget, Next, Standing, Step, Tried, next_step
from transactional.payments.declines.scheme_limits import Verdict
from transactional.payments.facts import FactKind, PaymentFact
from transactional.payments.lifecycle import state_of
from transactional.payments.orchestration.asking import AttemptRef, Authorise, Payer, Request
from transactional.payments.orchestration.deeds import Ask, AtHand, Deed, End, Open
from transactional.payments.orchestration.driving import decide
from transactional.payments.orchestration.gateway import ask
from transactional.payments.orchestration.giving_back import must_give_back
from transactional.payments.orchestration.opening import _decline_of_turn, decline_of
from transactional.payments.orchestration.situation import Asked, CallMade, Situation, Turn
from transactional.payments.orchestration.telling import facts_of, request_for
from transactional.payments.orchestration.terms import DrivingTerms
from transactional.vocabulary.money import Money

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
MONEY = Money("EUR", 100)
PAYER = Payer("DE", "card", {"stripe": "tok_s", "adyen": "tok_a"})
PATIENT = Budget(attempts=4, within=timedelta(days=30))
_WEIGHTS = (62, 10, 7, 6, 3, 4, 3, 5)
RESULTS = ("approve", "do_not_honor", "processing_error", "authentication_required", "lost_card", "action")
_RESULT_WEIGHTS = (55, 8, 14, 4, 4, 15)
ADYEN_WORDS = {"do_not_honor": "2", "processing_error": "4", "authentication_required": "38", "lost_card": "5"}


class Broken(AssertionError):
    """An invariant does not hold; the log says how it came about."""


class Model:
    """One intent, two PSPs, seeded dice. Not `honest`: a request may arrive after hours, so only what holds at rest is checked."""

    def __init__(self, seed: int, *, at_once: bool = False, honest: bool = True) -> None:
        self.dice, self.is_honest = random.Random(seed), honest
        self.is_calm = False
        self.scene = Scene(START, self._draw, self._result, self._delay)
        self.terms = {psp: DrivingTerms(capturing="at_once" if at_once else "separately") for psp in PAYER.instruments}
        self.psps = {psp: MemoryPsp(psp, self.scene, at_once=at_once) for psp in PAYER.instruments}
        self._longest = self.terms["stripe"].not_found_final_after * (0.99 if honest else 20)
        self.turns: list[Turn] = []
        self.facts: dict[str, PaymentFact] = {}
        self.told = 0

    # ---- the dice

    def _draw(self, call: str) -> str:
        if self.is_calm:
            return "none"
        return (
            self.dice.choices(FAULTS, _WEIGHTS)[0] if call != "status" else self.dice.choices(("none", "lost_answer", "crash_before"), (8, 2, 1))[0]
        )

    def _result(self, call: str) -> str:
        result = self.dice.choices(RESULTS, _RESULT_WEIGHTS)[0]
        return "approve" if result == "action" and call == "complete" else result

    def _delay(self) -> timedelta:
        return self._longest * self.dice.random()

    # ---- the orchestrator, in memory

    def situation(self) -> Situation:
        turns = []
        for turn in self.turns:
            mine = [fact for fact in self.facts.values() if fact.attempt_id == turn.attempt.attempt_id]
            turns.append(replace(turn, state=state_of(mine, "EUR")))
        return Situation(UUID(int=1), UUID(int=2), "deposit", MONEY, tuple(turns))

    def drive(self, *, payer: bool, details: bool = False) -> Deed | Next:
        """As Orchestrator._drive; a Crash leaves what was written."""
        brought: dict[str, str] | None = {"result": "ok"} if details else None
        sent: dict[str, Request] = {}
        for _ in range(60):
            situation = self.situation()
            turn = situation.open_turn
            at_hand = AtHand(instrument=payer and turn is not None, details=brought is not None)
            deed = decide(situation, self.terms, self.scene.now, at_hand)
            if isinstance(deed, Ask):
                repeating = sent.get(deed.repeats.idempotency_key) if deed.repeats else None
                request = request_for(deed, situation, 15_000, PAYER if payer else None, brought, repeating)
                brought = None if deed.call == "complete" else brought
                self._ask(deed.turn, deed.call, request, sent)
            elif isinstance(deed, End):
                self._end(deed)
            elif isinstance(deed, Open) and payer:
                opened = self._open(situation, sent)
                if opened is not None:
                    return opened
            else:
                return deed
        raise Broken("a drive does not come to an end:\n" + "\n".join(self.scene.log[-80:]))

    def _open(self, situation: Situation, sent: dict[str, Request]) -> Next | None:
        tried = [self._tried(turn) for turn in situation.turns]
        step = next_step(UUID(int=1), tried, Verdict(), PATIENT, self.scene.now, lambda excluded: bool(set(self.psps) - excluded))
        if step.step not in (Step.OTHER_PSP, Step.STEP_UP):
            return step
        psp = step.psp or next(psp for psp in self.psps if psp not in step.excluded)
        number = len(self.turns) + 1
        attempt = AttemptRef(UUID(int=100 + number), psp, "account", f"merchant-reference-{number:08d}")
        turn = Turn(attempt, number, self.scene.now, step.step is Step.STEP_UP, state_of([], "EUR"))
        if any(one.ended_as is None for one in self.turns):
            raise Broken("a turn was opened beside an open one")
        self.turns.append(turn)
        key = f"{attempt.attempt_id.hex}:authorise:1"
        capturing = self.terms[psp].capturing
        self._ask(turn, "authorise", Authorise(attempt, key, 15_000, MONEY, PAYER.instruments[psp], capturing), sent)
        return None

    def _tried(self, turn: Turn) -> Tried:
        standing = {None: Standing.OPEN, "succeeded": Standing.SUCCEEDED, "failed": Standing.FAILED}[turn.ended_as]
        return Tried(turn.attempt.psp, standing, turn.opened_at, turn.stepped_up, _decline_of_turn(turn, START.date()))

    def _ask(self, turn: Turn, call: str, request: Request, sent: dict[str, Request]) -> None:
        money: Money | None = getattr(request, "money", None)
        number = len(self._turn(turn).calls) + 1
        made = CallMade(call, number, request.idempotency_key, self.scene.now, request.timeout_ms, money.minor if money else None)
        self._change(turn, calls=(*self._turn(turn).calls, made))
        if call == "authorise":
            self._no_other_may_take_money(turn)
        sent[request.idempotency_key] = request
        answer = ask(self.psps[turn.attempt.psp], request)
        if turn.attempt.psp == "adyen" and answer.raw_code in ADYEN_WORDS:
            answer = replace(answer, raw_code=ADYEN_WORDS[answer.raw_code])
        if self.dice.random() < 0.03 and not self.is_calm:
            raise Crash  # the answer came, and we died before it was committed
        decline = decline_of(turn.attempt.psp, answer, None, START.date())
        answered = replace(
            made,
            outcome=answer.outcome,
            raw_code=answer.raw_code,
            decline_code=decline.unified if decline else None,
            psp_reference=answer.psp_reference,
        )
        self._change(turn, calls=(*self._turn(turn).calls[:-1], answered))
        for fact in facts_of(Asked(UUID(int=1000 * turn.attempt_no + number), self._turn(turn), request), answer):
            self.facts.setdefault(fact.dedupe_key, fact)

    def _end(self, deed: End) -> None:
        self._change(deed.turn, ended_as=deed.ended_as, reason=deed.reason)
        if deed.ended_as == "failed":
            attempt = deed.turn.attempt
            key = f"turn:{attempt.attempt_id.hex}:failed"
            self.facts.setdefault(key, PaymentFact(FactKind.FAILED, attempt.psp, "account", self.scene.now, key, attempt_id=attempt.attempt_id))

    def _turn(self, turn: Turn) -> Turn:
        return self.turns[turn.attempt_no - 1]

    def _change(self, turn: Turn, **changes: object) -> None:
        self.turns[turn.attempt_no - 1] = replace(self._turn(turn), **changes)  # type: ignore[arg-type]

    # ---- the outside

    def drive_first(self) -> None:
        """The payer pays; whatever happens."""
        try:
            self.drive(payer=True)
        except Crash:
            self.scene.log.append("  (died)")
        self.check()

    def act(self) -> None:
        """One thing happens, by the dice."""
        try:
            match self.dice.choices(("pay", "complete", "resume", "pass", "hook"), (3, 2, 3, 4, 4))[0]:
                case "pay":
                    self.drive(payer=True)
                case "complete":
                    self.drive(payer=self.dice.random() < 0.5, details=True)
                case "resume":
                    self.drive(payer=False)
                case "pass":
                    self._pass(timedelta(seconds=self.dice.choice((1, 20, 300, 3600))))
                case "hook":
                    self._hook()
        except Crash:
            self.scene.log.append("  (died)")
        self.check()

    def _pass(self, time: timedelta) -> None:
        self.scene.now += time
        self.scene.log.append(f"{time} pass")
        for psp in self.psps.values():
            psp.let_time_pass()

    def _hook(self) -> None:
        """Any webhook, in any order, perhaps again."""
        hooks = [hook for psp in self.psps.values() for hook in psp.hooks]
        if hooks:
            self._tell(self.dice.choice(hooks))

    def _tell(self, hook: PaymentFact) -> None:
        owner = next(turn for turn in self.turns if turn.attempt.merchant_reference == hook.merchant_reference)
        self.facts.setdefault(hook.dedupe_key, replace(hook, attempt_id=owner.attempt.attempt_id))

    def come_to_rest(self) -> Deed | Next:
        """No more faults: everything arrives, and the sweep runs until nothing changes."""
        self.is_calm = True
        for _ in range(400):
            self._pass(timedelta(minutes=10))
            for psp in self.psps.values():
                for hook in psp.hooks:
                    self._tell(hook)
            deed = self.drive(payer=False)
            self.check()
            is_quiet = not any(psp.late for psp in self.psps.values()) and not must_give_back(self.situation())
            if is_quiet and type(deed).__name__ in ("Done", "Open"):
                return deed
        raise Broken(f"it does not come to rest: {deed}\n" + "\n".join(self.scene.log[-60:]))

    # ---- what must hold

    def net_minor(self) -> int:
        return sum(psp.net_minor() for psp in self.psps.values())

    def check(self) -> None:
        if self.is_honest and self.net_minor() > MONEY.minor:
            raise Broken("captured more than intended:\n" + "\n".join(self.scene.log))

    def _no_other_may_take_money(self, turn: Turn) -> None:
        for other in self.turns if self.is_honest else ():
            if other.attempt_no != turn.attempt_no and self.psps[other.attempt.psp].may_take_money(other.attempt.merchant_reference):
                raise Broken("money was tried elsewhere while it may still be taken here:\n" + "\n".join(self.scene.log))

    def check_at_rest(self, deed: Deed | Next) -> None:
        """In the end all or nothing is captured, all of it is in our books, and nothing is left set aside."""
        booked = sum(turn.state.captured_minor - turn.state.refunded_minor for turn in self.situation().turns)
        held = self.net_minor()
        is_done = type(deed).__name__ == "Done"
        aside = [one for psp in self.psps.values() for one in psp.payments.values() if one.state == "authorised" and not one.captured]
        if (held, booked) != ((MONEY.minor,) * 2 if is_done else (0, 0)) or aside:
            raise Broken(f"at rest: held {held}, booked {booked}, {deed}, set aside {aside}\n" + "\n".join(self.scene.log))


def run(seed: int, *, at_once: bool = False, honest: bool = True, acts: int = 25) -> Model:
    """One random sequence, to its rest. Raises: Broken."""
    model = Model(seed, at_once=at_once, honest=honest)
    model.drive_first()
    for _ in range(acts):
        model.act()
    model.check_at_rest(model.come_to_rest())
    return model


def run_many(first: int, count: int) -> dict[str, int]:
    """So many seeds in each of the four outsides; how many sequences there were, by outside. Raises: Broken with the first that fails."""
    ran = {}
    for at_once, honest in ((False, True), (True, True), (False, False), (True, False)):
        for seed in range(first, first + count):
            try:
                run(seed, at_once=at_once, honest=honest)
            except Broken as error:
                raise Broken(f"seed {seed}, at_once {at_once}, honest {honest}: {error}") from None
        ran[f"{'at once' if at_once else 'separately'}, {'honest' if honest else 'any delay'}"] = count
    return ran


if __name__ == "__main__":  # python -m tests.properties.payments.driving_model 25000: 10^5 sequences, 2 to 3 minutes of CPU
    print(run_many(int(sys.argv[2]) if len(sys.argv) > 2 else 0, int(sys.argv[1])))  # noqa: T201 (it is a command)
