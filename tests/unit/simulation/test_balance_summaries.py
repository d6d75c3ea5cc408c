"""Stripe's balance in a world: each day's summary begins where the one before ended and moves by what that day's files say; a list is what it is made of."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from decimal import Decimal

from transactional.simulation.world import World


def _rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_summaries_follow_each_other_and_move_by_the_days_activity_and_payouts(quiet: World) -> None:
    # counted from the bytes of the other reports, with decimals: no code of the writer is asked
    moved: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for path, content in quiet.files.items():
        if "/stripe/" in path and not path.startswith("v2/") and "balance_summary" not in path:
            for row in _rows(content):
                is_payout = row["reporting_category"] == "payout"
                if is_payout or "balance_change" in path:
                    moved[row["created"][:10], row["currency"]] += Decimal(row["net"])
    summaries = sorted(path for path in quiet.files if "balance_summary" in path)
    assert len(summaries) > 10
    before: dict[str, Decimal] = {}
    for path in summaries:
        told: dict[str, dict[str, Decimal]] = defaultdict(dict)
        for row in _rows(quiet.files[path]):
            told[row["currency"]][row["category"]] = Decimal(row["net_amount"])
        for currency, balance in told.items():
            assert balance["starting_balance"] == before.get(currency, 0)
            assert balance["activity"] + balance["payouts"] == moved[path[-14:-4], currency], (path, currency)
            before[currency] = balance["ending_balance"]
            assert before[currency] == balance["starting_balance"] + balance["activity"] + balance["payouts"]


def test_a_list_of_open_items_is_what_was_told_and_not_paid_out_and_comes_to_the_summarys_balance(quiet: World) -> None:
    # the trap: a line listed on the day its payout leaves, or one that only tomorrow's report tells
    reports = {path: _rows(content) for path, content in quiet.files.items() if "/stripe/" in path and "balance_summary" not in path}
    told = {row["balance_transaction_id"]: row for path, rows in reports.items() if "balance_change" in path for row in rows}
    payouts = {row["automatic_payout_id"]: row["created"][:10] for rows in reports.values() for row in rows if row["reporting_category"] == "payout"}
    paid = {
        row["balance_transaction_id"]: payouts[row["automatic_payout_id"]]
        for path, rows in reports.items()
        if "payout_reconciliation" in path
        for row in rows
    }
    lists = {path[-14:-4]: rows for path, rows in reports.items() if "ending_balance" in path}
    assert len(lists) >= 3
    for day, rows in lists.items():
        wanted = {name for name, row in told.items() if row["created"][:10] <= day and paid.get(name, "9999") > day}
        assert {row["balance_transaction_id"] for row in rows} == wanted
        summary = next(content for path, content in quiet.files.items() if path.endswith(f"balance_summary_{day}.csv"))
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for row in rows:
            sums[row["currency"]] += Decimal(row["net"])
        assert {row["currency"]: Decimal(row["net_amount"]) for row in _rows(summary) if row["category"] == "ending_balance"} == sums
