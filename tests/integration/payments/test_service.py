"""Payments on a real database: answered once, booked once, never lost."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import Connection, event, text

from tests.integration.payments.casino import Casino, fact, player_id
from transactional.payments.facts import NewAttempt, NewIntent, entry_id_of, event_id_of
from transactional.payments.lifecycle import Status
from transactional.payments.money_kinds import MoneyKind
from transactional.vocabulary.errors import Refused
from transactional.vocabulary.money import Money


@pytest.fixture
def casino(connection: Connection) -> Casino:
    return Casino(connection)


def test_the_same_request_gets_the_first_answer(casino: Casino) -> None:
    new = NewIntent(player_id("anna"), "deposit", Money("EUR", 100), "k1")
    first, again = casino.payments.create_intents([new, new])
    (later,) = casino.payments.create_intents([new])
    assert first.id == again.id == later.id
    assert [first.replayed, again.replayed, later.replayed] == [False, True, True]


def test_the_same_key_with_another_body_is_a_conflict_and_never_a_second_effect(casino: Casino) -> None:
    casino.payments.create_intents([NewIntent(player_id("anna"), "deposit", Money("EUR", 100), "k1")])
    with pytest.raises(Refused) as refused:
        casino.payments.create_intents([NewIntent(player_id("anna"), "deposit", Money("EUR", 101), "k1")])
    assert refused.value.code == "idempotency_conflict"


def test_an_attempt_gets_its_public_id_as_merchant_reference(casino: Casino) -> None:
    (intent,) = casino.payments.create_intents([NewIntent(player_id("anna"), "deposit", Money("EUR", 100), "k1")])
    (attempt,) = casino.payments.create_attempts([NewAttempt(intent.id, "adyen", "CountroomEU", "a1")])
    assert attempt.merchant_reference == f"pat_{attempt.id.hex}"


def test_an_attempt_of_no_intent_is_refused(casino: Casino) -> None:
    with pytest.raises(Refused) as refused:
        casino.payments.create_attempts([NewAttempt(UUID(int=9), "adyen", "CountroomEU", "a1")])
    assert refused.value.code == "unknown_intent"


def test_a_merchant_reference_serves_one_attempt_only(casino: Casino) -> None:
    casino.attempt("one", merchant_reference="M1")
    with pytest.raises(Refused) as refused:
        casino.attempt("two", merchant_reference="M1")
    assert refused.value.code == "reference_taken"


def test_a_capture_is_booked_with_every_reference_on_every_posting(casino: Casino) -> None:
    attempt = casino.attempt("one")
    capture = fact("captured 100 c1", attempt_id=attempt)
    (recorded,) = casino.payments.record([capture])
    assert (recorded.event_id, recorded.entry_id, recorded.money_kind) == (event_id_of(capture), entry_id_of(capture), MoneyKind.DEPOSIT)
    assert casino.balances() == {"psp_receivable": 100, "player_cash": -100}
    rows = casino.connection.execute(text("select intent_id is not null, attempt_id, psp_reference, modification_reference from app.postings"))
    assert {tuple(row) for row in rows} == {(True, attempt, "P1", "c1")}


def test_a_fact_told_twice_in_one_batch_and_again_is_booked_once(casino: Casino) -> None:
    capture = fact("captured", attempt_id=casino.attempt("one"))
    first, again = casino.payments.record([capture, capture])
    (later,) = casino.payments.record([capture])
    assert (first.event_id, again.event_id) == (later.event_id, later.event_id)
    assert later.replayed
    assert casino.count("payment_events") == casino.count("journal_entries") == 1


def test_a_movement_told_again_with_another_amount_is_a_conflict(casino: Casino) -> None:
    attempt = casino.attempt("one")
    casino.payments.record([fact("captured 100", key="k", attempt_id=attempt)])
    with pytest.raises(Refused) as refused:
        casino.payments.record([fact("captured 99", key="k", attempt_id=attempt)])
    assert refused.value.code == "idempotency_conflict"


def test_facts_find_their_attempt_by_each_reference(casino: Casino) -> None:
    attempt = casino.attempt("one", merchant_reference="M1")
    by_merchant_reference, by_psp_reference = casino.payments.record(
        [fact("authorised", merchant_reference="M1"), fact("captured", merchant_reference="unheard of")]
    )
    (later,) = casino.payments.record([fact("refunded 10 r1")])
    assert by_merchant_reference.attempt_id == by_psp_reference.attempt_id == later.attempt_id == attempt


def test_a_reference_of_another_merchant_account_is_not_ours(casino: Casino) -> None:
    casino.attempt("one", merchant_reference="M1")
    (recorded,) = casino.payments.record([replace(fact("captured", merchant_reference="M1"), merchant_account="Elsewhere")])
    assert recorded.attempt_id is None


def test_an_attempt_id_that_is_none_is_refused_and_nothing_is_recorded(casino: Casino) -> None:
    with pytest.raises(Refused) as refused, casino.connection.begin_nested():
        casino.payments.record([fact("captured", attempt_id=UUID(int=5))])
    assert refused.value.code == "unknown_attempt"
    assert casino.count("payment_events") == 0


def test_money_of_an_unknown_payment_rests_in_suspense(casino: Casino) -> None:
    (recorded,) = casino.payments.record([fact("captured")])
    assert (recorded.attempt_id, recorded.money_kind) == (None, MoneyKind.DEPOSIT)
    assert casino.balances() == {"psp_receivable": 100, "suspense": -100}


def test_a_refund_before_anything_else_of_its_payment_is_adopted_when_the_capture_names_the_attempt(casino: Casino) -> None:
    attempt = casino.attempt("one", merchant_reference="M1")
    casino.payments.record([fact("refunded 30 r1", 5)])
    assert casino.balances() == {"psp_receivable": -30, "suspense": 30}
    casino.payments.record([fact("captured", 1, merchant_reference="M1")])
    assert casino.balances() == {"psp_receivable": 70, "player_cash": -70}
    state = casino.payments.attempt_states([attempt])[attempt]
    assert (state.status, state.refunded_minor) == (Status.PARTIALLY_REFUNDED, 30)


def test_webhooks_before_their_attempt_are_adopted_when_it_is_created(casino: Casino) -> None:
    casino.payments.record([fact("captured", merchant_reference="M1"), fact("refund_failed 30 r1", 1)])
    attempt = casino.attempt("one", merchant_reference="M1")
    assert casino.balances() == {"psp_receivable": 100, "player_cash": -100}
    casino.payments.record([fact("refunded 30 r1", 2)])
    assert casino.balances() == {"psp_receivable": 100, "player_cash": -100}
    state = casino.payments.attempt_states([attempt])[attempt]
    assert (state.status, state.captured_minor, state.refunded_minor) == (Status.CAPTURED, 100, 0)


def test_adoption_happens_once(casino: Casino) -> None:
    casino.payments.record([fact("captured", merchant_reference="M1")])
    casino.attempt("one", merchant_reference="M1")
    casino.payments.record([fact("settled", 3), fact("authorised")])
    assert (casino.count("payment_adoptions"), casino.count("journal_entries")) == (1, 2)


def test_a_late_booking_is_an_event_of_its_own_that_names_what_it_books(casino: Casino) -> None:
    attempt = casino.attempt("one")
    failed = fact("refund_failed 30 r1", 2, attempt_id=attempt)
    casino.payments.record([fact("captured", attempt_id=attempt)])
    (waiting,) = casino.payments.record([failed])
    assert (waiting.money_kind, waiting.entry_id) == (None, None)
    casino.payments.record([fact("refunded 30 r1", 1, attempt_id=attempt)])
    rows = casino.connection.execute(
        text("""select event_kind, money_kind, amount_minor, entry_id is not null, books_event_id
             from app.payment_events where money_kind = 'refund_reversed'""")
    )
    assert [tuple(row) for row in rows] == [("refund_failed", "refund_reversed", 30, True, event_id_of(failed))]


def test_a_withdrawal_the_player_cannot_cover_is_refused_whole(casino: Casino) -> None:
    attempt = casino.attempt("out", "withdrawal")
    casino.funded(60)
    with pytest.raises(Refused) as refused, casino.connection.begin_nested():
        casino.payments.record([fact("created", attempt_id=attempt), fact("payout_requested 100", attempt_id=attempt)])
    assert refused.value.code == "insufficient_funds"
    assert casino.payments.attempt_states([attempt])[attempt].status is Status.UNKNOWN


def test_a_withdrawal_goes_through_pending_to_the_psp(casino: Casino) -> None:
    attempt = casino.attempt("out", "withdrawal")
    casino.funded(100)
    casino.payments.record([fact("payout_requested", attempt_id=attempt)])
    assert casino.balances() == {"psp_receivable": 100, "player_pending_withdrawal": -100}
    casino.payments.record([fact("payout_sent", 1, attempt_id=attempt)])
    assert casino.balances() == {}
    casino.payments.record([fact("payout_returned", 2, attempt_id=attempt)])
    assert casino.balances() == {"psp_receivable": 100, "player_cash": -100}


def test_what_the_psp_took_is_booked_although_the_player_spent_it(casino: Casino) -> None:
    attempt = casino.attempt("one")
    casino.payments.record([fact("captured", attempt_id=attempt)])
    out = casino.attempt("out", "withdrawal")
    casino.payments.record([fact("payout_requested 80", 1, psp_reference="P2", attempt_id=out), fact("chargeback", 2, attempt_id=attempt)])
    assert casino.balances() == {"player_pending_withdrawal": -80, "chargeback_receivable": 80}


def test_nothing_of_payments_can_be_changed(casino: Casino) -> None:
    casino.payments.record([fact("captured", attempt_id=casino.attempt("one"))])
    for statement in ("update app.payment_events set amount_minor = 1", "delete from app.payment_attempts", "truncate app.payment_adoptions"):
        with pytest.raises(Exception, match="append-only"), casino.connection.begin_nested():
            casino.connection.execute(text(statement))


def test_thousands_of_facts_take_a_handful_of_statements(casino: Casino) -> None:
    count = 3000
    intents = casino.payments.create_intents([NewIntent(player_id(f"p{n}"), "deposit", Money("EUR", 100), f"i{n}") for n in range(count)])
    attempts = casino.payments.create_attempts([NewAttempt(one.id, "adyen", "CountroomEU", f"a{n}") for n, one in enumerate(intents)])
    statements: list[str] = []
    event.listen(casino.connection, "before_cursor_execute", lambda _c, _cursor, statement, *_rest: statements.append(statement))
    recorded = casino.payments.record([fact("captured", psp_reference=f"P{n}", attempt_id=one.id) for n, one in enumerate(attempts)])
    assert len({one.entry_id for one in recorded}) == count
    assert len(statements) <= 12, statements
