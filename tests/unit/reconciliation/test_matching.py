"""One case, one ending: each class fires on its defect, and a complete chain is quiet."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.reconciliation.context import RunContext, Terms
from assets.reconciliation.items import item_schema
from assets.reconciliation.matching import Outcome, reconcile
from transactional.vocabulary.errors import ContractBroken

DAY = date(2026, 1, 5)
LATE, SOON = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 1, 5, 23, tzinfo=UTC)
_NAMES = {"settlement": "batch.csv", "payout": "batch.csv", "activity": "activity.csv", "bank": "bank.xml"}


def item(key: str, source: str, amount: int, **change: Any) -> dict[str, Any]:
    """A deposit of payment P1 as one source tells it."""
    row = dict.fromkeys(item_schema()) | {
        "item_key": key,
        "source": source,
        "psp": "acme",
        "account": "Main",
        "kind": "deposit",
        "raw_kind": "Settled",
        "currency": "EUR",
        "amount_minor": amount,
        "psp_reference": "P1",
        "modification_reference": "M1",
        "occurred_at": datetime(2026, 1, 5, 9, tzinfo=UTC),
        "booked_on": DAY,
        "known_at": datetime(2026, 1, 5, 12, tzinfo=UTC),
    }
    if source in _NAMES:
        row |= {"file_name": _NAMES[source], "file_version": 1, "line_no": int(key.rsplit(":", 1)[1])}
    if source == "settlement":
        row |= {"net_currency": "EUR", "net_minor": amount - 10, "commission_minor": 10, "batch_id": "7"}
    if source == "payout":
        row |= {"kind": "payout", "net_currency": "EUR", "net_minor": amount, "batch_id": "7", "bank_reference": "TX123XT"}
    if source == "bank":
        row |= {"psp": None, "account": "IBAN1", "kind": "bank_movement", "bank_reference": "ACME TX123XT batch 7"}
    if source in ("payout", "bank"):
        row |= {"psp_reference": None, "modification_reference": None}
    return row | change


def chain(**changes: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The whole chain of one deposit; a change by source, None leaves the hop out."""
    amounts = {"ledger": 1000, "attempt": 1000, "activity": 1000, "settlement": 1000, "payout": -990, "bank": 990}
    return [
        item(f"{source}:2", source, amount, **(changes.get(source) or {}))
        for source, amount in amounts.items()
        if changes.get(source, {}) is not None
    ]


def run(rows: list[dict[str, Any]], as_of: datetime = LATE, **terms: Any) -> Outcome:
    context = RunContext(as_of=as_of, psp_terms={"acme": Terms(**terms)}, psp_names={"acme": ("acme",)})
    return reconcile(pl.DataFrame(rows, schema=item_schema()), context)


def found(outcome: Outcome) -> list[tuple[str, int]]:
    return sorted(outcome.breaks.select("break_class", "amount_minor").iter_rows())


def test_a_complete_chain_is_two_groups_and_no_break() -> None:
    outcome = run(chain())
    assert found(outcome) == []
    assert sorted(outcome.groups["hops"]) == ["activity+attempt+ledger+settlement", "bank+payout"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"ledger": None}, ("missing_in_ledger", 1000)),
        ({"attempt": None}, ("missing_attempt", 1000)),
        ({"settlement": None, "payout": None, "bank": None}, ("missing_in_settlement", 1000)),
        ({"activity": None, "settlement": None, "payout": None, "bank": None}, ("missing_at_psp", 1000)),
        ({"bank": None}, ("missing_at_bank", 990)),
        ({"bank": {"amount_minor": 980}}, ("amount", -10)),
        ({"ledger": {"amount_minor": 900}}, ("amount", 100)),
        ({"ledger": {"amount_minor": 100_000}}, ("exponent", -99_000)),
        ({"ledger": {"currency": "USD"}}, ("currency", 1000)),
        (
            {"settlement": {"net_minor": 980}, "payout": {"amount_minor": -980, "net_minor": -980}, "bank": {"amount_minor": 980}},
            ("row_arithmetic", -10),
        ),
        ({"payout": {"amount_minor": -900, "net_minor": -900}, "bank": {"amount_minor": 900}}, ("batch_residue", 90)),
    ],
)
def test_one_defect_is_one_break_with_its_class_and_amount(changes: dict[str, Any], expected: tuple[str, int]) -> None:
    assert found(run(chain(**changes))) == [expected]


def test_a_sign_turned_around_is_not_an_amount() -> None:
    turned = {"amount_minor": -1000, "net_minor": -1010}
    rows = chain(settlement=turned, activity={"amount_minor": -1000}, payout=None, bank=None)
    assert ("sign", -2000) in found(run(rows))


def test_what_is_late_within_its_lag_is_open_and_not_a_break() -> None:
    outcome = run(chain(settlement=None, payout=None, bank=None), SOON)
    assert found(outcome) == [("timing_open", 1000)]
    assert not outcome.breaks["counts_as_break"].any()


