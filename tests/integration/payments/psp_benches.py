"""A gateway and its simulated PSP on a local socket, one bench per PSP that has an adapter; what differs between PSPs stands here and nowhere in the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from tests.integration.payments.adyen_messages import KEY
from transactional.payments.facts import MONEY_KIND_OF, PaymentFact
from transactional.payments.gateways.account import GatewayAccount
from transactional.payments.gateways.registry import open_gateway
from transactional.payments.orchestration.asking import AttemptRef, Authorise, Cancel, Capture, Complete, Payout, Refund, Status
from transactional.payments.orchestration.gateway import Answer, Outcome
from transactional.payments.psps.registry import SPECS
from transactional.simulation.psp_servers.adyen import AdyenSimulator
from transactional.simulation.psp_servers.behaviour import Behaviour, Script
from transactional.simulation.psp_servers.http import PspServer
from transactional.simulation.psp_servers.stripe import StripeSimulator
from transactional.vocabulary.errors import InputRejected
from transactional.vocabulary.money import Money

NOW = datetime(2026, 3, 1, 12, 0, 7, tzinfo=UTC)
API_KEY = "sk_test_never_in_a_log"
EUR_100 = Money("EUR", 100_00)


@dataclass(frozen=True)
class Differences:
    """What one PSP does otherwise than another, all of it on purpose. `says_done`: the outcome of a capture or refund that was accepted."""

    psp: str
    secret: str
    instrument: str
    destination: str
    decline: Behaviour
    declined_as: tuple[str, str, str]
    says_done: Outcome
    takes_parts: bool
    repeats_a_500: bool
    never_sent: Outcome
    paid_out: Outcome
    too_late: Outcome


STRIPE = Differences(
    psp="stripe",
    secret="whsec_never_in_a_log",
    instrument="cus_1:pm_instrument_never_in_a_log",
    destination="acct_player",
    decline=Behaviour(decline="insufficient_funds", network_code="51", advice_code="03"),
    declined_as=("insufficient_funds", "51", "03"),
    says_done=Outcome.APPROVED,
    takes_parts=False,
    repeats_a_500=True,
    never_sent=Outcome.NOT_FOUND,
    paid_out=Outcome.APPROVED,
    too_late=Outcome.DECLINED,
)
ADYEN = Differences(
    psp="adyen",
    secret=KEY,
    instrument="player-1:stored_never_in_a_log",
    destination="player-1:stored_never_in_a_log",
    decline=Behaviour(decline="12", network_code="51", advice_code="03"),
    declined_as=("12", "51", "03"),
    says_done=Outcome.PENDING,
    takes_parts=True,
    repeats_a_500=False,
    never_sent=Outcome.UNKNOWN,
    paid_out=Outcome.APPROVED,
    too_late=Outcome.PENDING,
)
DRIVEN = (STRIPE, ADYEN)
_SIMULATORS: dict[str, Any] = {"stripe": StripeSimulator, "adyen": AdyenSimulator}


@dataclass
class Bench:
    """One gateway, one PSP and one attempt between them."""

    differs: Differences
    simulator: Any
    server: PspServer
    attempt: AttemptRef = field(init=False)
    timeout_ms: int = 10_000

    def __post_init__(self) -> None:
        self.attempt = AttemptRef(UUID(int=7), self.differs.psp, "CountroomEU", "pat_it's_7")
        account = GatewayAccount(self.differs.psp, self.server.url, API_KEY, payout_url=self.server.url)
        self.gateway: Any = open_gateway(account, lambda: NOW)
        self.spec = SPECS[self.differs.psp]

    @property
    def script(self) -> Script:
        script: Script = self.simulator.script
        return script

    def authorise(self, key: str = "key-1", money: Money = EUR_100, **more: Any) -> Authorise:
        asked = {"return_url": "https://casino.example/back", "country": "DE", "payment_method": "card", **more}
        return Authorise(self.attempt, key, self.timeout_ms, money, self.differs.instrument, **asked)

    def complete(self, answer: Answer, details: dict[str, str]) -> Complete:
        return Complete(self.attempt, "complete-1", self.timeout_ms, answer.psp_reference, details)

    def capture(self, answer: Answer, minor: int = 100_00, key: str = "capture-1") -> Capture:
        return Capture(self.attempt, key, self.timeout_ms, answer.psp_reference, Money("EUR", minor))

    def cancel(self, reference: str | None, key: str = "cancel-1") -> Cancel:
        return Cancel(self.attempt, key, self.timeout_ms, reference)

    def refund(self, answer: Answer, minor: int = 30_00, key: str = "refund-1") -> Refund:
        return Refund(self.attempt, key, self.timeout_ms, answer.psp_reference, Money("EUR", minor))

    def payout(self, key: str = "payout-1") -> Payout:
        return Payout(self.attempt, key, self.timeout_ms, EUR_100, self.differs.destination, "card")

    def status(self, reference: str | None = None, repeating: Any = None) -> Status:
        return Status(self.attempt, "status-1", self.timeout_ms, reference, repeating)

    def approved(self) -> Answer:
        """A payment whose money is set aside."""
        answer = self.gateway.authorise(self.authorise())
        assert answer.outcome is Outcome.APPROVED
        return answer  # type: ignore[no-any-return]

    def facts(self) -> list[PaymentFact]:
        """What the PSP tells by webhook, through our own door: signature and meaning."""
        told: list[PaymentFact] = []
        for one in self.simulator.outbox.take():
            self.spec.webhook.verify(one.body, one.headers, [self.differs.secret], NOW)
            said = self.spec.webhook.to_facts(one.body, "CountroomEU")
            assert not [fact for fact in said if isinstance(fact, InputRejected)]
            told += [fact for fact in said if isinstance(fact, PaymentFact)]
        return told

    def keys_of(self, *answers: Answer) -> set[str]:
        """The keys under which the orchestrator records the movements of answers that move money."""
        return {
            f"{self.differs.psp}:{one.kind}:{one.modification_reference or answer.psp_reference}"
            for answer in answers
            for one in answer.movements
            if MONEY_KIND_OF[one.kind] is not None
        }

    def at_psp(self) -> tuple[int, int, int, int]:
        """Held, captured, refunded and paid out, by the PSP's own books."""
        believed = self.simulator.books.believed(self.attempt.merchant_reference)
        return believed.held, believed.captured, believed.refunded, believed.paid_out


def simulator_of(differs: Differences, now: Callable[[], datetime] = lambda: NOW) -> Any:
    """The PSP, simulated: its books, its script and its outbox."""
    return _SIMULATORS[differs.psp](now, API_KEY, differs.secret)


@contextmanager
def bench(differs: Differences) -> Iterator[Bench]:
    """A PSP that listens and the gateway to it."""
    simulator = simulator_of(differs)
    with PspServer(simulator) as server:
        made = Bench(differs, simulator, server)
        try:
            yield made
        finally:
            made.gateway.close()
