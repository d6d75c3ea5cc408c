"""One contract for every gateway, over real HTTP against a PSP that keeps books of its own: what it says is certain, and money moves once."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from urllib3.connection import HTTPConnection
from urllib3.exceptions import NewConnectionError

from tests.integration.payments.psp_benches import API_KEY, DRIVEN, EUR_100, Bench, Differences, bench
from transactional.payments.facts import FactKind
from transactional.payments.gateways import registry
from transactional.payments.gateways.account import GatewayAccount
from transactional.payments.orchestration.gateway import AuthenticationStep, Outcome
from transactional.simulation.psp_servers.behaviour import Behaviour, Fault
from transactional.vocabulary.errors import InputRejected
from transactional.vocabulary.money import Money


@pytest.fixture(params=DRIVEN, ids=lambda one: one.psp)
def desk(request: pytest.FixtureRequest) -> Iterator[Bench]:
    differs: Differences = request.param
    with bench(differs) as made:
        yield made


def test_every_adapter_is_under_contract() -> None:
    assert {one.psp for one in DRIVEN} == registry.DRIVEN


def test_a_psp_without_an_adapter_is_refused() -> None:
    with pytest.raises(InputRejected, match="no adapter drives 'paypal'"):
        registry.open_gateway(GatewayAccount("paypal", "http://127.0.0.1:1", API_KEY), lambda: pytest.fail("nothing is asked"))


def test_what_is_approved_is_set_aside_and_not_taken(desk: Bench) -> None:
    answer = desk.gateway.authorise(desk.authorise())
    assert (answer.outcome, answer.http_status) == (Outcome.APPROVED, 200)
    assert [(one.kind, one.amount) for one in answer.movements] == [(FactKind.AUTHORISED, EUR_100)]
    assert desk.at_psp() == (100_00, 0, 0, 0)


def test_a_decline_has_its_codes_in_a_known_word_and_no_message(desk: Bench) -> None:
    desk.script.plan("authorise", desk.differs.decline)
    answer = desk.gateway.authorise(desk.authorise())
    assert answer.outcome is Outcome.DECLINED
    assert (answer.raw_code, answer.network_code, answer.advice_code) == desk.differs.declined_as
    assert desk.spec.declines.codes[answer.raw_code] == "insufficient_funds"
    assert "Example" not in repr(answer)
    assert desk.at_psp() == (0, 0, 0, 0)


def test_a_payer_who_passes_the_challenge_is_approved(desk: Bench) -> None:
    desk.script.plan("authorise", Behaviour(three_ds="challenge"))
    asked = desk.gateway.authorise(desk.authorise(three_ds="yes"))
    assert asked.outcome is Outcome.REQUIRES_ACTION
    assert asked.action is not None
    assert asked.action.url
    answer = desk.gateway.complete(desk.complete(asked, desk.simulator.payer_acts(desk.attempt.merchant_reference)))
    assert answer.outcome is Outcome.APPROVED
    assert AuthenticationStep.PASSED in answer.authentication
    assert desk.at_psp() == (100_00, 0, 0, 0)


def test_a_payer_who_fails_the_challenge_is_declined_and_nothing_is_held(desk: Bench) -> None:
    desk.script.plan("authorise", Behaviour(three_ds="challenge"))
    asked = desk.gateway.authorise(desk.authorise())
    answer = desk.gateway.complete(desk.complete(asked, desk.simulator.payer_acts(desk.attempt.merchant_reference, passed=False)))
    assert (answer.outcome, AuthenticationStep.FAILED in answer.authentication) == (Outcome.DECLINED, True)
    assert desk.at_psp() == (0, 0, 0, 0)


def test_a_time_out_is_unknown_and_the_status_finds_that_it_was_done(desk: Bench) -> None:
    """RT 4.20: read as a decline, the payer pays twice."""
    desk.timeout_ms = 200
    desk.script.plan("authorise", Behaviour(fault="hang_after"))
    request = desk.authorise()
    lost = desk.gateway.authorise(request)
    assert (lost.outcome, lost.latency_ms >= 200, len(desk.server.arrived)) == (Outcome.UNKNOWN, True, 1)
    desk.timeout_ms = 10_000
    found = desk.gateway.status(desk.status(repeating=desk.authorise()))
    assert (found.outcome, [one.kind for one in found.movements]) == (Outcome.APPROVED, [FactKind.AUTHORISED])
    assert desk.at_psp() == (100_00, 0, 0, 0)


@pytest.mark.parametrize("fault", ["error_after", "malformed", "other_shape", "html", "redirect", "drop_after"])
def test_what_was_done_and_cannot_be_read_is_unknown_and_then_found(desk: Bench, fault: Fault) -> None:
    desk.script.plan("authorise", Behaviour(fault=fault))
    assert desk.gateway.authorise(desk.authorise()).outcome is Outcome.UNKNOWN
    assert len(desk.server.arrived) == 1, "it was sent again by itself"
    assert desk.gateway.status(desk.status(repeating=desk.authorise())).outcome is Outcome.APPROVED
    assert desk.at_psp() == (100_00, 0, 0, 0)


@pytest.mark.parametrize("fault", ["error_before", "drop_before"])
def test_what_was_not_done_is_unknown_too(desk: Bench, fault: Fault) -> None:
    desk.script.plan("authorise", Behaviour(fault=fault))
    assert desk.gateway.authorise(desk.authorise()).outcome is Outcome.UNKNOWN
    assert desk.at_psp() == (0, 0, 0, 0)


def test_a_500_is_repeated_for_its_key_where_the_psp_does_so(desk: Bench) -> None:
    """RT 4.21: whoever goes on with that key hears it for ever; nothing is done twice either way."""
    desk.script.plan("authorise", Behaviour(fault="error_after"))
    answers = [desk.gateway.authorise(desk.authorise()).outcome for _ in range(2)]
    assert answers == [Outcome.UNKNOWN, Outcome.UNKNOWN if desk.differs.repeats_a_500 else Outcome.APPROVED]
    assert desk.at_psp() == (100_00, 0, 0, 0)


def test_the_same_key_twice_moves_money_once(desk: Bench) -> None:
    first, again = desk.gateway.authorise(desk.authorise()), desk.gateway.authorise(desk.authorise())
    assert (again.outcome, again.psp_reference) == (first.outcome, first.psp_reference)
    for _ in range(2):
        desk.gateway.capture(desk.capture(first))
        desk.gateway.refund(desk.refund(first))
    assert desk.at_psp() == (0, 100_00, 30_00, 0)


def test_a_key_with_another_body_is_not_called_a_failure(desk: Bench) -> None:
    """An ERROR would end the attempt, and the first request under that key may have been done."""
    desk.gateway.authorise(desk.authorise())
    other = desk.gateway.authorise(desk.authorise(money=Money("EUR", 1)))
    assert other.outcome is not Outcome.ERROR
    assert desk.at_psp() == (100_00, 0, 0, 0)


def test_refused_connections_and_limits_did_certainly_nothing(desk: Bench) -> None:
    desk.script.plan("authorise", Behaviour(fault="limited"))
    limited = desk.gateway.authorise(desk.authorise())
    assert (limited.outcome, limited.http_status) == (Outcome.ERROR, 429)
    desk.server.stop()
    desk.gateway.close()
    assert desk.gateway.authorise(desk.authorise("key-2")).outcome is Outcome.ERROR
    assert desk.at_psp() == (0, 0, 0, 0)


def test_an_error_of_somebody_else_that_is_being_handled_proves_nothing(desk: Bench) -> None:
    """A gateway is often asked while another one's refused connection is handled: Python hangs that error on every later one."""
    desk.script.plan("authorise", Behaviour(fault="drop_after"))
    try:
        raise NewConnectionError(HTTPConnection("elsewhere"), "refused")
    except NewConnectionError:
        answer = desk.gateway.authorise(desk.authorise())
    assert answer.outcome is Outcome.UNKNOWN


