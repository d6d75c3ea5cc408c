"""Is a player paid out once, with money set aside before anybody is asked, and given back when it is certain that nothing was sent."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from tests.integration.payments.driven import Driven
from tests.memory_psp import Crash
from transactional.vocabulary.errors import Refused


@pytest.fixture
def driven(engine: Engine) -> Driven:
    """A casino with a player who has 150. The deposit that gave it is of an intent of its own."""
    made = Driven(engine)
    made.funded(150)
    return made


def paid_out(driven: Driven) -> int:
    return sum(kept.paid_out for psp in driven.psps.values() for kept in psp.payments.values())


def player(driven: Driven) -> tuple[int, int]:
    """What the player may spend and what is pending, positive."""
    balances = driven.balances()
    return -balances.get("player_cash", 0), -balances.get("player_pending_withdrawal", 0)


def test_a_payout_is_set_aside_sent_and_booked_once(driven: Driven) -> None:
    intent = driven.intent(direction="withdrawal")
    assert driven.pay(intent).status == "succeeded"
    assert driven.pay(intent).status == "succeeded"
    driven.webhooks()
    assert (paid_out(driven), player(driven)) == (100, (50, 0))


def test_what_the_player_does_not_have_is_neither_asked_for_nor_half_written(driven: Driven) -> None:
    with pytest.raises(Refused, match="funds"):
        driven.pay(driven.intent(direction="withdrawal", minor=151))
    assert driven.sent("stripe") == []
    assert driven.rows("select count(*) from app.payment_turns") == [(0,)]


def test_the_kyc_gate_is_asked_before_anything_is_written(engine: Engine) -> None:
    driven = Driven(engine, kyc=lambda _connection, situation: "identity_not_verified" if situation.money.minor > 50 else None)
    driven.funded(150)
    progress = driven.pay(driven.intent(direction="withdrawal"))
    assert (progress.status, progress.rule) == ("refused", "identity_not_verified")
    assert player(driven) == (150, 0)
    assert driven.pay(driven.intent("small", direction="withdrawal", minor=50)).status == "succeeded"


def test_a_refused_payout_is_tried_elsewhere_and_the_money_is_set_aside_all_the_time_between(driven: Driven) -> None:
    driven.results("processing_error")
    assert driven.pay(driven.intent(direction="withdrawal")).status == "succeeded"
    assert (driven.sent("stripe"), driven.sent("adyen")) == (["payout"], ["payout"])
    assert (paid_out(driven), player(driven)) == (100, (50, 0))


def test_a_payout_refused_for_good_is_the_player_s_again(driven: Driven) -> None:
    driven.results("lost_card")
    assert driven.pay(driven.intent(direction="withdrawal")).status == "failed"
    driven.webhooks()
    assert (paid_out(driven), player(driven)) == (0, (150, 0))


@pytest.mark.parametrize("fault", ["lost_answer", "lost_request", "delayed", "crash_before", "crash_after"])
def test_a_payout_nobody_answered_is_never_sent_elsewhere_and_ends_with_one_under_its_own_key(driven: Driven, fault: str) -> None:
    """Not even when the PSP says for days that it knows nothing: the player would be paid twice when it comes to know."""
    driven.faults(fault)
    intent = driven.intent(direction="withdrawal")
    try:
        driven.pay(intent)
    except Crash:
        driven.orchestrator = driven.process()
    if fault in ("lost_request", "crash_before"):
        for _ in range(4):
            driven.after(hours=7)
            assert driven.orchestrator.resume(intent).status == "unresolved"
        assert player(driven) == (50, 100)
    driven.after(hours=1)
    assert driven.pay(intent).status == "succeeded"  # with the instrument at hand it is sent again, under the same key
    driven.webhooks()
    assert len({request.idempotency_key for request in driven.requests("stripe") if type(request).__name__ == "Payout"}) == 1
    assert driven.sent("adyen") == []
    assert (paid_out(driven), player(driven)) == (100, (50, 0))


def test_a_payout_that_came_back_is_not_sent_again_by_itself(driven: Driven) -> None:
    """A closed bank account stays closed; the money is the player's again, and a new wish is the player's to make."""
    intent = driven.intent(direction="withdrawal")
    driven.pay(intent)
    ((attempt, reference),) = driven.rows(
        "select a.attempt_id, e.psp_reference from app.payment_events e join app.payment_attempts a using (attempt_id) where event_kind = 'payout_sent' "
    )
    driven.returned(attempt, reference)
    assert driven.pay(intent).status == "succeeded"
    assert driven.sent("stripe") == ["payout"]
    assert player(driven) == (150, 0)
