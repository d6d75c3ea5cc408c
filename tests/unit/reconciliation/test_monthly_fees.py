"""What an account costs a month is compared once a month, over all its batches; held against a plain-Python count."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from assets.reconciliation.context import MONTHLY_FEE_SCHEMA, RunContext, Terms
from assets.reconciliation.items import item_schema
from assets.reconciliation.matching import Outcome, reconcile
from assets.reconciliation.standing.day import config_hash

LATE = datetime(2026, 12, 1, tzinfo=UTC)
FIXED, MINIMUM = 2_500, 6_000
LAST = date(2027, 1, 1)


def contract(account: str) -> list[tuple[Any, ...]]:
    """25.00 for the month it is booked in (30.00 from July on); for the month before, what its fees fall short of 60.00."""
    return [
        ("acme", account, "platform", "platform*", "EUR", FIXED, 0, 0, date(2026, 1, 1), date(2026, 7, 1)),
        ("acme", account, "platform-dearer", "platform*", "EUR", FIXED + 500, 0, 0, date(2026, 7, 1), LAST),
        ("acme", account, "minimum", "minimum*", "EUR", 0, MINIMUM, 1, date(2026, 1, 1), LAST),
    ]


Line = tuple[date, str, int]
"""Day, printed kind, and what it takes: a fee of the account; for `sale` the commission on a movement of 1,000.00."""


def item(key: str, source: str, amount: int, day: date, **change: Any) -> dict[str, Any]:
    at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    row = dict.fromkeys(item_schema()) | {"item_key": key, "source": source, "kind": "bank_movement", "raw_kind": "x", "currency": "EUR"}
    row |= {"account": "IBAN1", "amount_minor": amount, "occurred_at": at, "booked_on": day, "known_at": at + timedelta(hours=3)}
    row |= {"file_name": f"{source}.csv", "file_version": 1, "line_no": int(key.rsplit(":", 1)[1])}
    if source != "bank":
        row |= {"psp": "acme", "account": "Main", "ext_id": key, "net_currency": "EUR", "net_minor": amount}
    return row | change


def batches(account: str, lines: list[Line], before: int) -> list[dict[str, Any]]:
    """Each line in a batch of its own, paid out and arrived; the batches of an account are numbered from `before` on."""
    rows = []
    for number, (day, raw_kind, minor) in enumerate(lines, start=before + 1):
        batch, told = {"batch_id": f"B{number:04}", "account": account}, {"kind": "topup", "net_minor": 100_000}
        if raw_kind == "sale":
            told |= {"net_minor": 100_000 - minor, "commission_minor": minor}
        rows.append(item(f"settlement:{number}", "settlement", 100_000, day, **batch, **told))
        if raw_kind != "sale":
            rows.append(item(f"settlement:{number + 5_000}", "settlement", -minor, day, kind="fee", raw_kind=raw_kind, **batch))
        paid = 100_000 - minor
        rows.append(item(f"payout:{number}", "payout", -paid, day, kind="payout", bank_reference=f"TX{number:06}XT", **batch))
        rows.append(item(f"bank:{number}", "bank", paid, day + timedelta(days=1), bank_reference=f"TX{number:06}XT"))
    return rows


def judged(of_accounts: dict[str, list[Line]]) -> Outcome:
    rows: list[dict[str, Any]] = []
    for number, (account, lines) in enumerate(of_accounts.items()):
        rows += batches(account, lines, 100 * number)
    terms = pl.DataFrame([row for account in of_accounts for row in contract(account)], schema=dict(MONTHLY_FEE_SCHEMA), orient="row")
    context = RunContext(as_of=LATE, psp_terms={"acme": Terms()}, psp_names={"acme": ("acme",)}, monthly_fees=terms)
    return reconcile(pl.DataFrame(rows, schema=item_schema()), context)


MARCH, LATER = date(2026, 3, 2), date(2026, 3, 30)
# what is printed, and by how much which of the batches is off
CASES: dict[str, tuple[list[Line], list[tuple[int, int]]]] = {
    "as agreed": ([(MARCH, "Platform fee", FIXED)], []),
    "too much": ([(MARCH, "Platform fee", FIXED + 99)], [(1, 99)]),
    # the trap: each batch is right by itself
    "charged twice": ([(MARCH, "Platform fee", FIXED), (LATER, "Platform fee", FIXED)], [(2, FIXED)]),
    "in two parts": ([(MARCH, "Platform fee", 1_000), (LATER, "Platform fee", FIXED - 1_000)], []),
    "two months": ([(date(2026, 3, 31), "Platform fee", FIXED), (date(2026, 4, 1), "Platform fee", FIXED)], []),
    "given back": ([(MARCH, "Platform fee", FIXED + 99), (LATER, "Platform fee", -99)], []),
    "a dearer contract": ([(date(2026, 7, 1), "Platform fee", FIXED)], [(1, -500)]),
    "no line of the contract": ([(MARCH, "Fine", 7_777)], []),
    "before the contract": ([(date(2025, 12, 31), "Platform fee", 1)], []),
    # what February's fees fall short of, printed in March; March's own fees are not February's
    "in arrears": ([(date(2026, 2, 9), "sale", 1_500), (MARCH, "Minimum monthly", 4_500), (LATER, "sale", 900)], []),
    "reached": ([(date(2026, 2, 9), "sale", 7_000), (MARCH, "Minimum monthly", 1)], [(2, 1)]),
    "a month without fees": ([(MARCH, "Minimum monthly", MINIMUM)], []),
}


def test_a_month_is_compared_once_over_all_batches() -> None:
    breaks = judged({account: lines for account, (lines, _) in CASES.items()}).breaks
    assert set(breaks["break_class"]) == {"fee_variance"}
    off = {account: [(int(batch[1:]) % 100, minor) for batch, minor in part.select("batch_id", "amount_minor").rows()]
           for (account,), part in breaks.group_by("account")}  # fmt: skip
    assert off == {account: expected for account, (_, expected) in CASES.items() if expected}


def test_a_contract_about_months_is_part_of_what_a_close_freezes() -> None:
    # the trap: a day judged by other terms than those it was signed under, and nothing shows it
    terms = pl.DataFrame(contract("Main"), schema=dict(MONTHLY_FEE_SCHEMA), orient="row")
    one, other = (RunContext(as_of=LATE, monthly_fees=each) for each in (terms, terms.with_columns(fixed_minor=pl.lit(1, pl.Int64))))
    assert config_hash(one) != config_hash(other)


def test_a_year_of_random_charges_is_off_by_what_a_plain_count_says() -> None:
    dice = random.Random(20261128)
    first, kinds = date(2026, 1, 1), ("Platform fee", "Minimum monthly", "sale")
    lines = [
        (first + timedelta(days=dice.randrange(330)), kind, dice.choice((FIXED, FIXED + 500, 3_000, 6_000, 1_200, 77)))
        for kind in dice.choices(kinds, k=90)
    ]
    fees: dict[int, int] = defaultdict(int)
    charged: dict[tuple[str, int], int] = defaultdict(int)
    for day, kind, minor in lines:
        if kind == "sale":
            fees[day.month] += minor
        elif not (kind.startswith("Minimum") and day.month == 1):  # it would be about December, under no contract
            charged[kind, day.month - kind.startswith("Minimum")] += minor
    off = 0
    for (kind, month), minor in charged.items():
        wanted = max(MINIMUM - fees[month], 0) if kind.startswith("Minimum") else FIXED + 500 * (month >= 7)
        off += minor - wanted
    outcome = judged({"Main": lines})
    assert set(outcome.breaks["break_class"]) == {"fee_variance"}
    assert outcome.breaks["amount_minor"].sum() == off
    assert outcome.certificate["closes"].all()
    assert "for 2026-" in outcome.breaks["explanation"][0]
