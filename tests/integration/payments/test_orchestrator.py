"""Does one intent move its money once, over two PSPs and a real database, whatever goes wrong on the way; and is what happened written down before it did."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from uuid import uuid4

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from tests.integration.payments.driven import PAYER, Driven
from tests.memory_psp import Crash, MemoryPsp
from transactional.payments.orchestration.asking import Authorise, Capture, Card, Status
from transactional.payments.orchestration.gateway import Answer
from transactional.payments.orchestration.orchestrator import keep_sweeping
from transactional.vocabulary.errors import Refused

BOOKED = {"psp_receivable": 100, "player_cash": -100}


@pytest.fixture
def driven(engine: Engine) -> Driven:
    return Driven(engine)


def test_a_payment_that_goes_well_is_two_requests_and_one_entry(driven: Driven) -> None:
    intent = driven.intent()
    assert driven.pay(intent).status == "succeeded"
    assert driven.pay(intent).status == "succeeded"  # the payer presses again
    assert driven.sent("stripe") == ["authorise", "capture"]
    assert driven.balances() == BOOKED
    driven.webhooks()  # each twice, in the wrong order
    assert driven.balances() == BOOKED


def test_everything_is_committed_before_the_psp_is_called(driven: Driven) -> None:
    """RT 4.17: an attempt written after the call is lost with the process, and the payer pays again."""
    seen: list[tuple[object, ...]] = []

    def look(_call: str) -> str:
        seen.extend(
            driven.rows("""
                select c.call, x.country, x.card_fingerprint, x.scheme, t.attempt_no, c.amount_minor, w.outcome
                from app.payment_calls c join app.payment_attempt_contexts x using (attempt_id) join app.payment_turns t using (attempt_id)
                left join app.payment_answers w using (call_id) order by c.call_no desc limit 1
            """)
        )
        return "none"

    driven.scene.draw = look
    driven.pay(driven.intent())
    assert seen == [("authorise", "DE", "ab" * 16, "visa", 1, 100, None), ("capture", "DE", "ab" * 16, "visa", 1, 100, None)]


def test_a_technical_refusal_is_tried_at_the_other_psp_with_its_reason_kept(driven: Driven) -> None:
    driven.results("processing_error")
    assert driven.pay(driven.intent()).status == "succeeded"
    assert (driven.sent("stripe"), driven.sent("adyen")) == (["authorise"], ["authorise", "capture"])
    assert driven.rows("select attempt_no, retry_rule, retry_of is not null from app.payment_attempt_contexts order by 1") == [
        (1, None, False),
        (2, "other_psp_after_processing_error", True),
    ]
    assert driven.rows("select decline_code, decline_class, taxonomy_version from app.payment_answers where decline_code is not null") == [
        ("processing_error", "technical", "2025-01")
    ]
    driven.webhooks()  # a late "failed" of the first attempt changes nothing of the second (RT 4.22)
    assert driven.balances() == BOOKED


def test_a_card_that_is_gone_is_sent_nowhere_else(driven: Driven) -> None:
    driven.results("lost_card")
    progress = driven.pay(driven.intent())
    assert (progress.status, progress.rule) == ("failed", "nothing_helps_lost_or_stolen")
    assert driven.sent("adyen") == []


def test_the_payer_is_stepped_up_at_the_same_psp(driven: Driven) -> None:
    driven.results("authentication_required")
    assert driven.pay(driven.intent()).status == "succeeded"
    assert [request.three_ds for request in driven.authorised("stripe")] == ["no", "yes"]
    assert driven.rows("select step from app.payment_authentications") == [("asked",)]


def test_three_d_secure_waits_for_the_payer_and_what_the_browser_brought_is_kept_nowhere(driven: Driven) -> None:
    driven.results("action")
    intent = driven.intent()
    progress = driven.pay(intent)
    assert (progress.status, progress.action is not None) == ("requires_action", True)
    again = driven.pay(intent)  # the page is reloaded (RT 4.16), and what the bank wanted is asked for once more
    assert (again.status, again.action) == ("requires_action", progress.action)
    assert driven.orchestrator.complete(intent, {"secret": "brought-by-the-browser"}).status == "succeeded"
    assert driven.sent("stripe") == ["authorise", "status", "complete", "capture"]
    kept = driven.rows(
        "select row_to_json(c)::text || coalesce(row_to_json(w)::text, '') from app.payment_calls c join app.payment_answers w using (call_id)"
    )
    assert not any("brought-by-the-browser" in row or "tok_s" in row for (row,) in kept)


def test_a_payer_who_left_during_three_d_secure_leaves_nothing_set_aside(driven: Driven) -> None:
    driven.results("action")
    intent = driven.intent()
    driven.pay(intent)
    driven.after(minutes=21)
    assert driven.orchestrator.sweep() == {intent: driven.orchestrator.resume(intent)}
    assert driven.sent("stripe") == ["authorise", "cancel"]
    assert driven.rows("select ended_as, reason from app.payment_turn_ends") == [("failed", "cancelled_by_payer")]


@pytest.mark.parametrize(("fault", "sent"), [("lost_answer", ["authorise", "status", "capture"]), ("lost_request", ["authorise", *["status"] * 9])])
def test_an_unknown_outcome_is_resolved_before_money_is_tried_elsewhere(driven: Driven, fault: str, sent: list[str]) -> None:
    """RT 4.15, RT §5.6 test 9."""
    driven.faults(fault)
    intent = driven.intent()
    assert driven.pay(intent).status == "unresolved"
    assert driven.pay(intent).status == "unresolved"
    assert driven.sent("adyen") == []
    assert driven.rows("select latency_ms from app.payment_answers where raw_code = 'timeout' limit 1") == [(15_000,)]  # not the 50 ms of the double
    for _ in range(30):
        if driven.rows("select 1 from app.payment_turn_ends"):
            break
        driven.after(seconds=61)
        driven.orchestrator.resume(intent)
    assert len(driven.sent("stripe")) <= len(sent)  # ever more rarely
    assert driven.sent("stripe")[:2] == sent[:2]
    assert driven.pay(intent).status == "succeeded"
    assert driven.captured() == 100
    assert driven.balances() == BOOKED


def test_a_request_that_was_still_on_its_way_when_the_psp_did_not_know_it_is_not_paid_twice(driven: Driven) -> None:
    """The race behind most double charges: time-out, "not found", failover, and then the first request arrives."""
    driven.faults("delayed")  # arrives after 30 seconds
    intent = driven.intent()
    driven.pay(intent)
    driven.after(seconds=25)
    assert driven.pay(intent).status == "unresolved"
    assert isinstance(driven.requests("stripe")[-1], Status)
    driven.after(seconds=60)
    assert driven.pay(intent).status == "succeeded"
    assert driven.sent("adyen") == []
    assert driven.captured() == 100


@pytest.mark.parametrize("fault", ["crash_before", "crash_after"])
@pytest.mark.parametrize("step", range(2))
def test_a_process_that_dies_under_a_request_leaves_what_the_next_one_needs(driven: Driven, fault: str, step: int) -> None:
    """Killed between the PSP's answer and our commit, or before the request left: nobody can tell which, so the PSP is asked."""
    driven.faults(*["none"] * step, fault)
    intent = driven.intent()
    with pytest.raises(Crash):
        driven.pay(intent)
    driven.orchestrator = driven.process()
    assert driven.pay(intent).status == "unresolved"  # it may still be under way
    # ten minutes until "not found" is believed, and ten at most until it is asked again: when exactly is drawn from the attempt's id
    for _ in range(20):
        driven.after(seconds=61)
        driven.orchestrator.sweep()
    assert driven.pay(intent).status == "succeeded"
    assert driven.captured() == 100
    assert driven.balances() == BOOKED