def test_a_second_booking_is_the_surplus_and_the_rest_still_matches() -> None:
    again = item("ledger:9", "ledger", 1000, known_at=datetime(2026, 1, 5, 13, tzinfo=UTC))
    outcome = run([*chain(), again])
    assert found(outcome) == [("duplicate_ledger", 1000)]
    assert outcome.dispositions.filter(pl.col("item_key") == "ledger:9")["disposition"].to_list() == ["broken"]
    assert outcome.groups.height == 2


def test_a_line_printed_twice_in_a_file_is_told_from_money_moved_twice() -> None:
    again = item("settlement:3", "settlement", 1000)
    assert found(run([*chain(), again])) == [("duplicate_file", 1000)]
    paid_twice = chain(payout={"amount_minor": -1980, "net_minor": -1980}, bank={"amount_minor": 1980})
    assert found(run([*paid_twice, again])) == [("duplicate_psp", 1000)]


def test_an_id_printed_twice_accuses_no_other_line_of_the_same_amount() -> None:
    # seed 15 of the worlds: one payment moved twice, another printed twice, equal amounts in one batch; the batch is off by one of them only
    other = {"psp_reference": "P2", "modification_reference": "M2"}
    rows = chain(settlement={"ext_id": "T1"}, payout={"amount_minor": -2970, "net_minor": -2970}, bank={"amount_minor": 2970})
    rows += [item(f"{source}:3", source, 1000, **other) for source in ("ledger", "attempt", "activity")]
    rows += [item("settlement:3", "settlement", 1000, ext_id="T2", **other), item("settlement:4", "settlement", 1000, ext_id="T2", **other)]
    rows += [item("settlement:5", "settlement", 1000, ext_id="T3")]
    assert found(run(rows)) == [("duplicate_file", 1000), ("duplicate_psp", 1000)]


def test_a_newer_version_restates_the_older_line_and_counts() -> None:
    older = item("settlement:2", "settlement", 900)
    newer = chain(settlement={"item_key": "settlement:v2:2", "file_version": 2}, payout={"file_version": 2})
    assert found(run([*newer, older | {"item_key": "settlement:v1:2"}])) == [("restated", 100)]


def test_an_unknown_kind_is_a_break_with_its_money_and_never_a_fee() -> None:
    odd = item("settlement:5", "settlement", 0, kind="unknown", amount_minor=-25, net_minor=-25, commission_minor=0, psp_reference=None)
    rows = chain(payout={"amount_minor": -965, "net_minor": -965}, bank={"amount_minor": 965})
    assert found(run([*rows, odd])) == [("unknown_kind", -25)]


def test_a_missing_batch_number_is_a_gap() -> None:
    later = [
        item("settlement:8", "settlement", 1000, batch_id="9", psp_reference="P2", modification_reference="M2"),
        item("ledger:8", "ledger", 1000, psp_reference="P2", modification_reference="M2"),
        item("attempt:8", "attempt", 1000, psp_reference="P2", modification_reference="M2"),
        item("payout:9", "payout", -990, batch_id="9", bank_reference="TX999XT"),
        item("bank:9", "bank", 990, bank_reference="ACME TX999XT"),
    ]
    assert found(run([*chain(), *later], consecutive_batches=True)) == [("batch_gap", 0)]


def test_an_unrelated_bank_line_is_ignored_and_one_that_names_the_psp_is_not() -> None:
    salary = item("bank:3", "bank", -5000, bank_reference="SALARIES")
    stray = item("bank:4", "bank", 777, bank_reference="ACME payout unknown")
    outcome = run([*chain(), salary, stray])
    assert found(outcome) == [("unexplained_bank_line", 777)]
    assert outcome.dispositions.filter(pl.col("item_key") == "bank:3")["reason"].to_list() == ["not_psp"]


def test_the_order_of_rows_decides_nothing_and_a_second_run_is_the_same() -> None:
    rows = [*chain(ledger={"amount_minor": 900}), item("ledger:7", "ledger", 5, psp_reference="P9", modification_reference="M9")]
    first = run(rows)
    random.Random(7).shuffle(rows)
    second = run(rows)
    for name in ("groups", "dispositions", "breaks", "certificate", "gates"):
        assert_frame_equal(getattr(first, name), getattr(second, name), check_row_order=False)


def test_every_item_ends_once_and_the_certificate_closes() -> None:
    outcome = run(chain(ledger=None, bank=None))
    assert outcome.dispositions.height == 4
    assert outcome.dispositions["disposition"].null_count() == 0
    assert outcome.certificate["closes"].all()


def test_what_was_recorded_after_the_watermark_is_not_seen() -> None:
    late = item("ledger:7", "ledger", 5, psp_reference="P9", known_at=datetime(2026, 3, 1, tzinfo=UTC))
    assert run([*chain(), late]).dispositions.equals(run(chain()).dispositions)


