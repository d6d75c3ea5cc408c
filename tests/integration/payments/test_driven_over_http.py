"""Does the ledger equal the PSPs when the orchestrator drives real adapters over HTTP against PSPs with books of their own, and the wire fails it?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine

from tests.integration.payments.casino import Casino
from tests.integration.payments.driven import PAYER, Driven
from tests.integration.payments.psp_benches import ADYEN, API_KEY, DRIVEN, STRIPE, simulator_of
from transactional.payments.gateways.account import GatewayAccount
from transactional.payments.gateways.registry import open_gateway
from transactional.payments.orchestration.terms import DrivingTerms
from transactional.payments.webhooks import Webhooks
from transactional.simulation.psp_servers.behaviour import PLAIN, Behaviour, Fault
from transactional.simulation.psp_servers.http import PspServer

SECRETS = {one.psp: one.secret for one in DRIVEN}
# what a PSP did or not, and what the wire made of it. Adyen has no query: what never reached it is resolved by a person (see adyen.py), so that is not drawn
FAULTS: dict[str, tuple[Fault, ...]] = {
    "stripe": ("error_before", "error_after", "drop_before", "drop_after", "malformed", "other_shape"),
    "adyen": ("error_after", "drop_after", "malformed", "html", "limited"),
}


class OverHttp:
    """The casino of driven.py with Stripe and Adyen behind sockets instead of PSPs in memory."""

    def __init__(self, engine: Engine, stack: ExitStack) -> None:
        self.engine, self.driven = engine, Driven(engine)
        self.simulators: dict[str, Any] = {one.psp: simulator_of(one, lambda: self.driven.scene.now) for one in DRIVEN}
        gateways: dict[str, Any] = {}
        for psp, simulator in self.simulators.items():
            server = stack.enter_context(PspServer(simulator))
            gateways[psp] = open_gateway(GatewayAccount(psp, server.url, API_KEY, payout_url=server.url), lambda: self.driven.scene.now)
            stack.callback(gateways[psp].close)
        self.driven.seams = replace(self.driven.seams, gateways=gateways, terms=dict.fromkeys(gateways, DrivingTerms()))
        self.orchestrator = self.driven.process()
        self.payer = replace(PAYER, instruments={one.psp: one.instrument for one in DRIVEN}, return_url="https://casino.example/back")

    def pay(self, intent: UUID) -> str:
        return self.orchestrator.pay(intent, self.payer).status

    def webhooks(self) -> None:
        """What PSPs have to tell, the newest first, all of it twice, through the door that checks signatures."""
        for psp, simulator in self.simulators.items():
            for one in simulator.outbox.take(times=2, newest_first=True):
                with self.engine.begin() as connection:
                    payments = Casino(connection).payments
                    received = Webhooks(connection, payments).receive(
                        psp, one.body, one.headers, (SECRETS[psp],), self.driven.scene.now, account="account"
                    )
                    assert received.state == "recorded", received.refusals

    def settle(self, intents: list[UUID]) -> set[str]:
        """Time passes, webhooks come, payers press again, until nothing moves any more; where the intents then stand."""
        stand: list[str] = []
        for _ in range(12):
            stand = [self.pay(intent) for intent in intents]
            if set(stand) <= {"succeeded", "failed"}:
                break
            self.driven.after(minutes=11)
            self.webhooks()
        self.webhooks()
        return set(stand)

    def at_psps(self) -> int:
        """What PSPs took and did not give back."""
        believed = [simulator.books.believed() for simulator in self.simulators.values()]
        return sum(one.captured - one.refunded for one in believed)

    def held(self) -> int:
        return sum(simulator.books.believed().held for simulator in self.simulators.values())


@pytest.fixture
def over_http(engine: Engine) -> Iterator[OverHttp]:
    with ExitStack() as stack:
        yield OverHttp(engine, stack)


def test_a_technical_refusal_goes_on_at_the_other_psp_whose_capture_ends_by_webhook(over_http: OverHttp) -> None:
    over_http.simulators["stripe"].script.plan("authorise", Behaviour(decline="processing_error"))
    intent = over_http.driven.intent()
    assert over_http.pay(intent) == "pending"
    assert over_http.driven.balances() == {}, "received is not captured"
    over_http.webhooks()
    assert over_http.pay(intent) == "succeeded"
    assert over_http.driven.balances() == {"psp_receivable": 100, "player_cash": -100}
    assert (over_http.at_psps(), over_http.held()) == (100, 0)


def test_a_payment_behind_a_500_is_found_and_not_made_again_elsewhere(over_http: OverHttp) -> None:
    """RT 4.21: Stripe repeats its 500 for that key, and has the money set aside all the same."""
    over_http.simulators["stripe"].script.plan("authorise", Behaviour(fault="error_after"))
    intent = over_http.driven.intent()
    assert over_http.pay(intent) not in ("succeeded", "failed")
    over_http.driven.after(minutes=1)
    assert over_http.pay(intent) == "succeeded"
    assert (over_http.at_psps(), over_http.simulators["adyen"].books.kept) == (100, {})
    assert over_http.driven.balances()["psp_receivable"] == 100


def test_a_search_that_lags_behind_is_not_believed(over_http: OverHttp) -> None:
    """Stripe finds a payment by our reference a minute late: "not found" at once, believed, is a second payment at the next PSP."""
    stripe = over_http.simulators["stripe"]
    stripe.script.plan("authorise", Behaviour(fault="drop_after"))
    stripe.is_search_behind = True
    intent = over_http.driven.intent()
    for _ in range(2):
        assert over_http.pay(intent) == "unresolved"
        over_http.driven.after(minutes=1)
    stripe.is_search_behind = False
    assert over_http.pay(intent) == "succeeded"
    assert (over_http.at_psps(), over_http.simulators["adyen"].books.kept) == (100, {})


def test_the_ledger_equals_the_psps_whatever_the_wire_does(over_http: OverHttp) -> None:
    dice = Random(4)

    def behaviour(psp: str) -> Behaviour:
        drawn = dice.random()
        if drawn < 0.4:
            return Behaviour(fault=dice.choice(FAULTS[psp]))
        return {"stripe": Behaviour(decline="processing_error"), "adyen": Behaviour(decline="9")}[psp] if drawn < 0.6 else PLAIN

    for psp, simulator in over_http.simulators.items():
        simulator.script.otherwise = lambda call, psp=psp: behaviour(psp) if call != "query" else PLAIN
    intents = [over_http.driven.intent(f"number {number}") for number in range(8)]
    assert over_http.settle(intents) <= {"succeeded", "failed"}
    booked = over_http.driven.balances().get("psp_receivable", 0)
    assert booked == over_http.at_psps()
    assert 0 < booked <= 100 * len(intents)
    assert over_http.held() == 0


def test_both_psps_are_driven_here() -> None:
    assert set(FAULTS) == {STRIPE.psp, ADYEN.psp} == {one.psp for one in DRIVEN}
