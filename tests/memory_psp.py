"""A PSP in memory that keeps its own truth and can be made to go wrong at every step. For the models and the tests of the orchestrator.

It is honest in one thing only, by configuration: a request that is on its way arrives before `arrives_within`. Its books (`net_minor`) are what the properties
are held against: what the PSP holds, not what we believe. A fault is drawn for every call by `draw(call)`; see FAULTS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from transactional.payments.facts import MONEY_KIND_OF, FactKind, PaymentFact
from transactional.payments.orchestration.asking import Authorise, Cancel, Capture, Complete, Payout, Refund, Request, Status
from transactional.payments.orchestration.gateway import Action, Answer, Movement, Outcome
from transactional.vocabulary.money import Money

FAULTS = ("none", "lost_answer", "lost_request", "delayed", "stored_500", "pending", "crash_before", "crash_after")
"""lost_answer: done, and nobody hears. lost_request: never arrives. delayed: done later, though we gave up. stored_500: refused for ever under this key.
pending: done later and said so. crash_*: our process dies before or after it was done."""


class Crash(BaseException):
    """Our process died."""


@dataclass(slots=True)
class Kept:
    """One payment as the PSP has it."""

    reference: str
    state: str = "new"
    authorised: int = 0
    captured: int = 0
    refunded: int = 0
    paid_out: int = 0
    moves: list[Movement] = field(default_factory=list)


@dataclass(slots=True)
class Scene:
    """The time and the dice, shared by all PSPs of a model."""

    now: datetime
    draw: Callable[[str], str] = lambda _call: "none"
    result: Callable[[str], str] = lambda _call: "approve"
    delay: Callable[[], timedelta] = lambda: timedelta(seconds=30)
    log: list[str] = field(default_factory=list)


class MemoryPsp:
    """A Gateway. `sent` is everything that left us, in order."""

    def __init__(self, psp: str, scene: Scene, *, at_once: bool = False) -> None:
        self._psp, self._scene, self._at_once = psp, scene, at_once
        self.payments: dict[str, Kept] = {}
        self.hooks: list[PaymentFact] = []
        self.late: list[tuple[datetime, Request]] = []
        self.sent: list[Request] = []
        self._first_answers: dict[str, Answer] = {}

    @property
    def psp(self) -> str:
        return self._psp

    def authorise(self, request: Authorise) -> Answer:
        return self._take("authorise", request)

    def complete(self, request: Complete) -> Answer:
        return self._take("complete", request)

    def capture(self, request: Capture) -> Answer:
        return self._take("capture", request)

    def cancel(self, request: Cancel) -> Answer:
        return self._take("cancel", request)

    def refund(self, request: Refund) -> Answer:
        return self._take("refund", request)

    def payout(self, request: Payout) -> Answer:
        return self._take("payout", request)

    def status(self, request: Status) -> Answer:
        self.sent.append(request)
        fault = self._scene.draw("status")
        if fault.startswith("crash"):
            raise Crash
        if fault != "none":
            return self._answer(Outcome.UNKNOWN, raw="timeout")
        kept = self.payments.get(request.attempt.merchant_reference)
        if kept is None or kept.state == "new":
            return self._answer(Outcome.NOT_FOUND)
        outcome = {"pending": Outcome.PENDING, "action": Outcome.REQUIRES_ACTION, "declined": Outcome.DECLINED, "voided": Outcome.DECLINED}
        action = Action("redirect", "https://acs.example/") if kept.state == "action" else None
        return self._answer(outcome.get(kept.state, Outcome.APPROVED), kept, action=action)

    # ---- what tests ask and do

    def net_minor(self) -> int:
        """What the PSP holds of payers: captured and not given back, less what it paid out."""
        return sum(one.captured - one.refunded for one in self.payments.values())

    def may_take_money(self, merchant_reference: str) -> bool:
        """Whether that payment has money, or may still come to have some."""
        kept = self.payments.get(merchant_reference)
        on_its_way = any(request.attempt.merchant_reference == merchant_reference for _, request in self.late)
        return on_its_way or ((kept is not None and kept.state in ("pending", "action", "authorised")) or (kept is not None and kept.captured > 0))

    def let_time_pass(self) -> None:
        """What was on its way and is due arrives."""
        due = [one for one in self.late if one[0] <= self._scene.now]
        self.late = [one for one in self.late if one[0] > self._scene.now]
        for _, request in sorted(due, key=lambda one: one[0]):
            self._do(request)

    # ---- inside

    def _take(self, call: str, request: Request) -> Answer:
        self.sent.append(request)
        self._scene.log.append(f"{self._psp} {call} {request.idempotency_key[-12:]}")
        if request.idempotency_key in self._first_answers:
            return self._first_answers[request.idempotency_key]
        fault = self._scene.draw(call)
        self._scene.log.append(f"  {fault}")
        if fault == "crash_before":
            raise Crash
        if fault == "lost_request":
            return self._answer(Outcome.UNKNOWN, raw="timeout")
        if fault == "stored_500":
            self._first_answers[request.idempotency_key] = self._answer(Outcome.UNKNOWN, http=500)
            return self._first_answers[request.idempotency_key]
        if fault in ("delayed", "pending"):
            self.late.append((self._scene.now + self._scene.delay(), request))
            if fault == "delayed":
                return self._answer(Outcome.UNKNOWN, raw="timeout")
            kept = self._kept(request)
            if call in ("authorise", "payout"):
                kept.state = "pending"
            return self._answer(Outcome.PENDING, kept)
        answer = self._do(request)
        if fault == "crash_after":
            raise Crash
        return self._answer(Outcome.UNKNOWN, raw="timeout") if fault == "lost_answer" else answer

    def _kept(self, request: Request) -> Kept:
        reference = request.attempt.merchant_reference
        return self.payments.setdefault(reference, Kept(f"{self._psp}-{reference[-8:]}"))

    def _do(self, request: Request) -> Answer:
        """The effect, once per key."""
        if request.idempotency_key not in self._first_answers:
            handler: Any = getattr(self, f"_do_{type(request).__name__.lower()}")
            self._first_answers[request.idempotency_key] = handler(request, self._kept(request))
        return self._first_answers[request.idempotency_key]

    def _do_authorise(self, request: Authorise, kept: Kept) -> Answer:
        if kept.state not in ("new", "pending"):
            return self._answer(Outcome.DECLINED, kept, raw="duplicate_transaction")
        result = self._scene.result("authorise")
        if result == "action":
            kept.state = "action"
            return self._answer(Outcome.REQUIRES_ACTION, kept, action=Action("redirect", "https://acs.example/"))
        return self._approve(kept, request.money) if result == "approve" else self._decline(kept, result)

    def _do_complete(self, request: Complete, kept: Kept) -> Answer:
        if kept.state != "action":
            return self._answer(Outcome.APPROVED if kept.state == "authorised" else Outcome.DECLINED, kept, raw="payment_intent_unexpected_state")
        result = self._scene.result("complete")
        return self._approve(kept, Money("EUR", 100)) if result == "approve" else self._decline(kept, result)

    def _approve(self, kept: Kept, money: Money) -> Answer:
        kept.state, kept.authorised = "authorised", money.minor
        self._tell(kept, FactKind.AUTHORISED, money.minor)
        if self._at_once:
            kept.captured = money.minor
            self._tell(kept, FactKind.CAPTURED, money.minor, f"{kept.reference}-c")
        return self._answer(Outcome.APPROVED, kept)

    def _decline(self, kept: Kept, code: str) -> Answer:
        kept.state = "declined"
        self._tell(kept, FactKind.FAILED, 0)
        return self._answer(Outcome.DECLINED, kept, raw=code)

    def _do_capture(self, request: Capture, kept: Kept) -> Answer:
        if kept.state != "authorised" or kept.captured:
            return self._answer(Outcome.DECLINED, kept, raw="charge_already_captured")
        kept.captured = request.money.minor
        self._tell(kept, FactKind.CAPTURED, kept.captured, f"{kept.reference}-c")
        return self._answer(Outcome.APPROVED, kept)

    def _do_cancel(self, _request: Cancel, kept: Kept) -> Answer:
        if kept.captured or kept.state in ("new", "declined"):
            return self._answer(Outcome.DECLINED, kept, raw="payment_intent_unexpected_state")
        if kept.state != "voided":
            kept.state = "voided"
            self._tell(kept, FactKind.VOIDED, 0)
        return self._answer(Outcome.APPROVED, kept)

    def _do_refund(self, request: Refund, kept: Kept) -> Answer:
        if kept.captured - kept.refunded < request.money.minor:
            return self._answer(Outcome.DECLINED, kept, raw="charge_already_refunded")
        kept.refunded += request.money.minor
        self._tell(kept, FactKind.REFUNDED, request.money.minor, f"{kept.reference}-r{kept.refunded}")
        return self._answer(Outcome.APPROVED, kept)

    def _do_payout(self, request: Payout, kept: Kept) -> Answer:
        if kept.state not in ("new", "pending"):
            return self._answer(Outcome.DECLINED, kept, raw="duplicate_transaction")
        result = self._scene.result("payout")
        if result != "approve":
            kept.state = "declined"
            return self._answer(Outcome.DECLINED, kept, raw=result)
        kept.state, kept.paid_out = "paid", request.money.minor
        self._tell(kept, FactKind.PAYOUT_SENT, request.money.minor, f"{kept.reference}-p")
        return self._answer(Outcome.APPROVED, kept)

    def _tell(self, kept: Kept, kind: FactKind, minor: int, modification: str | None = None) -> None:
        money = Money("EUR", minor) if minor else None
        kept.moves.append(Movement(kind, self._scene.now, money, modification))
        reference = next(ref for ref, one in self.payments.items() if one is kept)
        key = f"{self._psp}:{kind}:{modification}" if MONEY_KIND_OF[kind] else f"{self._psp}:hook:{kept.reference}:{len(kept.moves)}"
        self.hooks.append(
            PaymentFact(kind, self._psp, "account", self._scene.now, key, money, kept.reference, modification, reference, raw_kind="webhook")
        )

    def _answer(
        self, outcome: Outcome, kept: Kept | None = None, *, raw: str | None = None, http: int | None = None, action: Action | None = None
    ) -> Answer:
        reference = kept.reference if kept and outcome is not Outcome.NOT_FOUND else None
        moves = tuple(kept.moves) if kept else ()
        return Answer(outcome, self._scene.now, 50, reference, http, raw, movements=moves, action=action)