def test_a_late_success_of_an_abandoned_attempt_goes_back_and_is_seen_until_it_has(engine: Engine) -> None:
    driven = Driven(engine, at_once=True)
    driven.faults("delayed")
    driven.scene.delay = lambda: 60 * driven.seams.terms["stripe"].resolve_longest  # ten hours: longer than any promise
    intent = driven.intent()
    driven.pay(intent)
    driven.after(minutes=11)
    assert driven.pay(intent).status == "succeeded"
    assert driven.orchestrator.surpluses() == []
    driven.after(hours=11)
    driven.webhooks("stripe")
    (surplus,) = driven.orchestrator.surpluses()
    assert (surplus.intent_id, surplus.psp, surplus.surplus.minor) == (intent, "stripe", 100)
    assert driven.orchestrator.resume(intent).status == "succeeded"
    assert driven.orchestrator.surpluses() == []
    assert driven.captured() == 100
    assert driven.balances() == BOOKED


def test_a_late_success_is_kept_when_nothing_else_was_paid(engine: Engine) -> None:
    driven = Driven(engine, at_once=True)
    driven.faults("delayed")
    driven.scene.delay = lambda: 60 * driven.seams.terms["stripe"].resolve_longest
    driven.results("approve", "lost_card")
    intent = driven.intent()
    driven.pay(intent)
    driven.after(minutes=11)
    driven.results("lost_card")
    assert driven.pay(intent).status == "failed"
    driven.results()
    driven.after(hours=11)
    driven.webhooks()
    progress = driven.pay(intent)
    assert (progress.status, progress.rule) == ("succeeded", "late_success")
    assert driven.captured() == 100
    assert driven.balances() == BOOKED


