"""Does the ledger book what it is told, once, and refuse the rest without a trace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection

from transactional.ledger.accounts import house_account, player_account, psp_account
from transactional.ledger.entries import Entry, KeyedEntry, Posting
from transactional.ledger.posting_templates import Payment, deposit_captured, withdrawal_requested
from transactional.ledger.service import Ledger
from transactional.vocabulary.errors import Refused
from transactional.vocabulary.money import Money

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLAYER = UUID(int=7)
PAYMENT = Payment("adyen", "CountroomEU", PLAYER, intent_id=UUID(int=1), attempt_id=UUID(int=2), psp_reference="PSP1", modification_reference="MOD1")
CASH = player_account(PLAYER, "EUR")


def deposit(minor: int, key: str, at: datetime = NOON) -> KeyedEntry:
    return KeyedEntry(deposit_captured(PAYMENT, Money("EUR", minor), at), key, recorded_at=at)


def test_a_deposit_is_one_entry_with_two_lines(connection: Connection) -> None:
    ledger = Ledger(connection)
    posted = ledger.post(deposit(1_000, "d1"))
    assert not posted.replayed
    assert ledger.available(CASH) == 1_000
    assert ledger.balance(CASH) == -1_000
    assert ledger.balance(psp_account("adyen", "CountroomEU", "EUR")) == 1_000
    again = ledger.post(deposit(1_000, "d1"))
    assert (again.entry_id, again.replayed) == (posted.entry_id, True)
    with pytest.raises(Refused, match="another body") as conflict, connection.begin_nested():
        ledger.post(deposit(1_001, "d1"))
    assert conflict.value.code == "idempotency_conflict"


def test_batch(connection: Connection) -> None:
    ledger = Ledger(connection)
    got = ledger.post_batch([deposit(10, "a"), deposit(20, "b"), deposit(10, "a")])
    assert [p.replayed for p in got] == [False, False, True]
    assert got[0].entry_id == got[2].entry_id
    assert ledger.available(CASH) == 30
    w = [KeyedEntry(withdrawal_requested(PAYMENT, Money("EUR", 20), NOON + timedelta(hours=i)), f"w{i}") for i in range(2)]
    with pytest.raises(Refused) as refusal, connection.begin_nested():
        ledger.post_batch(w)
    assert refusal.value.code == "insufficient_funds"
    assert refusal.value.detail["n"] == 1
    ledger.post_batch(w[:1])
    assert ledger.available(CASH) == 10
    ledger.reverse(got[0].entry_id, idempotency_key="r", effective_at=NOON + timedelta(days=1))
    assert ledger.available(CASH) == 0
    with pytest.raises(Refused) as refusal, connection.begin_nested():
        ledger.reverse(got[0].entry_id, idempotency_key="r2", effective_at=NOON + timedelta(days=1))
    assert refusal.value.code == "already_reversed"
    ledger.post(KeyedEntry(Entry("x", NOON, (Posting(house_account("rake", "EUR"), 5), Posting(house_account("house_revenue", "EUR"), -5))), "x"))
    assert sum(line.debit_minor - line.credit_minor for line in ledger.trial_balance()) == 0
