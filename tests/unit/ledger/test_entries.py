"""Is an entry that does not balance, or an amount that is no integer, refused before the database is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from transactional.ledger.accounts import house_account, psp_account
from transactional.ledger.entries import Entry, KeyedEntry, Posting, sums_by_currency
from transactional.vocabulary.errors import InputRejected, Refused

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
EUR, REVENUE, JPY = psp_account("adyen", "EU", "EUR"), house_account("house_revenue", "EUR"), house_account("rake", "JPY")
BALANCED = (Posting(EUR, 100), Posting(REVENUE, -100))


@pytest.mark.parametrize("amount", [float("nan"), float("inf"), 1.0, 0.1, "100", "NaN", Decimal("1"), Decimal("NaN"), True, None])
def test_an_amount_that_is_no_integer_is_refused(amount: Any) -> None:
    with pytest.raises(InputRejected) as refusal:
        Posting(EUR, amount)
    assert refusal.value.code == "amount_not_integer"


@pytest.mark.parametrize(("amount", "code"), [(0, "zero_amount"), (2**63, "amount_out_of_range"), (-(2**63), "amount_out_of_range")])
def test_an_amount_of_nothing_or_beyond_64_bits_is_refused(amount: int, code: str) -> None:
    with pytest.raises(InputRejected) as refusal:
        Posting(EUR, amount)
    assert refusal.value.code == code


def test_an_entry_that_is_off_by_one_unit_is_refused() -> None:
    with pytest.raises(Refused) as refusal:
        Entry("deposit", NOON, (Posting(EUR, 100), Posting(REVENUE, -99)))
    assert (refusal.value.code, refusal.value.detail) == ("unbalanced", {"EUR": 1})


def test_currencies_do_not_balance_each_other() -> None:
    with pytest.raises(Refused, match="JPY"):
        Entry("deposit", NOON, (Posting(EUR, 100), Posting(JPY, -100)))


def test_an_entry_without_postings_is_refused() -> None:
    with pytest.raises(Refused) as refusal:
        Entry("deposit", NOON, ())
    assert refusal.value.code == "empty_entry"


def test_a_time_without_a_zone_is_refused_and_any_other_becomes_utc() -> None:
    with pytest.raises(InputRejected):
        Entry("deposit", NOON.replace(tzinfo=None), BALANCED)
    east = Entry("deposit", NOON.astimezone(timezone(timedelta(hours=3))), BALANCED)
    assert east == Entry("deposit", NOON, BALANCED)
    assert east.payload_hash() == Entry("deposit", NOON, BALANCED).payload_hash()


def test_backing_is_in_the_same_currency() -> None:
    with pytest.raises(InputRejected):
        Posting(EUR, 1, backed_by=JPY)


def test_every_part_of_what_an_entry_says_is_in_its_hash() -> None:
    entry = Entry("deposit", NOON, BALANCED)
    first, second = BALANCED
    others = [
        replace(entry, kind="refund"),
        replace(entry, effective_at=NOON + timedelta(microseconds=1)),
        replace(entry, description="x"),
        replace(entry, reverses_id=UUID(int=1)),
        replace(entry, postings=(second, first)),
        *(
            replace(entry, postings=(replace(first, **{name: value}), second))
            for name, value in {
                "intent_id": UUID(int=1),
                "attempt_id": UUID(int=1),
                "psp_reference": "a",
                "modification_reference": "a",
                "backed_by": REVENUE,
                "account": psp_account("adyen", "UK", "EUR"),
            }.items()
        ),
    ]
    hashes = {other.payload_hash() for other in others} | {entry.payload_hash()}
    assert len(hashes) == len(others) + 1
    assert all(len(each) == 32 for each in hashes)


@pytest.mark.parametrize("key", ["", "x" * 201, "tab\tbed", "nul\0"])
def test_a_key_is_short_and_printable(key: str) -> None:
    with pytest.raises(InputRejected) as refusal:
        KeyedEntry(Entry("deposit", NOON, BALANCED), key)
    assert refusal.value.code == "wrong_key"


def test_sums_are_kept_apart_by_currency() -> None:
    assert sums_by_currency([*BALANCED, Posting(JPY, 7)]) == {"EUR": 0, "JPY": 7}
