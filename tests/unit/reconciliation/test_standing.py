"""A day as it stands: what is of the day, what is of the PSP, and bytes that are the same whoever made them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from assets.reconciliation.context import RunContext, Terms
from assets.reconciliation.items import item_schema
from assets.reconciliation.matching import RULE_SET
from assets.reconciliation.standing.day import Standing, config_hash, standing_of
from assets.reconciliation.standing.document import as_bytes, checksum, difference, from_bytes
from transactional.vocabulary.errors import ContractBroken

DAY, NEXT = date(2026, 1, 5), date(2026, 1, 6)
AS_OF = datetime(2026, 2, 1, tzinfo=UTC)
FOUR = ("ledger", "attempt", "activity", "settlement")


def payment(number: int, day: date = DAY, psp: str = "acme", sources: tuple[str, ...] = FOUR) -> list[dict[str, Any]]:
    """A deposit of 10.00 as the sources tell it; the settlement line comes a day later."""
    rows = []
    for line, source in enumerate(sources, start=1):
        told = dict.fromkeys(item_schema()) | {
            "item_key": f"{source}:{psp}{number}:{line}",
            "source": source,
            "psp": psp,
            "account": "Main",
            "kind": "deposit",
            "raw_kind": "Settled",
            "currency": "EUR",
            "amount_minor": 1000,
            "psp_reference": f"P{number}",
            "modification_reference": f"M{number}",
            "occurred_at": datetime(2026, 1, 5, 9, tzinfo=UTC),
            "booked_on": day + timedelta(days=source == "settlement"),
            "known_at": datetime(2026, 1, 8, tzinfo=UTC),
        }
        if source in ("activity", "settlement"):
            told |= {"file_name": f"{source}-{psp}.csv", "file_version": 1, "line_no": number + 1}
        rows.append(told)
    return rows


def standing(rows: list[dict[str, Any]], day: date = DAY, psp: str | None = None, **context: Any) -> Standing:
    given = {"as_of": AS_OF, "psp_terms": {name: Terms() for name in ("acme", "other")}} | context
    return standing_of(pl.DataFrame(rows, schema=item_schema()), RunContext(**given), day, psp)


def test_a_payment_of_the_day_that_settles_the_day_after_is_matched_on_its_day() -> None:
    # the trap: a day made of what was booked by its evening has every payment waiting for ever
    told = standing(payment(1))
    assert told.summary.select("matched_count", "matched_minor", "broken_count", "open_count").rows() == [(1, 1000, 0, 0)]
    assert told.funnel.select("hop", "item_count", "amount_minor").rows() == [(hop, 1, 1000) for hop in FOUR]
    assert told.certificate["source"].to_list() == ["activity", "attempt", "ledger"]  # booked by the day
    assert told.closes


def test_the_next_days_payment_is_not_of_the_day_and_a_break_of_the_day_keeps_its_evidence() -> None:
    told = standing([*payment(1), *payment(2, sources=FOUR[1:]), *payment(3, NEXT)])
    assert told.summary["matched_count"].sum() == 1
    assert told.breaks["break_class"].to_list() == ["missing_in_ledger"]
    assert told.evidence.select("source", "file_name", "line_no", "reference").rows() == [
        ("activity", "activity-acme.csv", 3, "M2"),
        ("attempt", None, None, "M2"),
        ("settlement", "settlement-acme.csv", 3, "M2"),
    ]
    assert told.ageing.select("bucket", "case_count", "amount_minor").rows() == [("0-1", 1, 1000)]


def test_a_day_of_one_psp_says_nothing_of_another_and_the_parts_are_the_whole() -> None:
    rows = [*payment(1), *payment(2, psp="other", sources=FOUR[1:])]
    parts = [standing(rows, psp=name) for name in ("acme", "other")]
    assert [part.broken_count for part in parts] == [0, 1]
    assert sorted(pl.concat(part.summary for part in parts).rows()) == sorted(standing(rows).summary.rows())
    assert sum(part.certificate["in_count"].sum() for part in parts) == standing(rows).certificate["in_count"].sum()


def test_the_facts_name_the_rules_and_the_terms_that_were_used() -> None:
    told, other = standing(payment(1)), standing(payment(1), psp_terms={"acme": Terms(settles_after_days=9), "other": Terms()})
    assert (told.facts["rule_set"], told.facts["day"], told.facts["psp"]) == (RULE_SET, "2026-01-05", None)
    assert told.facts["config_hash"] != other.facts["config_hash"]
    assert config_hash(RunContext(as_of=AS_OF)) == config_hash(RunContext(as_of=AS_OF + timedelta(days=1)))  # the moment is no term


def test_rows_in_another_order_give_the_same_bytes_and_they_give_the_day_back() -> None:
    rows = [*payment(1), *payment(2, sources=FOUR[1:]), *payment(3, psp="other")]
    content = as_bytes(standing(rows))
    assert as_bytes(standing(rows[::-1])) == content == as_bytes(from_bytes(content))
    assert len(checksum(content)) == 64
    assert "." not in json.dumps(json.loads(content)["frames"]["summary"])  # no float


def test_a_difference_shows_the_rows_that_changed_and_no_other() -> None:
    before, after = standing([*payment(1), *payment(2)]), standing([*payment(1), *payment(2, sources=FOUR[1:])])
    changed = difference(before, after)
    assert changed["breaks"].select("told", "break_class").rows() == [("after", "missing_in_ledger")]
    assert changed["summary"].select("told", "matched_count", "broken_count").rows() == [("before", 2, 0), ("after", 1, 1)]
    assert changed["funnel"].select("told", "hop", "item_count").rows() == [("before", "ledger", 2), ("after", "ledger", 1)]
    assert "gates" not in changed
    assert difference(before, before) == {}


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"format":"countroom standing 1","facts":{},"frames":{"summary":[["psp"]]}}'])
def test_bytes_that_are_no_standing_are_refused(content: bytes) -> None:
    with pytest.raises(ContractBroken):
        from_bytes(content)
