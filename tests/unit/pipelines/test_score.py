"""Is the score strict: the traps of a lenient one."""

from __future__ import annotations

import polars as pl

from pipelines.standing.score import Identity, identities_of_breaks, score

REFUND: Identity = ("missing_in_ledger", "EUR", -500, frozenset({"settlement:a:2"}))


def other(**change: object) -> Identity:
    names = ("break_class", "currency", "amount", "items")
    values = dict(zip(names, REFUND, strict=True)) | change
    return tuple(values[name] for name in names)  # type: ignore[return-value]


def test_the_same_break_is_right() -> None:
    outcome = score([REFUND], [REFUND])
    assert outcome.is_perfect
    assert [(each.precision, each.recall) for each in outcome.classes] == [(1.0, 1.0)]


def test_a_wrong_amount_currency_or_item_is_both_missed_and_invented() -> None:
    for wrong in (other(amount=-501), other(currency="GBP"), other(items=frozenset({"settlement:a:3"}))):
        outcome = score([wrong], [REFUND])
        assert (outcome.missed, outcome.invented) == ((REFUND,), (wrong,))
        assert [(each.precision, each.recall) for each in outcome.classes] == [(0.0, 0.0)]


def test_reporting_a_break_twice_is_one_too_many() -> None:
    outcome = score([REFUND, REFUND], [REFUND])
    assert outcome.invented == (REFUND,)
    assert outcome.classes[0].precision == 0.5


def test_silence_on_a_quiet_day_is_perfect() -> None:
    assert score([], []).is_perfect


def test_a_missing_batch_is_named_by_what_is_missing() -> None:
    row = {"break_class": "batch_gap", "currency": "EUR", "amount_minor": 0, "item_keys": "", "psp": "adyen", "account": "EU", "batch_id": "17"}
    assert identities_of_breaks(pl.DataFrame([row])) == [("batch_gap", "EUR", 0, frozenset({"batch:adyen:EU:17"}))]
