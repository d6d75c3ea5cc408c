"""Stripe's daily summaries in a world: each begins where the one before ended, and moves by what that day's other files say."""

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
