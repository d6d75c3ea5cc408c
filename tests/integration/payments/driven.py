"""A casino whose payments are driven through PSPs in memory, over a real database; the time is the test's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, text

from tests.integration.payments.casino import Casino, player_id
from tests.memory_psp import MemoryPsp, Scene
from transactional.payments.facts import Direction, FactKind, NewIntent, PaymentFact
from transactional.payments.orchestration.asking import Authorise, Card, Payer, Request
from transactional.payments.orchestration.choosing import Breakers, KycGate, first_of
from transactional.payments.orchestration.orchestrator import Orchestrator, Progress, Seams
from transactional.payments.orchestration.terms import DrivingTerms
from transactional.vocabulary.money import Money

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAYER = Payer("DE", "card", {"stripe": "tok_s", "adyen": "tok_a"}, Card("ab" * 16, "41111111", "visa", "credit", "Bank", "DE"))


def script(*words: str, then: str) -> Callable[[str], str]:
    """A dice that says these words one by one, then one for ever."""
    said: Iterator[str] = iter(words)
    return lambda _call: next(said, then)


class Driven:
    """Two PSPs in memory (Stripe first), an orchestrator, and what a test does and asks."""

    def __init__(self, engine: Engine, *, at_once: bool = False, kyc: KycGate | None = None) -> None:
        self.engine, self.scene = engine, Scene(START)
        self.psps = {psp: MemoryPsp(psp, self.scene, at_once=at_once) for psp in PAYER.instruments}
        terms = DrivingTerms(capturing="at_once" if at_once else "separately")
        self.seams = Seams(
            gateways=self.psps,
            terms=dict.fromkeys(self.psps, terms),
            choose=first_of(dict.fromkeys(self.psps, "account")),
            kyc=kyc or (lambda _connection, _situation: None),
            now=lambda _connection: self.scene.now,
        )
        self.breakers = Breakers()
        self.orchestrator = self.process()

    def process(self) -> Orchestrator:
        """Another process over the same database: it remembers nothing."""
        return Orchestrator(self.engine, self.seams, self.breakers)

    def intent(self, name: str = "one", direction: Direction = "deposit", minor: int = 100) -> UUID:
        with self.engine.begin() as connection:
            (made,) = Casino(connection).payments.create_intents([NewIntent(player_id("anna"), direction, Money("EUR", minor), f"intent {name}")])
        return made.id

    def funded(self, minor: int) -> None:
        with self.engine.begin() as connection:
            Casino(connection).funded(minor)

    def pay(self, intent: UUID, **more: Any) -> Progress:
        return self.orchestrator.pay(intent, replace(PAYER, **more))

    def results(self, *words: str, then: str = "approve") -> None:
        """What issuers say, one by one."""
        self.scene.result = script(*words, then=then)

    def faults(self, *words: str) -> None:
        """What goes wrong, call by call; afterwards nothing does."""
        self.scene.draw = script(*words, then="none")

    def after(self, **time: float) -> None:
        self.scene.now += timedelta(**time)
        for psp in self.psps.values():
            psp.let_time_pass()

    def webhooks(self, psp: str | None = None) -> None:
        """Deliver everything that PSPs have to tell, the newest first and all of it twice."""
        hooks: list[PaymentFact] = [hook for one in self.psps.values() if psp in (None, one.psp) for hook in one.hooks]
        for hook in [*reversed(hooks), *hooks]:
            with self.engine.begin() as connection:
                Casino(connection).payments.record([hook])

    def balances(self) -> dict[str, int]:
        with self.engine.begin() as connection:
            return Casino(connection).balances()

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self.engine.begin() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]

    def sent(self, psp: str) -> list[str]:
        """The requests that left for a PSP, by name."""
        return [type(request).__name__.lower() for request in self.psps[psp].sent]

    def requests(self, psp: str) -> list[Request]:
        return self.psps[psp].sent

    def authorised(self, psp: str) -> list[Authorise]:
        return [request for request in self.psps[psp].sent if isinstance(request, Authorise)]

    def captured(self) -> int:
        """By the PSPs' own books."""
        return sum(psp.net_minor() for psp in self.psps.values())

    def returned(self, attempt: UUID, psp_reference: str) -> None:
        """A payout comes back from the bank."""
        money = Money("EUR", 100)
        back = PaymentFact(FactKind.PAYOUT_RETURNED, "stripe", "account", self.scene.now, f"stripe:returned:{psp_reference}", money, psp_reference)
        with self.engine.begin() as connection:
            Casino(connection).payments.record([replace(back, attempt_id=attempt)])