def test_a_capture_in_parts_takes_what_the_psp_lets_us_take(desk: Bench) -> None:
    payment = desk.approved()
    first = desk.gateway.capture(desk.capture(payment, 40_00))
    second = desk.gateway.capture(desk.capture(payment, 60_00, "capture-2"))
    assert first.outcome is desk.differs.says_done
    if desk.differs.takes_parts:
        assert second.outcome is desk.differs.says_done
        assert desk.at_psp() == (0, 100_00, 0, 0)
    else:
        assert second.outcome is Outcome.ERROR
        assert desk.at_psp() == (0, 40_00, 0, 0)
        assert [one.amount for one in first.movements] == [Money("EUR", 40_00)]


@pytest.mark.parametrize("is_named", [True, False])
def test_what_is_cancelled_is_not_held_also_when_only_our_reference_is_known(desk: Bench, is_named: bool) -> None:
    payment = desk.approved()
    answer = desk.gateway.cancel(desk.cancel(payment.psp_reference if is_named else None))
    assert answer.outcome is desk.differs.says_done
    assert desk.at_psp() == (0, 0, 0, 0)
    assert FactKind.VOIDED in {fact.kind for fact in desk.facts()}
    assert desk.gateway.cancel(desk.cancel(payment.psp_reference, "cancel-2")).outcome is desk.differs.says_done


