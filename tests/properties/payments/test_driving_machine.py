"""The orchestrator itself on a real database, over any sequence of payments, webhooks, time, faults and deaths: no double charge, all captures booked.

What is held against it is the PSPs' own truth and the ledger. Many more sequences of the same decisions are run without a database by test_driving_model.py.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import Engine

from tests.integration.payments.driven import PAYER, Driven
from tests.memory_psp import FAULTS, Crash
from tests.properties.payments.driving_model import RESULTS
from transactional.payments.orchestration.asking import Authorise, Card

_names = count()
UNNAMED = replace(PAYER, card=Card())  # no scheme counts these tries over examples
faults = st.lists(st.sampled_from(FAULTS), max_size=4)
results = st.lists(st.sampled_from([one for one in RESULTS if one != "action"]), max_size=3)


class DrivingMachine(RuleBasedStateMachine):
    """One intent of 100, two PSPs, an orchestrator that dies and is started again."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.driven = Driven(engine)
        self.intent = self.driven.intent(f"machine {next(_names)}")
        for psp in self.driven.psps.values():
            self._watch(psp)

    def _watch(self, psp: Any) -> None:
        """No authorisation leaves while another attempt may still come to have the money."""
        honest = psp.authorise

        def watched(request: Authorise) -> Any:
            for one in self.driven.psps.values():
                references = {sent.attempt.merchant_reference for sent in one.sent} - {request.attempt.merchant_reference}
                assert not any(one.may_take_money(reference) for reference in references)
            return honest(request)

        psp.authorise = watched

    @initialize(said=results, wrong=faults, is_challenged=st.booleans())
    def begin(self, said: list[str], wrong: list[str], is_challenged: bool) -> None:
        self.driven.results(*["action"] * is_challenged, *said)
        self._drive(wrong, lambda: self.driven.orchestrator.pay(self.intent, UNNAMED))

    @rule(wrong=faults)
    def pay(self, wrong: list[str]) -> None:
        self._drive(wrong, lambda: self.driven.orchestrator.pay(self.intent, UNNAMED))

    @rule(wrong=faults)
    def come_back_from_the_bank(self, wrong: list[str]) -> None:
        self._drive(wrong, lambda: self.driven.orchestrator.complete(self.intent, {"result": "ok"}, UNNAMED))

    @rule(wrong=faults)
    def sweep(self, wrong: list[str]) -> None:
        self._drive(wrong, lambda: self.driven.orchestrator.resume(self.intent))

    @rule(seconds=st.sampled_from([1, 20, 70, 700]))
    def time_passes(self, seconds: int) -> None:
        self.driven.after(seconds=seconds)

    @rule(psp=st.sampled_from(["stripe", "adyen"]))
    def webhooks_come_late_reversed_and_twice(self, psp: str) -> None:
        self.driven.webhooks(psp)

    def _drive(self, wrong: list[str], act: Any) -> None:
        self.driven.faults(*wrong)
        try:
            act()
        except Crash:
            self.driven.orchestrator = self.driven.process()

    @invariant()
    def never_more_than_intended(self) -> None:
        assert self.driven.captured() in (0, 100)

    def teardown(self) -> None:
        """No more faults: what is true at the PSPs is in the ledger, once, and nothing is left set aside."""
        self.driven.faults()
        for _ in range(60):
            self.driven.after(minutes=10)
            self.driven.webhooks()
            progress = self.driven.orchestrator.resume(self.intent)
            if progress.status in ("succeeded", "failed", "refused") and not any(psp.late for psp in self.driven.psps.values()):
                break
        assert progress.status in ("succeeded", "failed", "refused")
        assert self.driven.captured() == (100 if progress.status == "succeeded" else 0)
        booked = self.driven.rows(f"""
            select coalesce(sum(p.amount_minor), 0)::bigint from app.postings p join app.accounts a using (account_id)
            where a.account_class = 'psp_receivable' and p.intent_id = '{self.intent}'
        """)
        assert booked == [(self.driven.captured(),)]
        assert not any(one.state == "authorised" and not one.captured for psp in self.driven.psps.values() for one in psp.payments.values())


def test_any_sequence_of_faults_captures_at_most_what_was_intended_and_books_it(engine: Engine) -> None:
    checks = settings(max_examples=12, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(lambda: DrivingMachine(engine), settings=checks)
