"""No double charge, over random sequences of time-outs, losses, delays, duplicates, reorderings and deaths. What is held against it is the PSPs' own truth.

The full count (10^5) is run by `python -m tests.properties.payments.driving_model 25000`; here a part of it.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.memory_psp import MemoryPsp
from tests.properties.payments.driving_model import Broken, Model, run, run_many
from transactional.payments.orchestration import driving
from transactional.payments.orchestration.asking import Authorise
from transactional.payments.orchestration.gateway import Answer, Outcome
from transactional.payments.orchestration.giving_back import surplus_minor

SEEDS = range(120)


@pytest.mark.parametrize("at_once", [False, True], ids=["set aside first", "taken at once"])
def test_never_more_is_captured_than_intended_and_nobody_else_is_asked_while_it_may_still_be_taken(at_once: bool) -> None:
    """Checked after every act and before every authorisation; at rest all or nothing is held, it is in the books, and nothing is left set aside."""
    ended = [run(seed, at_once=at_once) for seed in SEEDS]
    # the dice reach what they are meant to: several attempts, money, no money
    assert {len(model.turns) for model in ended} >= {1, 2}
    assert {model.net_minor() for model in ended} == {0, 100}


@pytest.mark.parametrize("at_once", [False, True], ids=["set aside first", "taken at once"])
def test_a_success_later_than_any_promise_is_kept_or_goes_back(at_once: bool) -> None:
    """A PSP may take hours over a request it said it did not know. In the end the intent is paid once, or not at all."""
    for seed in SEEDS:
        run(seed, at_once=at_once, honest=False)


def test_the_model_finds_a_failover_that_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests above can fail: with "not found" believed at once, money is tried elsewhere while the first request is on its way."""
    monkeypatch.setattr(driving, "is_final", lambda *_: True)
    with pytest.raises(Broken, match="tried elsewhere"):
        run_many(0, 2000)


def test_the_model_finds_a_time_out_taken_for_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commonest bug of all (RT 4.15): the answer is lost, so it is called declined."""
    honest = MemoryPsp.authorise

    def hasty(self: MemoryPsp, request: Authorise) -> Answer:
        answer = honest(self, request)
        lost = answer.outcome is Outcome.UNKNOWN
        return Answer(Outcome.DECLINED, answer.answered_at, 50, raw_code="processing_error") if lost else answer

    monkeypatch.setattr(MemoryPsp, "authorise", hasty)
    with pytest.raises(Broken):
        run_many(0, 2000)


def test_a_late_success_is_seen_as_a_surplus_until_it_has_gone_back() -> None:
    """The first PSP takes two hours over a request it said it did not know; meanwhile the second one was paid."""
    model = Model(0, at_once=True, honest=False)
    model.is_calm, draws = True, iter(["delayed"])
    model.scene.draw = lambda _call: next(draws, "none")
    model.scene.result, model.scene.delay = lambda _call: "approve", lambda: timedelta(hours=2)
    model.drive(payer=True)
    model._pass(timedelta(minutes=11))
    model.drive(payer=True)
    assert [turn.ended_as for turn in model.turns] == ["failed", "succeeded"]
    model._pass(timedelta(hours=3))
    model._tell(next(hook for hook in model.psps["stripe"].hooks if hook.kind == "captured"))
    assert [surplus_minor(turn, model.situation()) for turn in model.situation().turns] == [100, 0]
    model.scene.draw = lambda _call: "lost_answer"  # the refund is done, and nobody hears: it stays a surplus until somebody tells
    model.drive(payer=False)
    assert sum(surplus_minor(turn, model.situation()) for turn in model.situation().turns) == 100
    model.scene.draw = lambda _call: "none"
    model.check_at_rest(model.come_to_rest())
    assert [surplus_minor(turn, model.situation()) for turn in model.situation().turns] == [0, 0]
    assert model.psps["stripe"].payments[model.turns[0].attempt.merchant_reference].refunded == 100