def test_a_cancel_that_comes_too_late_gives_nothing_back(desk: Bench) -> None:
    payment = desk.approved()
    desk.gateway.capture(desk.capture(payment))
    assert desk.gateway.cancel(desk.cancel(payment.psp_reference)).outcome is desk.differs.too_late
    assert desk.at_psp() == (0, 100_00, 0, 0)
    assert FactKind.VOIDED not in {fact.kind for fact in desk.facts()}


def test_a_movement_told_by_answer_and_by_webhook_is_one_fact(desk: Bench) -> None:
    payment = desk.approved()
    captured = desk.gateway.capture(desk.capture(payment))
    refunded = desk.gateway.refund(desk.refund(payment))
    assert (captured.outcome, refunded.outcome) == (desk.differs.says_done, desk.differs.says_done)
    told = desk.facts()
    moved = {fact.dedupe_key: fact.amount for fact in told if fact.kind in (FactKind.CAPTURED, FactKind.REFUNDED)}
    assert sorted(amount.minor for amount in moved.values() if amount) == [30_00, 100_00]
    assert desk.keys_of(captured, refunded) <= set(moved)
    assert {fact.merchant_reference for fact in told} == {desk.attempt.merchant_reference}
    assert {fact.psp_reference for fact in told} == {payment.psp_reference}


def test_more_than_was_taken_is_not_refunded(desk: Bench) -> None:
    payment = desk.approved()
    desk.gateway.capture(desk.capture(payment))
    desk.gateway.refund(desk.refund(payment, 100_01))
    assert desk.at_psp() == (0, 100_00, 0, 0)
    assert FactKind.REFUNDED not in {fact.kind for fact in desk.facts()}


def test_a_payout_whose_answer_is_lost_is_sent_once(desk: Bench) -> None:
    desk.script.plan("payout", Behaviour(fault="drop_after"))
    assert desk.gateway.payout(desk.payout()).outcome is Outcome.UNKNOWN
    again = desk.gateway.payout(desk.payout())
    assert again.outcome is desk.differs.paid_out
    assert desk.at_psp() == (0, 0, 0, 100_00)
    sent = [fact for fact in desk.facts() if fact.kind is FactKind.PAYOUT_SENT]
    assert [(fact.amount, fact.psp_reference) for fact in sent] == [(EUR_100, again.psp_reference)]
    assert desk.keys_of(again) <= {sent[0].dedupe_key}
    assert desk.gateway.status(desk.status(again.psp_reference, desk.payout())).outcome is desk.differs.paid_out
    assert desk.at_psp() == (0, 0, 0, 100_00)


def test_the_status_of_what_was_never_sent(desk: Bench) -> None:
    assert desk.gateway.status(desk.status()).outcome is desk.differs.never_sent
    assert desk.at_psp() == (0, 0, 0, 0)


def test_an_amount_goes_out_in_the_psps_decimals_and_comes_back_in_ours(desk: Bench) -> None:
    crowns = Money("ISK", 500)
    answer = desk.gateway.authorise(desk.authorise(money=crowns))
    assert [one.amount for one in answer.movements] == [crowns]
    assert desk.at_psp()[0] == desk.spec.psp_minor(500, "ISK", answer.answered_at.date())


def test_an_amount_that_cannot_be_expressed_is_not_sent(desk: Bench) -> None:
    answer = desk.gateway.authorise(desk.authorise(money=Money("XXQ", 500)))
    assert (answer.outcome, answer.raw_code, desk.server.arrived) == (Outcome.ERROR, "unknown_currency", [])


def test_neither_keys_nor_instruments_stand_in_logs_or_in_what_is_printed(
    desk: Bench, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("", "stripe", "urllib3", "requests"):
        caplog.set_level(logging.DEBUG, logger=name)
    desk.script.plan("authorise", desk.differs.decline, Behaviour(three_ds="challenge"), Behaviour(fault="html"))
    answers = [desk.gateway.authorise(desk.authorise(f"key-{number}")) for number in range(3)]
    account = GatewayAccount(desk.differs.psp, desk.server.url, API_KEY)
    printed = caplog.text + "".join(capsys.readouterr()) + repr(answers) + repr(account) + repr(desk.authorise())
    for secret in (API_KEY, desk.differs.instrument.rpartition(":")[2], "_secret_", "Example"):
        assert secret not in printed
