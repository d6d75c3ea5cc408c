"""What might belong together is told with all its rivals, and never taken for a match: L7, L8, and what two people make of it (L9)."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from typing import Any

import polars as pl
import pytest

from assets.reconciliation.context import RunContext, Terms
from assets.reconciliation.items import item_schema
from assets.reconciliation.matching import Outcome, reconcile
from assets.reconciliation.suggestions.near_references import distance_bps, distance_within_bps
from assets.reconciliation.suggestions.search import suggested
from assets.reconciliation.suggestions.subset_sum import LARGEST_POOL, MOST_COUNTED, answers

DAY, LATE = date(2026, 1, 5), datetime(2026, 2, 1, tzinfo=UTC)
Rows = list[dict[str, Any]]


def item(key: str, source: str, amount: int, **change: Any) -> dict[str, Any]:
    row = dict.fromkeys(item_schema()) | {
        "item_key": key,
        "source": source,
        "psp": None if source == "bank" else "acme",
        "account": "IBAN1" if source == "bank" else "Main",
        "kind": {"payout": "payout", "bank": "bank_movement"}.get(source, "deposit"),
        "raw_kind": "x",
        "currency": "EUR",
        "amount_minor": amount,
        "occurred_at": datetime(2026, 1, 5, 9, tzinfo=UTC),
        "booked_on": DAY,
        "known_at": datetime(2026, 1, 5, 12, tzinfo=UTC),
    }
    if source in ("settlement", "payout", "activity", "bank"):
        row |= {"file_name": f"{source}.csv", "file_version": 1, "line_no": int(key.rsplit(":", 1)[1]), "ext_id": None if source == "bank" else key}
    if source in ("settlement", "payout", "activity"):
        row |= {"net_currency": "EUR", "net_minor": amount}
    return row | change


def payout(number: int, minor: int) -> Rows:
    """A batch of one line that is paid out and not seen at the bank."""
    return [
        item(f"settlement:{number}", "settlement", minor, kind="topup", batch_id=f"{number}"),
        item(f"payout:{number + 500}", "payout", -minor, batch_id=f"{number}", bank_reference=f"TX{number:06}XT"),
    ]


def unsettled(number: int, minor: int, **change: Any) -> Rows:
    """A payment everybody tells of but the settlement report."""
    words = {"psp_reference": f"P{number:06}", "merchant_reference": f"pat_{number:06}"} | change
    return [item(f"{source}:{number}", source, minor, **words) for source in ("ledger", "attempt", "activity")]


def run(rows: Rows, **context: Any) -> tuple[pl.DataFrame, Outcome]:
    frame = pl.DataFrame(rows, schema=item_schema())
    outcome = reconcile(frame, RunContext(as_of=LATE, psp_terms={"acme": Terms()}, psp_names={"acme": ("acme",)}, **context))
    return suggested(frame, outcome.dispositions, outcome.breaks), outcome


def test_sums_are_those_of_brute_force_with_equal_amounts_counted_once() -> None:
    dice = random.Random(7)
    for size in range(1, 9):
        pool = [dice.choice((-300, 500, 500, 700, 1000, 1200)) for _ in range(size)]
        target = dice.choice((500, 1000, 1200, 1500))
        naive = {tuple(sorted(parts)) for k in range(1, size + 1) for parts in combinations(pool, k) if sum(parts) == target}
        found = answers(pool, target)
        assert (set(found.parts), found.count, found.is_capped) == (naive, len(naive), False)


def test_a_full_pool_of_round_amounts_is_counted_and_the_count_is_capped_aloud() -> None:
    found = answers([1_000 * n for n in range(1, LARGEST_POOL + 1)], 150_000)
    assert (found.count, found.is_capped) == (MOST_COUNTED, True)
    assert all(len(parts) <= 8 and sum(parts) == 150_000 for parts in found.parts)


def test_a_rival_longer_than_what_is_shown_is_still_a_rival() -> None:
    # the trap: uniqueness among short answers taken for uniqueness
    found = answers([*range(101, 110), sum(range(101, 110))], sum(range(101, 110)))
    assert (found.parts, found.count) == (((945,),), 2)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("ORDER-1001", "order 1001", 0),
        ("8835511210681324", "8835511210681342", 625),  # two neighbours swapped
        ("8835511210681324", "883551121068132", 625),  # the last digit lost
        ("8835511210681324", "1111111111111111", None),
        ("A1", "A2", None),  # too short to say
    ],
)
def test_references_are_near_by_their_letters_and_digits(one: str, other: str, expected: int | None) -> None:
    assert distance_bps(one, other) == distance_bps(other, one) == expected


def test_a_reference_is_found_inside_a_bank_text() -> None:
    assert distance_within_bps("TX000123XT", "ACME B.V. TX000132XT batch 7") == 1_000
    assert distance_within_bps("TX000123XT", "SALARIES JANUARY") is None


def test_one_credit_for_two_payouts_is_suggested_and_not_matched() -> None:
    rows = [*payout(1, 5_000), *payout(2, 7_000), *payout(3, 9_100), item("bank:9", "bank", 12_000, bank_reference="ACME PAYS")]
    found, outcome = run(rows)
    assert Counter(outcome.breaks["break_class"]) == {"missing_at_bank": 3, "unexplained_bank_line": 1}
    (row,) = found.rows(named=True)
    assert (row["layer"], row["finding"], row["rivals_count"], row["pool_count"], row["amount_minor"]) == ("L7", "unique", 0, 3, 12_000)
    assert row["item_keys"].split() == ["bank:9", "payout:501", "payout:502", "settlement:1", "settlement:2"]
    assert "12.00" not in row["why"]
    assert "120.00 EUR is the sum of 2 of 3 payouts of acme Main, and no other sum of them makes it" in row["why"]


def test_rivals_are_counted_and_equal_amounts_are_said_to_be_equal() -> None:
    rows = [row for number, minor in enumerate((5_000, 7_000, 4_000, 8_000), start=1) for row in payout(number, minor)]
    found, _ = run([*rows, item("bank:9", "bank", 12_000, bank_reference="ACME PAYS")])
    assert [(row["finding"], row["rivals_count"]) for row in found.rows(named=True)] == [("ambiguous", 1)] * 2
    twins = [*payout(1, 5_000), *payout(2, 5_000), item("bank:9", "bank", 5_000, bank_reference="ACME PAYS")]
    (row,) = run(twins)[0].rows(named=True)
    assert (row["finding"], row["rivals_count"], "equal amounts" in row["why"]) == ("ambiguous", 0, True)


def test_a_manual_payout_is_explained_by_the_lines_no_report_put_into_it() -> None:
    paid = item("payout:1", "payout", -15_000, batch_id="po_manual01", bank_reference="po_manual01")
    rows = [*unsettled(1, 10_000), *unsettled(2, 5_000), *unsettled(3, 3_333), paid, item("bank:9", "bank", 15_000, bank_reference="PO_MANUAL01")]
    found, outcome = run(rows)
    assert Counter(outcome.breaks["break_class"]) == {"missing_in_settlement": 3, "batch_residue": 1}
    (row,) = found.rows(named=True)
    assert (row["finding"], row["item_count"], row["amount_minor"]) == ("unique", 8, 15_000)


def test_too_large_a_pool_is_said_to_be_not_searched() -> None:
    rows = [row for number in range(1, LARGEST_POOL + 2) for row in payout(number, 1_000 + number)]
    (row,) = run([*rows, item("bank:9", "bank", 2_003, bank_reference="ACME PAYS")])[0].rows(named=True)
    assert (row["finding"], row["pool_count"], row["item_keys"]) == ("not_searched", 25, "")


def slipped(number: int, minor: int, ours: str, theirs: str) -> Rows:
    """A payment that the PSP tells under another reference than we do."""
    there = {"psp_reference": theirs, "merchant_reference": None}
    return [
        *(item(f"{source}:{number}", source, minor, psp_reference=ours) for source in ("ledger", "attempt")),
        *(item(f"{source}:{number}", source, minor, **there) for source in ("activity", "settlement")),
    ]


def test_a_slip_in_a_reference_is_suggested_with_its_rivals_and_money_alone_never_is() -> None:
    found, outcome = run([*slipped(1, 1_000, "8835511210681324", "8835511210681342"), *slipped(2, 1_000, "AAAAAAAAAA", "ZZZZZZZZZZ")])
    assert Counter(outcome.breaks["break_class"]) == {"missing_in_ledger": 2, "missing_at_psp": 2}
    (row,) = found.rows(named=True)
    assert (row["layer"], row["finding"], row["score_bps"]) == ("L8", "unique", 9_375)
    assert row["item_keys"].split() == ["activity:1", "attempt:1", "ledger:1", "settlement:1"]
    twins = [*slipped(1, 1_000, "8835511210681324", "8835511210681342"), *slipped(2, 1_000, "8835511210681326", "8835511210681344")]
    assert {row["finding"] for row in run(twins)[0].rows(named=True)} == {"ambiguous"}
    assert run(slipped(1, 1_000, "8835511210681324", "8835511210681342") + slipped(1, 2_000, "x", "y")[:0])[0].height == 1


def test_the_order_of_rows_decides_no_suggestion() -> None:
    rows = [*payout(1, 5_000), *payout(2, 5_000), *payout(3, 9_100), item("bank:9", "bank", 10_000, bank_reference="ACME PAYS")]
    rows += slipped(40, 1_000, "8835511210681324", "8835511210681342")
    told = run(rows)[0]
    assert told.height == 2
    random.Random(3).shuffle(rows)
    assert run(rows)[0].equals(told)


def confirmed(row: dict[str, Any]) -> pl.DataFrame:
    keys = row["item_keys"].split()
    at = pl.Series([LATE - timedelta(days=1)] * len(keys), dtype=pl.Datetime("us", "UTC"))
    return pl.DataFrame({"match_id": [row["suggestion_id"]] * len(keys), "item_key": keys, "confirmed_at": at})


def test_a_confirmed_sum_is_one_group_of_layer_nine_and_the_certificate_closes() -> None:
    rows = [*payout(1, 5_000), *payout(2, 7_000), *payout(3, 9_100), item("bank:9", "bank", 12_000, bank_reference="ACME PAYS")]
    (row,) = run(rows)[0].rows(named=True)
    left, outcome = run(rows, accepted=confirmed(row))
    (group,) = outcome.groups.filter(pl.col("layer") == "L9").rows(named=True)
    assert (group["case_kind"], group["amount_minor"], group["item_count"], group["psp"]) == ("payout", 12_000, 5, "acme")
    assert outcome.breaks["break_class"].to_list() == ["missing_at_bank"]
    assert left.is_empty()
    assert outcome.certificate["closes"].all()
    assert outcome.certificate["run_id"][0] != run(rows)[1].certificate["run_id"][0]


def test_a_confirmed_manual_payout_closes_its_lines_and_takes_what_comes_to_them_later() -> None:
    paid = item("payout:1", "payout", -15_000, batch_id="po_manual01", bank_reference="po_manual01")
    rows = [*unsettled(1, 10_000), *unsettled(2, 5_000), paid, item("bank:9", "bank", 15_000, bank_reference="PO_MANUAL01")]
    early = [row for row in rows if row["item_key"] != "attempt:1"]
    (row,) = run(early)[0].rows(named=True)
    for known, count in ((early, 7), (rows, 8)):
        outcome = run(known, accepted=confirmed(row))[1]
        assert outcome.breaks.is_empty()
        assert outcome.groups.select("layer", "item_count").rows() == [("L9", count)]
    # a settlement line says in which payout it really was: what they signed holds no longer, and says so as a break
    other = item("settlement:7", "settlement", 10_000, psp_reference="P000001", merchant_reference="pat_000001", batch_id="po_other001")
    outcome = run([*rows, other], accepted=confirmed(row))[1]
    assert "L9" not in outcome.groups["layer"].to_list()
    assert outcome.certificate["closes"].all()


def test_a_confirmed_slip_closes_the_payment_but_hides_no_wrong_net() -> None:
    rows = slipped(1, 1_000, "8835511210681324", "8835511210681342")
    (row,) = run(rows)[0].rows(named=True)
    outcome = run(rows, accepted=confirmed(row))[1]
    assert outcome.groups.select("layer", "hops").rows() == [("L9", "activity+attempt+ledger+settlement")]
    short = [each | ({"net_minor": 990} if each["source"] == "settlement" else {}) for each in rows]
    outcome = run(short, accepted=confirmed(row))[1]
    assert outcome.breaks.select("break_class", "amount_minor").rows() == [("row_arithmetic", -10)]
    assert outcome.groups.is_empty()


def test_a_confirmation_does_not_outlive_its_facts() -> None:
    rows = [*payout(1, 5_000), *payout(2, 7_000), item("bank:9", "bank", 12_000, bank_reference="ACME PAYS")]
    (row,) = run(rows)[0].rows(named=True)
    smaller = [each | {"amount_minor": 11_999} if each["source"] == "bank" else each for each in rows]
    alone = [each for each in rows if each["item_key"] != "payout:501"]
    for changed in (smaller, alone):
        outcome = run(changed, accepted=confirmed(row))[1]
        assert outcome.groups.filter(pl.col("layer") == "L9").is_empty()
        assert outcome.certificate["closes"].all()


def test_of_two_confirmations_over_one_item_the_first_holds() -> None:
    rows = [row for number, minor in enumerate((5_000, 7_000, 4_000, 8_000), start=1) for row in payout(number, minor)]
    rows += [item("bank:9", "bank", 12_000, bank_reference="ACME PAYS")]
    one, other = run(rows)[0].rows(named=True)
    earlier = confirmed(other).with_columns(pl.col("confirmed_at") - timedelta(days=1))
    outcome = run(rows, accepted=pl.concat([confirmed(one), earlier]))[1]
    (group,) = outcome.groups.filter(pl.col("layer") == "L9")["group_id"]
    held = outcome.dispositions.filter(pl.col("group_id") == group)["item_key"]
    assert sorted(held) == sorted(other["item_keys"].split())


def test_a_batch_that_two_people_made_whole_does_not_fail_its_gate_for_ever() -> None:
    paid = item("payout:1", "payout", -15_000, batch_id="po_manual01", bank_reference="po_manual01")
    arrived = item("bank:9", "bank", 15_000, bank_reference="PO_MANUAL01")
    rows = [*unsettled(1, 10_000), *unsettled(2, 5_000), paid, arrived, *payout(3, 9_100)]
    suggestion, before = run(rows)
    assert batch_gate(before) == (2, 1)
    assert batch_gate(run(rows, accepted=confirmed(suggestion.row(0, named=True)))[1]) == (2, 0)


def test_a_signature_over_the_bank_line_of_a_batch_does_not_make_the_batch_add_up() -> None:
    # one credit for two payouts, of which one is 10 larger than its lines: two people sign the arrival, and would have signed the 10 away
    short = [each | ({"net_minor": 4_990} if each["source"] == "settlement" and each["batch_id"] == "1" else {}) for each in payout(1, 5_000)]
    rows = [*short, *payout(2, 7_000), item("bank:9", "bank", 12_000, bank_reference="ACME PAYS")]
    named = {"suggestion_id": "sug_1", "item_keys": " ".join(each["item_key"] for each in rows)}
    signed = run(rows, accepted=confirmed(named))[1]
    assert batch_gate(signed) == (2, 1)
    assert signed.breaks.filter(pl.col("break_class") == "batch_residue")["amount_minor"].to_list() == [-10]


def batch_gate(outcome: Outcome) -> tuple[int, int]:
    """(batches looked at, batches that do not add up)"""
    ((checked, failed),) = outcome.gates.filter(pl.col("gate") == "G5").select("checked_count", "failed_count").rows()
    return checked, failed