def test_a_float_in_money_is_refused_and_not_rounded() -> None:
    frame = pl.DataFrame(chain(), schema=item_schema()).with_columns(pl.col("amount_minor").cast(pl.Float64))
    with pytest.raises(ContractBroken, match="expected integer minor units"):
        reconcile(frame, RunContext(as_of=LATE))


def test_an_entry_stands_until_its_reversal_is_known_and_is_no_movement_from_then_on() -> None:
    later = datetime(2026, 1, 20, tzinfo=UTC)
    wrong = [item("ledger:8", "ledger", 777, psp_reference="P2", modification_reference="M2")]
    reversal = item("ledger:9", "ledger", -777, psp_reference="P2", modification_reference="M2", known_at=later, voids_item_key="ledger:8")
    before, after = run([*chain(), *wrong, reversal], as_of=datetime(2026, 1, 19, tzinfo=UTC)), run([*chain(), *wrong, reversal])
    assert found(before) == [("missing_at_psp", 777)]
    assert found(after) == []
    assert after.dispositions.filter(pl.col("reason") == "reversed")["item_key"].to_list() == ["ledger:8", "ledger:9"]


def test_one_tangle_is_one_break_although_its_items_carry_two_references() -> None:
    # found by the property of overlapping files: a case whose hops repeat two of our references was refused twice
    rows = [
        item("attempt:1", "attempt", 1000, merchant_reference="A"),
        item("activity:2", "activity", 1000, merchant_reference="B"),
        *(
            item(f"ledger:{n}", "ledger", 1000, psp_reference=None, modification_reference=None, merchant_reference=words)
            for n, words in enumerate("AABB")
        ),
    ]
    outcome = run(rows)
    assert found(outcome) == [("ambiguous_group", 4000)]
    assert outcome.breaks["member_count"].to_list() == [6]


def test_a_row_in_one_currency_ties_exactly_or_not_at_all() -> None:
    # found by a hand mutation: a tolerance of two units went unnoticed
    off = {"settlement": {"net_minor": 991}, "payout": {"amount_minor": -991, "net_minor": -991}, "bank": {"amount_minor": 991}}
    assert found(run(chain(**off))) == [("row_arithmetic", 1)]


def test_what_is_known_at_the_very_moment_is_known() -> None:
    moment = datetime(2026, 1, 20, tzinfo=UTC)
    rows = [row | {"known_at": moment} for row in chain()]
    assert run(rows, as_of=moment).groups.height == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ledger": {"amount_minor": 900}}, "differs by 1.00 EUR: ledger 9.00 EUR, attempt 10.00 EUR, activity 10.00 EUR, settlement 10.00 EUR."),
        ({"settlement": {"net_minor": 980}}, "gross 10.00 EUR, fees 0.10 EUR, net 9.80 EUR, rate 1."),
        ({"bank": {"amount_minor": 980}}, "payout 9.90 EUR, booked nowhere, at the bank 9.80 EUR."),
    ],
)
def test_an_explanation_says_its_amounts_as_people_write_them(changes: dict[str, Any], said: str) -> None:
    assert any(explanation.endswith(said) for explanation in run(chain(**changes)).breaks["explanation"])


@pytest.mark.parametrize(("currency", "printed"), [("JPY", "900 JPY"), ("KWD", "0.900 KWD")])
def test_an_explanation_knows_the_decimals_of_each_currency(currency: str, printed: str) -> None:
    rows = chain(**{source: {"currency": currency} for source in ("ledger", "attempt", "activity", "settlement")})
    rows[0]["amount_minor"] = 900
    (broken,) = run(rows).breaks.filter(pl.col("break_class") == "amount").to_dicts()
    assert f"ledger {printed}" in broken["explanation"]


def two_payments(reference: str | None) -> list[dict[str, Any]]:
    """Two payments in two currencies whose PSP reference a spreadsheet printed as one; the PSP repeats `reference` with a number, or nothing."""
    rows = []
    for number, currency in enumerate(("EUR", "USD"), start=2):
        told = {"currency": currency, "psp_reference": "9.99E+15", "modification_reference": "9.99E+15"}
        told |= {"merchant_reference": f"{reference}{number}" if reference else None}
        net = {"net_currency": currency, "net_minor": 990 if number == 2 else 985}
        rows += [item(f"ledger:{number}", "ledger", 1000, **told), item(f"attempt:{number}", "attempt", 1000, **told)]
        rows += [item(f"activity:{number}", "activity", 1000, **told), item(f"settlement:{number}", "settlement", 1000, **told, **net)]
    return rows


def test_payments_under_one_rounded_reference_are_told_apart_by_our_own() -> None:
    # met in a real file: Excel rounds long references, two payments become one in two currencies, and the row that does not tie hides behind it
    assert [broken for broken in found(run(two_payments("ours-"))) if broken[0] != "batch_residue"] == [("row_arithmetic", -5)]
    assert ("currency", 2000) in found(run(two_payments(None)))
