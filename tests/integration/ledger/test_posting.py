"""Does the ledger book what it is told, once, and refuse the rest without a trace. Traps: reference LR §2.2 and §3."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from uuid import UUID

import pytest
from sqlalchemy import Connection, text

from tests.integration.ledger.moves import CASH, CHARGEBACKS, DAY, NOON, PLAYER, RECEIVABLE, REVENUE, facts_count, move, payment
from transactional.ledger.accounts import CHART, house_account, player_account, psp_account
from transactional.ledger.entries import Entry, KeyedEntry, Posting
from transactional.ledger.posting_templates import (
    chargeback_received,
    chargeback_reversed,
    deposit_captured,
    refund_sent,
    withdrawal_cancelled,
    withdrawal_requested,
    withdrawal_returned,
    withdrawal_sent,
)
from transactional.ledger.service import Ledger
from transactional.vocabulary.errors import Refused
from transactional.vocabulary.money import Money

TEN = Money("EUR", 10_00)


@pytest.fixture
def ledger(connection: Connection) -> Ledger:
    return Ledger(connection)


def test_the_database_has_the_chart_of_the_code(connection: Connection) -> None:
    rows = connection.execute(text("select account_class, normal_side, subject, floor_minor from app.account_classes")).all()
    assert {row[0]: tuple(row[1:]) for row in rows} == {
        name: (each.normal_side.value, each.subject.value, each.floor_minor) for name, each in CHART.items()
    }


def test_a_webhook_delivered_twice_does_not_double_a_payment(ledger: Ledger) -> None:
    deposit = KeyedEntry(deposit_captured(payment(), TEN, NOON), "adyen:AUTHORISATION:PSP1")
    first, second = ledger.post(deposit), ledger.post(deposit)
    assert (first.replayed, second.replayed) == (False, True)
    assert first.entry_id == second.entry_id
    assert (ledger.available(CASH), ledger.balance(CASH), ledger.balance(RECEIVABLE)) == (10_00, -10_00, 10_00)


@pytest.mark.parametrize("batched", [False, True])
def test_a_key_used_with_another_body_is_a_conflict_not_the_old_answer(ledger: Ledger, connection: Connection, batched: bool) -> None:
    posted = ledger.post(move(100, "k"))
    before = facts_count(connection)
    with pytest.raises(Refused) as refusal, connection.begin_nested():
        _ = ledger.post_batch([move(5, "other"), move(101, "k")]) if batched else ledger.post(move(101, "k"))
    assert refusal.value.code == "idempotency_conflict"
    assert refusal.value.detail["entry_id"] == str(posted.entry_id)
    assert facts_count(connection) == before


def test_a_repeated_key_in_one_batch_is_one_entry(ledger: Ledger, connection: Connection) -> None:
    answers = ledger.post_batch([move(100, "a"), move(50, "b"), move(100, "a")])
    assert [answer.replayed for answer in answers] == [False, False, True]
    assert answers[0].entry_id == answers[2].entry_id
    assert ledger.available(CASH) == 150
    with pytest.raises(Refused) as refusal, connection.begin_nested():
        ledger.post_batch([move(100, "c"), move(101, "c")])
    assert refusal.value.code == "idempotency_conflict"


def test_a_key_repeated_in_a_batch_with_its_own_id_is_still_booked_once(ledger: Ledger) -> None:
    one = replace(move(100, "same"), entry_id=UUID(int=77))
    assert [(answer.entry_id, answer.replayed) for answer in ledger.post_batch([one, one])] == [(UUID(int=77), False), (UUID(int=77), True)]
    assert ledger.available(CASH) == 100


def test_a_batch_answers_as_the_single_calls_would(ledger: Ledger) -> None:
    before = ledger.post(move(100, "x"))
    mixed = [move(7, "y"), move(100, "x"), move(-107, "z"), move(3, "w")]
    answers = ledger.post_batch(mixed)
    assert [answer.replayed for answer in answers] == [False, True, False, False]
    assert answers[1].entry_id == before.entry_id
    assert [ledger.post(one).entry_id for one in mixed] == [answer.entry_id for answer in answers]
    assert (ledger.available(CASH), ledger.post_batch([])) == (3, [])


def test_a_batch_is_refused_whole_at_the_entry_that_overdraws(ledger: Ledger, connection: Connection) -> None:
    before = facts_count(connection)
    with pytest.raises(Refused) as refusal, connection.begin_nested():
        # in total the funds would do; in the given order they are not there yet
        ledger.post_batch([move(100, "a"), move(-150, "b"), move(100, "c")])
    assert (refusal.value.code, refusal.value.detail["n"], refusal.value.detail["available_minor"]) == ("insufficient_funds", 1, 100)
    assert facts_count(connection) == before


def test_a_rejection_leaves_no_trace(ledger: Ledger, connection: Connection) -> None:
    before = facts_count(connection)
    with pytest.raises(Refused) as refusal, connection.begin_nested():
        ledger.post(KeyedEntry(withdrawal_requested(payment(), TEN, NOON), "w"))
    assert refusal.value.code == "insufficient_funds"
    assert facts_count(connection) == before
    ledger.post(move(10_00, "d"))
    assert not ledger.post(KeyedEntry(withdrawal_requested(payment(), TEN, NOON), "w")).replayed


def test_the_floor_is_reached_to_the_unit_and_not_passed(ledger: Ledger, connection: Connection) -> None:
    ledger.post(move(100, "d"))
    ledger.post(move(-100, "w"))
    assert ledger.available(CASH) == 0
    with pytest.raises(Refused), connection.begin_nested():
        ledger.post(move(-1, "w2"))


def test_lines_of_one_entry_count_together_whatever_their_order(ledger: Ledger) -> None:
    both = (Posting(CASH, 80), Posting(CASH, -100), Posting(REVENUE, 20))
    ledger.post(KeyedEntry(Entry("move", NOON, both), "k"))
    assert ledger.available(CASH) == 20


def test_ids_and_times_are_taken_as_given_so_a_world_repeats_itself(ledger: Ledger, connection: Connection) -> None:
    given = replace(move(1, "k", recorded_at=NOON + DAY), entry_id=UUID(int=99))
    assert ledger.post(given).entry_id == UUID(int=99)
    row = connection.execute(text("select entry_id, effective_at, recorded_at from app.journal_entries")).one()
    assert tuple(row) == (UUID(int=99), NOON, NOON + DAY)
    opened = connection.execute(text("select account_id, created_at from app.accounts where code = 'house_revenue'")).one()
    assert (opened.account_id, opened.created_at.astimezone(UTC)) == (
        connection.execute(text("select app.account_id_of('house_revenue', 'EUR')")).scalar_one(),
        NOON + DAY,
    )
    with pytest.raises(Refused) as refusal, connection.begin_nested():
        ledger.post(replace(move(1, "other"), entry_id=UUID(int=99)))
    assert refusal.value.code == "entry_id_taken"


def test_an_id_made_by_the_database_is_a_uuid_of_version_7(ledger: Ledger) -> None:
    made = ledger.post(move(1, "k", recorded_at=NOON)).entry_id
    assert (made.version, made.int >> 80) == (7, int(NOON.timestamp() * 1000))


def test_an_account_belongs_to_whom_its_code_says(ledger: Ledger, connection: Connection) -> None:
    ledger.post(KeyedEntry(deposit_captured(payment(), TEN, NOON), "d"))
    rows = connection.execute(text("select code, account_class, player_id, psp, merchant_account, floor_minor from app.accounts order by code")).all()
    assert [tuple(row) for row in rows] == [
        (CASH.code, "player_cash", PLAYER, None, None, 0),
        ("psp_receivable:adyen:CountroomEU", "psp_receivable", None, "adyen", "CountroomEU", None),
    ]


def test_a_prefunded_psp_account_gets_a_floor_by_asking(ledger: Ledger, connection: Connection) -> None:
    float_account = psp_account("stripe", "acct", "USD", "psp_reserve")
    ledger.open_accounts([float_account], floors={float_account: 0}, now=NOON)
    ledger.open_accounts([float_account], floors={float_account: 0}, now=NOON)
    fund = (Posting(float_account, 50), Posting(house_account("house_revenue", "USD"), -50))
    ledger.post(KeyedEntry(Entry("fund", NOON, fund), "f"))
    assert ledger.available(float_account) == 50
    overdraw = (Posting(float_account, -51), Posting(house_account("house_revenue", "USD"), 51))
    with pytest.raises(Refused) as refusal, connection.begin_nested():
        ledger.post(KeyedEntry(Entry("spend", NOON, overdraw), "s"))
    assert refusal.value.code == "insufficient_funds"
    with pytest.raises(Refused) as refusal, connection.begin_nested():
        ledger.open_accounts([float_account], floors={float_account: -10}, now=NOON)
    assert refusal.value.code == "floor_conflict"


def test_an_account_nobody_opened_reads_as_one_that_is_empty(ledger: Ledger) -> None:
    other = player_account(UUID(int=8), "EUR")
    assert (ledger.balance(other), ledger.available(other)) == (0, 0)
    ledger.open_accounts([other], now=NOON)
    assert (ledger.balance(other), ledger.available(other)) == (0, 0)
    ledger.post_batch([move(5, "in", account=other), move(-5, "out", account=other)])
    assert (ledger.balance(other), ledger.available(other)) == (0, 0)


def test_a_house_account_may_go_either_way_and_has_no_cached_funds(ledger: Ledger) -> None:
    ledger.post(move(100, "d"))
    assert ledger.balance(REVENUE) == 100
    assert (ledger.balance(house_account("rake", "EUR")), ledger.available(player_account(UUID(int=8), "EUR"))) == (0, 0)
    with pytest.raises(Refused) as refusal:
        ledger.available(REVENUE)
    assert refusal.value.code == "no_floor"


def test_a_chargeback_after_the_money_is_gone_is_a_fact_and_the_shortfall_is_owed(ledger: Ledger) -> None:
    ledger.post(KeyedEntry(deposit_captured(payment(), TEN, NOON), "d"))
    ledger.post(move(-7_00, "spent", at=NOON + DAY))
    ledger.post(KeyedEntry(chargeback_received(payment(), TEN, NOON + 2 * DAY), "cb"))
    assert (ledger.available(CASH), ledger.balance(CHARGEBACKS), ledger.balance(RECEIVABLE)) == (0, 7_00, 0)
    ledger.post(KeyedEntry(chargeback_reversed(payment(), TEN, NOON + 3 * DAY), "cbr"))
    assert (ledger.available(CASH), ledger.balance(CHARGEBACKS), ledger.balance(RECEIVABLE)) == (3_00, 0, 10_00)


def test_the_reversal_of_one_payment_does_not_repay_what_another_owes(ledger: Ledger) -> None:
    ledger.post(KeyedEntry(chargeback_received(payment(1), TEN, NOON), "cb1"))
    ledger.post(KeyedEntry(chargeback_reversed(payment(2), TEN, NOON + DAY), "cbr2"))
    assert (ledger.balance(CHARGEBACKS), ledger.available(CASH)) == (10_00, 10_00)


def test_a_shortfall_is_decided_alike_one_by_one_and_in_a_batch(ledger: Ledger) -> None:
    def story(player: int) -> list[KeyedEntry]:
        whose = payment(player, UUID(int=player))
        told = [
            deposit_captured(whose, TEN, NOON),
            withdrawal_requested(whose, Money("EUR", 6_00), NOON + DAY),
            refund_sent(whose, TEN, NOON + 2 * DAY),
            withdrawal_sent(whose, Money("EUR", 6_50), NOON + 3 * DAY),
            withdrawal_returned(whose, Money("EUR", 6_50), NOON + 4 * DAY),
            chargeback_reversed(whose, TEN, NOON + 5 * DAY),
        ]
        return [KeyedEntry(entry, f"{player}:{index}") for index, entry in enumerate(told)]

    for keyed in story(21):
        ledger.post(keyed)
    single = (
        ledger.available(player_account(UUID(int=21), "EUR")),
        ledger.balance(CHARGEBACKS),
        ledger.balance(house_account("suspense", "EUR", "adyen")),
    )
    assert single == (10_00, 0, 0)
    ledger.post_batch(story(22))
    assert ledger.available(player_account(UUID(int=22), "EUR")) == 10_00
    assert (ledger.balance(CHARGEBACKS), ledger.balance(house_account("suspense", "EUR", "adyen"))) == (0, 0)


def test_a_second_cancellation_of_a_withdrawal_finds_nothing(ledger: Ledger, connection: Connection) -> None:
    ledger.post(move(10_00, "d"))
    ledger.post(KeyedEntry(withdrawal_requested(payment(), TEN, NOON), "w"))
    ledger.post(KeyedEntry(withdrawal_cancelled(payment(), TEN, NOON), "c"))
    with pytest.raises(Refused), connection.begin_nested():
        ledger.post(KeyedEntry(withdrawal_cancelled(payment(), TEN, NOON), "c2"))
    assert ledger.available(CASH) == 10_00


def test_the_money_of_one_payment_sums_to_zero_on_the_clearing_account_once_it_is_undone(ledger: Ledger, connection: Connection) -> None:
    ledger.post_batch(
        [KeyedEntry(deposit_captured(payment(), TEN, NOON), "d"), KeyedEntry(refund_sent(payment(), TEN, NOON + DAY), "r")],
    )
    total = connection.execute(
        text(
            "select sum(p.amount_minor)::bigint from app.postings p join app.accounts a using (account_id) "
            "where p.intent_id = :intent and a.account_class = 'psp_receivable'"
        ),
        {"intent": UUID(int=1)},
    ).scalar_one()
    assert total == 0
