"""Reserves that should be back, batches that ended below zero, movements on two days, fees component by component."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from assets.reconciliation.context import ACCOUNT_FEE_SCHEMA, FEE_RULE_SCHEMA, RESERVE_TERM_SCHEMA, RunContext, Terms
from assets.reconciliation.items import item_schema
from assets.reconciliation.matching import Outcome, reconcile
from tests.unit.reconciliation.test_matching import DAY, LATE, chain, found, item, run

WEEK = [("acme", "Main", date(2026, 1, 1), date(2027, 1, 1), 7)]


def moved(batch: str, amount: int, days: int = 0, line: int = 7) -> dict[str, Any]:
    """A line by which the PSP takes (negative) or gives back a reserve in a batch of that many days later."""
    return item(
        f"settlement:{batch}{line}",
        "settlement",
        amount,
        kind="reserve",
        psp_reference=None,
        modification_reference=None,
        net_minor=amount,
        commission_minor=None,
        batch_id=batch,
        booked_on=DAY + timedelta(days=days),
    )


def reserves(lines: list[dict[str, Any]], as_of: datetime = LATE, terms: list[Any] = WEEK) -> Outcome:
    agreed = pl.DataFrame(terms, schema=dict(RESERVE_TERM_SCHEMA), orient="row")
    context = RunContext(as_of=as_of, psp_terms={"acme": Terms()}, reserve_terms=agreed)
    return reconcile(pl.DataFrame(lines, schema=item_schema()), context)


def kept(outcome: Outcome) -> list[tuple[str, int, int, str]]:
    return outcome.reserves.sort("held_on").select("batch_id", "held_minor", "open_minor", "state").rows()


def overdue(outcome: Outcome) -> list[tuple[str, int]]:
    return sorted(outcome.breaks.filter(pl.col("break_class") == "reserve_unreleased").select("batch_id", "amount_minor").iter_rows())


def test_a_reserve_that_is_not_back_by_its_date_is_a_break_with_amount_and_date() -> None:
    outcome = reserves([moved("1", -300)])
    assert overdue(outcome) == [("1", 300)]
    found_break = outcome.breaks.filter(pl.col("break_class") == "reserve_unreleased")
    # held on the 5th for 7 days, 3 bank days to settle, 1 of grace
    assert found_break.select("due_on", "exposure", "member_count").rows() == [(date(2026, 1, 16), "owed_to_us", 0)]


def test_a_reserve_inside_its_time_is_held_and_no_break() -> None:
    outcome = reserves([moved("1", -300)], as_of=datetime(2026, 1, 16, 12, tzinfo=UTC))
    assert (kept(outcome), overdue(outcome)) == ([("1", 300, 300, "held")], [])


def test_without_an_agreed_term_nothing_is_overdue() -> None:
    # blocks: an invented date; the money is still told as held
    outcome = reserves([moved("1", -300)], terms=[])
    assert (kept(outcome), overdue(outcome)) == ([("1", 300, 300, "held")], [])


def test_the_hold_that_never_came_back_is_named_although_later_ones_did() -> None:
    # blocks: first in, first out alone, which would let the release of batch 2 pay for batch 1 and accuse batch 3
    lines = [moved("1", -300), moved("2", -200, 1), moved("3", -250, 2), moved("4", 200, 8), moved("5", 250, 9)]
    outcome = reserves(lines)
    assert overdue(outcome) == [("1", 300)]
    assert kept(outcome) == [("1", 300, 300, "overdue"), ("2", 200, 0, "released"), ("3", 250, 0, "released")]


def test_a_release_of_another_amount_goes_to_the_oldest_hold() -> None:
    outcome = reserves([moved("1", -300), moved("2", -200, 1), moved("4", 350, 8)])
    assert kept(outcome) == [("1", 300, 0, "released"), ("2", 200, 150, "overdue")]
    assert overdue(outcome) == [("2", 150)]


def test_a_release_of_before_our_first_file_pays_for_no_later_hold() -> None:
    assert overdue(reserves([moved("0", 900, -3), moved("1", -300)])) == [("1", 300)]


def test_the_order_of_lines_decides_nothing() -> None:
    lines = [moved("1", -300), moved("2", -300, 1), moved("3", -250, 2), moved("4", 300, 8), moved("5", 100, 9)]
    assert kept(reserves(lines)) == kept(reserves(lines[::-1])) == [("1", 300, 0, "released"), ("2", 300, 200, "overdue"), ("3", 250, 250, "overdue")]


def below_zero(bank: dict[str, Any] | None) -> list[dict[str, Any]]:
    """A refund alone in its batch: the batch ends 310 below zero, and the PSP says it collects that."""
    hops = {"ledger": -300, "attempt": -300, "activity": -300, "settlement": -300}
    rows = [item(f"{source}:2", source, amount, kind="refund") for source, amount in hops.items()]
    rows.append(item("payout:3", "payout", 310))
    return rows if bank is None else [*rows, item("bank:2", "bank", -310, **bank)]


def test_a_batch_below_zero_is_collected_by_a_debit_at_our_bank() -> None:
    outcome = run(below_zero({}))
    assert found(outcome) == []
    assert outcome.groups.filter(pl.col("layer") == "L6")["amount_minor"].to_list() == [-310]


def test_a_batch_below_zero_that_nobody_collected_is_owed_by_us() -> None:
    # blocks: money we owe reported as money that has not arrived
    outcome = run(below_zero(None))
    assert found(outcome) == [("negative_payout", -310)]
    assert outcome.breaks["exposure"].to_list() == ["owed_by_us"]
    assert "-3.10 EUR" in outcome.breaks["explanation"][0]


def test_a_credit_is_never_the_collection_of_a_batch_below_zero() -> None:
    assert ("negative_payout", -310) not in found(run(below_zero({"amount_minor": 310})))
    assert found(run(below_zero({"amount_minor": 310, "bank_reference": "ACME"})))[0] == ("negative_payout", -310)


def days(ledger: int, activity: int, *, hours: int = 1) -> Outcome:
    """The chain with the days our books and the PSP put it on, from DAY; `hours` between the two moments."""
    then = datetime(2026, 1, 5, 9, tzinfo=UTC) + timedelta(hours=hours)
    told = {"booked_on": DAY + timedelta(days=activity), "occurred_at": then}
    return run(chain(ledger={"booked_on": DAY + timedelta(days=ledger)}, activity=told))


@pytest.mark.parametrize(
    ("ledger", "activity", "hours", "why"),
    [(1, 0, 1, "early"), (0, 2, 60, "late"), (0, 1, 0, "zone"), (1, 0, 0, "zone")],
)
def test_an_agreeing_movement_on_two_days_is_told_with_both_days(ledger: int, activity: int, hours: int, why: str) -> None:
    outcome = days(ledger, activity, hours=hours)
    assert found(outcome) == [("cut_off", 1000)]
    told = outcome.breaks.select("sub_class", "counts_as_break", "explanation").row(0)
    assert told[:2] == (why, True)
    assert all(str(DAY + timedelta(days=day)) in told[2] for day in (ledger, activity))


@pytest.mark.parametrize(("ledger", "activity"), [(0, 0), (0, 1)])
def test_the_lag_explains_a_day(ledger: int, activity: int) -> None:
    assert found(days(ledger, activity)) == []


def test_a_difference_in_money_is_never_told_as_a_difference_in_days() -> None:
    rows = chain(ledger={"booked_on": DAY + timedelta(days=1), "amount_minor": 900})
    assert found(run(rows)) == [("amount", 100)]


def fees(**told: int) -> Outcome:
    """A deposit of 10.00 EUR under a contract of 60 bps markup, 11 bps scheme fee, 20 bps interchange: 6, 1 and 2 cents."""
    rule = dict.fromkeys(FEE_RULE_SCHEMA) | {
        "psp": "acme",
        "account": "Main",
        "kind": "deposit",
        "rule_id": "plus",
        "rule_order": 1,
        "method": "*",
        "since": date(2026, 1, 1),
        "until": date(2027, 1, 1),
        "markup_bps": 60,
        "scheme_fee_bps": 11,
        "interchange_bps": 20,
    }
    charged = {"commission_minor": None} | told
    net = 1000 - sum(minor for minor in charged.values() if minor)
    rows = chain(settlement=charged | {"net_minor": net}, payout={"amount_minor": -net, "net_minor": -net}, bank={"amount_minor": net})
    context = RunContext(as_of=LATE, psp_terms={"acme": Terms()}, fee_rules=pl.DataFrame([rule], schema=dict(FEE_RULE_SCHEMA)))
    return reconcile(pl.DataFrame(rows, schema=item_schema()), context)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"markup_minor": 6, "scheme_fee_minor": 1, "interchange_minor": 2}, []),
        ({"markup_minor": 6, "scheme_fee_minor": 1, "interchange_minor": 7}, [("interchange", 5)]),
        ({"markup_minor": 8, "scheme_fee_minor": 2, "interchange_minor": 2}, [("several", 3)]),
        ({"markup_minor": 5, "scheme_fee_minor": 1, "interchange_minor": 3}, [("split", 0)]),
        ({"commission_minor": 9}, []),
        ({"commission_minor": 12}, [(None, 3)]),
    ],
    ids=["as agreed", "one wrong", "two wrong", "two that cancel", "printed as one", "printed as one and wrong"],
)
def test_each_component_of_a_fee_is_recomputed(told: dict[str, int], expected: list[tuple[str | None, int]]) -> None:
    outcome = fees(**told)
    assert outcome.breaks.select("sub_class", "amount_minor").rows() == expected
    assert set(outcome.breaks["break_class"]) <= {"fee_variance"}


def by_count(charged: int, **line: Any) -> Outcome:
    """The chain of one deposit whose batch also prints a fee of the account, under a contract of 12 cents a deposit."""
    term = ("acme", "Main", "processing", "fee", "EUR", 12, "deposit", date(2026, 1, 1), date(2027, 1, 1))
    net = 990 - charged
    fee = moved("7", -charged) | {"kind": "fee", "raw_kind": "Fee"} | line
    rows = [*chain(payout={"amount_minor": -net, "net_minor": -net}, bank={"amount_minor": net}), fee]
    context = RunContext(as_of=LATE, psp_terms={"acme": Terms()}, account_fees=pl.DataFrame([term], schema=dict(ACCOUNT_FEE_SCHEMA), orient="row"))
    return reconcile(pl.DataFrame(rows, schema=item_schema()), context)


@pytest.mark.parametrize(
    ("charged", "line", "expected"),
    [
        (12, {}, []),
        (15, {}, [("fee_variance", 3)]),
        (15, {"raw_kind": "Scheme fine"}, []),
        (15, {"booked_on": date(2025, 12, 31)}, []),
    ],
    ids=["as agreed", "too much", "no such line in the contract", "before the contract"],
)
def test_a_fee_by_count_is_recomputed_from_the_deposits_of_its_batch(charged: int, line: dict[str, Any], expected: list[tuple[str, int]]) -> None:
    assert found(by_count(charged, **line)) == expected
