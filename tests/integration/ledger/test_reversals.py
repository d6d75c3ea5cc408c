"""Are corrections new facts: the exact inverse, once; and does the past stay what it was. Traps: reference LR §3, cases 9, 13 to 15."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection, text

from tests.integration.ledger.moves import CASH, DAY, NOON, RECEIVABLE, REVENUE, facts_count, move, payment
from transactional.ledger.accounts import house_account
from transactional.ledger.entries import Entry, KeyedEntry, Posting
from transactional.ledger.posting_templates import chargeback_received, deposit_captured
from transactional.ledger.service import Ledger
from transactional.vocabulary.errors import Refused
from transactional.vocabulary.money import Money

TEN = Money("EUR", 10_00)


@pytest.fixture
def ledger(connection: Connection) -> Ledger:
    return Ledger(connection)


def test_a_reversal_is_the_exact_inverse_also_of_a_split_entry(ledger: Ledger, connection: Connection) -> None:
    ledger.post(move(4_00, "d"))
    split = ledger.post(KeyedEntry(chargeback_received(payment(), TEN, NOON), "cb"))
    reversal = ledger.reverse(split.entry_id, idempotency_key="r", effective_at=NOON + DAY)
    lines = text(
        "select line, account_id, amount_minor, intent_id, attempt_id, psp_reference, modification_reference "
        "from app.postings where entry_id = :e order by line"
    )
    there = [tuple(row) for row in connection.execute(lines, {"e": split.entry_id})]
    back = [tuple(row) for row in connection.execute(lines, {"e": reversal.entry_id})]
    assert len(there) == 3
    assert back == [(line, account, -minor, *references) for line, account, minor, *references in there]
    assert (ledger.available(CASH), ledger.balance(RECEIVABLE)) == (4_00, 0)


def test_an_entry_is_reversed_at_most_once(ledger: Ledger, connection: Connection) -> None:
    posted = ledger.post(move(100, "d"))
    first = ledger.reverse(posted.entry_id, idempotency_key="r", effective_at=NOON)
    again = ledger.reverse(posted.entry_id, idempotency_key="r", effective_at=NOON)
    assert (again.entry_id, again.replayed) == (first.entry_id, True)
    for key, at, code in (("r2", NOON, "already_reversed"), ("r", NOON + DAY, "idempotency_conflict")):
        with pytest.raises(Refused) as refusal, connection.begin_nested():
            ledger.reverse(posted.entry_id, idempotency_key=key, effective_at=at)
        assert refusal.value.code == code
    assert ledger.available(CASH) == 0


def test_what_is_called_a_reversal_must_be_one(ledger: Ledger, connection: Connection) -> None:
    posted = ledger.post(move(100, "d"))
    rake = house_account("rake", "EUR")
    inverse = Entry("reversal", NOON, (Posting(REVENUE, -100), Posting(CASH, 100)), reverses_id=posted.entry_id)
    wrong = [
        (replace(inverse, postings=(Posting(REVENUE, -99), Posting(CASH, 99))), "not_an_inverse"),
        (replace(inverse, postings=(Posting(rake, -100), Posting(CASH, 100))), "not_an_inverse"),
        (replace(inverse, postings=(*inverse.postings, Posting(rake, 1), Posting(rake, -1))), "not_an_inverse"),
        (replace(inverse, reverses_id=UUID(int=404)), "unknown_entry"),
    ]
    before = facts_count(connection)
    for entry, code in wrong:
        for batched in (False, True):
            with pytest.raises(Refused) as refusal, connection.begin_nested():
                _ = ledger.post_batch([KeyedEntry(entry, "r")]) if batched else ledger.post(KeyedEntry(entry, "r"))
            assert refusal.value.code == code
    assert facts_count(connection)[1:3] == before[1:3]
    ledger.post_batch([KeyedEntry(inverse, "r")])
    assert ledger.available(CASH) == 0


def test_a_reversal_does_not_take_effect_before_what_it_reverses(ledger: Ledger, connection: Connection) -> None:
    rake = house_account("rake", "EUR")
    posted = ledger.post(move(100, "d", account=rake))
    with pytest.raises(Refused) as refusal, connection.begin_nested():
        ledger.reverse(posted.entry_id, idempotency_key="r", effective_at=NOON - timedelta(seconds=1))
    assert refusal.value.code == "reversal_too_early"


def test_a_reversal_is_final_so_that_an_entry_has_at_most_one_other_that_voids_it(ledger: Ledger, connection: Connection) -> None:
    posted = ledger.post(move(100, "d"))
    reversal = ledger.reverse(posted.entry_id, idempotency_key="r", effective_at=NOON)
    with pytest.raises(Refused) as refusal, connection.begin_nested():
        ledger.reverse(reversal.entry_id, idempotency_key="rr", effective_at=NOON)
    assert refusal.value.code == "reversal_of_reversal"


def test_nothing_is_reversed_that_is_not_there_or_already_spent(ledger: Ledger, connection: Connection) -> None:
    with pytest.raises(Refused) as refusal, connection.begin_nested():
        ledger.reverse(UUID(int=404), idempotency_key="r", effective_at=NOON)
    assert refusal.value.code == "unknown_entry"
    posted = ledger.post(move(100, "d"))
    ledger.post(move(-60, "w"))
    with pytest.raises(Refused) as refusal, connection.begin_nested():
        ledger.reverse(posted.entry_id, idempotency_key="r", effective_at=NOON)
    assert refusal.value.code == "insufficient_funds"


def test_an_as_of_reading_has_both_legs_of_a_reversal_or_only_the_first(ledger: Ledger) -> None:
    # open-bank-oss 860: the original was filtered out by status, the reversal was kept
    posted = ledger.post(move(100, "d", recorded_at=NOON))
    ledger.reverse(posted.entry_id, idempotency_key="r", effective_at=NOON + DAY, recorded_at=NOON + 2 * DAY)
    readings = [(NOON + DAY, None, -100), (NOON + 2 * DAY, None, 0), (None, NOON + DAY, -100), (None, NOON + 2 * DAY, 0)]
    for known_by, effective_until, minor in readings:
        assert ledger.balance(CASH, known_by=known_by, effective_until=effective_until) == minor
        trial = {
            line.account: line.debit_minor - line.credit_minor for line in ledger.trial_balance(known_by=known_by, effective_until=effective_until)
        }
        assert trial == {CASH: minor, REVENUE: -minor}


def test_a_late_fact_changes_the_second_reading_of_a_day_never_the_first(ledger: Ledger) -> None:
    ledger.post(move(100, "d", at=NOON, recorded_at=NOON))
    first = ledger.balance(CASH, known_by=NOON + DAY, effective_until=NOON + DAY)
    ledger.post(move(30, "late", at=NOON + timedelta(hours=1), recorded_at=NOON + 2 * DAY))
    assert ledger.balance(CASH, known_by=NOON + DAY, effective_until=NOON + DAY) == first == -100
    assert ledger.balance(CASH, known_by=NOON + 2 * DAY, effective_until=NOON + DAY) == -130


def test_the_end_of_a_reading_is_the_start_of_the_next(ledger: Ledger) -> None:
    ledger.post(move(100, "d", at=NOON, recorded_at=NOON))
    assert (ledger.balance(CASH, effective_until=NOON), ledger.balance(CASH, known_by=NOON)) == (0, -100)


@pytest.mark.parametrize("batched", [False, True])
def test_a_back_dated_debit_may_not_overdraw_the_past(ledger: Ledger, connection: Connection, batched: bool) -> None:
    # the player had 100 on day 0, nothing from day 1, and 500 since day 2: 80 more on day 0 would have been money he did not have on day 1
    story = [move(100, "d"), move(-100, "w", at=NOON + DAY), move(500, "d2", at=NOON + 2 * DAY)]
    late = move(-80, "late", at=NOON + timedelta(hours=1))
    for one in story:
        ledger.post(one)
    with pytest.raises(Refused) as refusal, connection.begin_nested():
        _ = ledger.post_batch([late]) if batched else ledger.post(late)
    assert (refusal.value.code, refusal.value.detail["available_minor"]) == ("insufficient_funds", 0)
    ledger.post(move(-80, "now", at=NOON + 2 * DAY))
    assert ledger.available(CASH) == 420


@pytest.mark.parametrize("batched", [False, True])
def test_a_back_dated_debit_that_the_past_can_bear_is_booked(ledger: Ledger, batched: bool) -> None:
    story = [move(100, "d"), move(-30, "w", at=NOON + DAY), move(500, "d2", at=NOON + 2 * DAY), move(-70, "late", at=NOON)]
    if batched:
        ledger.post_batch(story)
    else:
        for one in story:
            ledger.post(one)
    assert ledger.available(CASH) == 500
    assert ledger.balance(CASH, effective_until=NOON + 2 * DAY) == 0


def test_money_from_the_future_is_not_spent_before_it_comes(ledger: Ledger, connection: Connection) -> None:
    ledger.post(move(100, "d", at=NOON + 7 * DAY))
    with pytest.raises(Refused), connection.begin_nested():
        ledger.post(move(-1, "w", at=NOON))
    ledger.post(move(-1, "w", at=NOON + 7 * DAY))


def test_a_back_dated_fact_that_cannot_be_refused_takes_only_what_the_past_can_bear(ledger: Ledger) -> None:
    ledger.post(KeyedEntry(deposit_captured(payment(), TEN, NOON), "d"))
    ledger.post(move(-8_00, "w", at=NOON + DAY))
    ledger.post(move(50_00, "d2", at=NOON + 2 * DAY))
    ledger.post(KeyedEntry(chargeback_received(payment(), TEN, NOON + timedelta(hours=1)), "cb"))
    assert (ledger.available(CASH), ledger.balance(house_account("chargeback_receivable", "EUR"))) == (50_00, 8_00)
    assert ledger.balance(CASH, effective_until=NOON + 2 * DAY) == 0