def test_two_sessions_of_one_intent_are_one_attempt(driven: Driven, monkeypatch: pytest.MonkeyPatch) -> None:
    """RT 4.16, 4.23: the payer's second click comes while the PSP is thinking."""
    thinking, second_is_done = Event(), Event()
    honest = MemoryPsp.authorise

    def slow(self: MemoryPsp, request: Authorise) -> Answer:
        thinking.set()
        assert second_is_done.wait(20)
        return honest(self, request)

    monkeypatch.setattr(MemoryPsp, "authorise", slow)
    intent = driven.intent()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(driven.pay, intent)
        assert thinking.wait(20)
        second = driven.process().pay(intent, PAYER)
        second_is_done.set()
        assert first.result(20).status == "succeeded"
    assert (second.status, second.rule) == ("unresolved", "in_flight")
    assert driven.sent("stripe") == ["authorise", "capture"]


def test_an_adapter_with_a_bug_is_an_unknown_outcome_and_loud(
    driven: Driven, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A KeyError in the reading of an answer comes after the money moved."""

    def buggy(self: MemoryPsp, request: Authorise) -> Answer:
        self._do(request)
        raise KeyError("4111111111111111")

    monkeypatch.setattr(MemoryPsp, "authorise", buggy)
    intent = driven.intent()
    assert driven.pay(intent).status == "unresolved"
    assert "KeyError" in caplog.text
    assert "4111" not in caplog.text
    driven.after(seconds=30)
    assert driven.orchestrator.resume(intent).status == "succeeded"
    assert driven.sent("adyen") == []


def test_an_answer_that_tells_a_movement_without_an_amount_is_kept_and_the_webhook_tells_it_rightly(
    driven: Driven, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Raised out of the keeping of an answer, it would be raised again by every retry, and the payment could never end."""
    honest = MemoryPsp.capture

    def vague(self: MemoryPsp, request: Capture) -> Answer:
        answer = honest(self, request)
        return replace(answer, movements=tuple(replace(one, amount=None) for one in answer.movements))

    monkeypatch.setattr(MemoryPsp, "capture", vague)
    intent = driven.intent()
    assert driven.pay(intent).status == "pending"
    driven.webhooks()
    assert driven.orchestrator.resume(intent).status == "succeeded"
    assert driven.balances() == BOOKED


def test_the_twenty_first_soft_reattempt_of_a_visa_card_over_two_psps_is_refused(driven: Driven) -> None:
    """RT §5.6 test 8. Each PSP saw half of them, and no PSP would have said a word."""
    driven.scene.result = lambda _call: "do_not_honor"
    for number in range(11):  # two attempts an intent: 22 tries would be 21 re-attempts
        progress = driven.pay(driven.intent(f"no. {number}"))
        driven.after(hours=1)
    assert progress.rule == "scheme_rule_visa-soft-20"
    assert (len(driven.sent("stripe")), len(driven.sent("adyen"))) == (11, 10)
    refused = driven.pay(driven.intent("one more"))
    assert (refused.status, refused.rule) == ("refused", "scheme_rule_visa-soft-20")
    assert refused.not_before is not None
    other_card = replace(PAYER, card=Card("cd" * 16, scheme="visa"))
    assert driven.orchestrator.pay(driven.intent("another card"), other_card).status == "failed"
    assert len(driven.sent("stripe")) == 12


def test_a_psp_that_fails_again_and_again_is_left_alone_for_a_while(driven: Driven) -> None:
    driven.scene.draw = lambda _call: "none"
    driven.results(*["processing_error", "approve"] * 5)
    for number in range(5):
        driven.pay(driven.intent(f"no. {number}"), card=Card())
    driven.results()
    driven.pay(driven.intent("left alone"), card=Card())
    assert len(driven.authorised("stripe")) == 5
    driven.after(seconds=121)
    driven.pay(driven.intent("a probe"), card=Card())
    assert len(driven.authorised("stripe")) == 6


def test_an_intent_with_attempts_made_by_hand_is_not_driven_as_well(driven: Driven) -> None:
    with pytest.raises(Refused, match="there is no intent"):
        driven.pay(uuid4())
    driven.funded(50)
    (intent,) = driven.rows("select intent_id from app.payment_intents")[0]
    with pytest.raises(Refused, match="made by hand"):
        driven.pay(intent)


def test_the_sweep_goes_on_after_a_database_that_was_away(driven: Driven, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks the loop that ends with its first error, and nothing is resumed until the service is started again."""

    class Stopped(Exception):
        pass

    happens = iter([OperationalError("select", {}, Exception("gone")), {}, Stopped()])

    def sweep() -> object:
        what = next(happens)
        if isinstance(what, Exception):
            raise what
        return what

    monkeypatch.setattr(driven.orchestrator, "sweep", sweep)
    with pytest.raises(Stopped):
        asyncio.run(keep_sweeping(driven.orchestrator, 0))
