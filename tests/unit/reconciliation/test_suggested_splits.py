"""One payout that the bank shows as several credits, and sums that take the same money twice: L7."""

from __future__ import annotations

from tests.unit.reconciliation.test_suggestions import Rows, confirmed, item, payout, run


def credit(number: int, minor: int) -> Rows:
    return [item(f"bank:{number}", "bank", minor, bank_reference="ACME PAYS")]


def test_a_payout_in_two_credits_without_a_name_is_suggested_and_once_confirmed_one_group() -> None:
    rows = [*payout(1, 12_000), *payout(2, 9_100), *credit(8, 5_000), *credit(9, 7_000), *credit(10, 333)]
    found, outcome = run(rows)
    assert outcome.breaks.height == 5
    (row,) = found.rows(named=True)
    assert (row["layer"], row["finding"], row["account"], row["amount_minor"], row["pool_count"]) == ("L7", "unique", "Main", 12_000, 3)
    assert row["item_keys"].split() == ["bank:8", "bank:9", "payout:501", "settlement:1"]
    held = run(rows, accepted=confirmed(row))[1]
    assert held.groups.select("layer", "amount_minor", "item_count").rows() == [("L9", 12_000, 4)]
    assert held.certificate["closes"].all()


def test_a_split_that_fits_twice_is_ambiguous() -> None:
    rows = [*payout(1, 12_000), *credit(7, 4_000), *credit(8, 5_000), *credit(9, 7_000), *credit(10, 8_000)]
    found, _ = run(rows)
    assert [(row["finding"], row["rivals_count"]) for row in found.rows(named=True)] == [("ambiguous", 1)] * 2


def test_two_sums_that_take_the_same_payout_are_rivals_of_each_other() -> None:
    # the trap: each of the credits has one explanation only, and both cannot be true
    rows = [*payout(1, 5_000), *payout(2, 7_000), *payout(3, 9_100), *credit(8, 12_000), *credit(9, 16_100)]
    found, _ = run(rows)
    told = found.sort("amount_minor").select("amount_minor", "finding", "rivals_count", "score_bps").rows()
    assert told == [(12_000, "ambiguous", 1, 5_000), (16_100, "ambiguous", 1, 5_000)]
    assert all("1 other suggestions take one of them" in why for why in found["why"])
