"""LR §5.8 no. 20: random questions with a moment of knowledge and filters, against a naive model in plain Python.

The ledger's own as-of questions are asked in test_ledger_machine. Here: how a day stood, and which breaks a filter means.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.reconciliation.context import RunContext
from assets.reconciliation.items import item_schema
from assets.reconciliation.matching import reconcile
from assets.reconciliation.standing.day import standing_of
from pipelines.standing.break_work import Choice, Shelf, chosen
from tests.properties.reconciliation_cases import DAY, Casino, casinos, joined
from tests.properties.reconciliation_oracle import Rows
from transactional.vocabulary.errors import Refused

BUCKETS = ((1, "0-1"), (7, "2-7"), (30, "8-30"))


def spread(rows: Rows, delays: list[int]) -> Rows:
    """The same lines, some of them told days later and booked on other days."""
    dated = []
    for number, row in enumerate(rows):
        days = delays[number % len(delays)]
        dated.append(row | {"known_at": row["known_at"] + timedelta(days=days), "booked_on": row["booked_on"] + timedelta(days=days // 2)})
    return dated


def day_by_hand(rows: Rows, moment: datetime, day: date, psp: str | None) -> dict[str, Any]:
    """What a day comes to, from the engine's answer over what was known by the moment, with loops."""
    known = pl.DataFrame([row for row in rows if row["known_at"] <= moment], schema=item_schema())
    outcome = reconcile(known, context_at(moment))
    summary: dict[Any, Counter[str]] = defaultdict(Counter)
    classes: Counter[Any] = Counter()
    ageing: Counter[Any] = Counter()
    told = [(group | {"status": "matched"}) for group in outcome.groups.iter_rows(named=True)]
    told += [row | {"status": "broken" if row["counts_as_break"] else "open"} for row in outcome.breaks.iter_rows(named=True)]
    for case in told:
        if case["event_date"] > day or psp not in (None, case["psp"]):
            continue
        place = (case["psp"] or "none", case["account"], case["currency"])
        summary[place][f"{case['status']}_count"] += 1
        summary[place][f"{case['status']}_minor"] += abs(case["amount_minor"]) if case["status"] == "broken" else case["amount_minor"]
        if case["status"] != "matched":
            classes[(*place, case["break_class"])] += 1
        if case["status"] == "broken":
            age = (day - case["event_date"]).days
            ageing[place[0], place[2], next((name for bound, name in BUCKETS if age <= bound), "over 30")] += 1
    return {"summary": summary, "classes": classes, "ageing": ageing}


def context_at(moment: datetime) -> RunContext:
    return RunContext(as_of=moment, psp_names={"acme": ("acme",)})


@settings(max_examples=3)  # two runs of the engine each
@given(
    casinos(4),
    st.lists(st.sampled_from((0, 0, 1, 3, 9)), min_size=3, max_size=7),
    st.datetimes(datetime(2026, 1, 5, 12), datetime(2026, 1, 25), timezones=st.just(UTC)),
    st.integers(0, 9),
    st.sampled_from((None, "acme", "nobody")),
)
def test_20_a_day_asked_at_any_moment_is_what_loops_over_what_was_known_say(
    casino: Casino, delays: list[int], moment: datetime, days: int, psp: str | None
) -> None:
    rows, day = spread(joined(casino), delays), DAY + timedelta(days=days)
    standing, model = standing_of(pl.DataFrame(rows, schema=item_schema()), context_at(moment), day, psp), day_by_hand(rows, moment, day, psp)
    summary = {
        (row["psp"], row["account"], row["currency"]): Counter({name: value for name, value in row.items() if isinstance(value, int) and value})
        for row in standing.summary.iter_rows(named=True)
    }
    assert summary == {place: Counter({name: value for name, value in counts.items() if value}) for place, counts in model["summary"].items()}
    by_class = standing.by_class.select("psp", "account", "currency", "break_class", "case_count").rows()
    assert {row[:4]: row[4] for row in by_class} == model["classes"]
    assert {row[:3]: row[3] for row in standing.ageing.select("psp", "currency", "bucket", "case_count").rows()} == model["ageing"]


_THREAD = st.fixed_dictionaries(
    {
        "psp": st.sampled_from(("adyen", "stripe", "none")),
        "break_class": st.sampled_from(("amount", "missing_in_ledger")),
        "currency": st.sampled_from(("EUR", "JPY", "KWD")),
        "amount_minor": st.integers(-3_000, 3_000),
        "age_days": st.one_of(st.none(), st.integers(0, 40)),
        "is_open": st.booleans(),
    }
)
_CHOICE = st.builds(
    Choice,
    threads=st.lists(st.sampled_from(("t0", "t1", "b2", "nobody")), max_size=2).map(tuple),
    psp=st.sampled_from((None, "adyen", "stripe")),
    break_class=st.sampled_from((None, None, "amount")),
    currency=st.sampled_from((None, None, "JPY", "KWD")),
    older_than=st.one_of(st.none(), st.integers(0, 40)),
    above=st.one_of(st.none(), st.sampled_from(("0", "1", "1.5", "20", "999.99"))),
)
_EXPONENTS = {"EUR": 2, "JPY": 0, "KWD": 3}
_SCHEMA = {"thread_id": pl.String(), "break_id": pl.String(), "psp": pl.String(), "break_class": pl.String(), "currency": pl.String()}
_SCHEMA |= {"amount_minor": pl.Int64(), "age_days": pl.Int32(), "is_open": pl.Boolean()}


def means(choice: Choice, row: dict[str, Any], *, also_ended: bool) -> bool:
    """Whether a person who says this means this break."""
    is_named = {row["thread_id"], row["break_id"]} & set(choice.threads)
    named = bool(is_named) if choice.threads else also_ended or row["is_open"]
    # major units by hand: 1.5 KWD are 1500 thousandths
    above = choice.above is None or abs(row["amount_minor"]) > Decimal(choice.above) * 10 ** _EXPONENTS[row["currency"]]
    older = choice.older_than is None or (row["age_days"] is not None and row["age_days"] > choice.older_than)
    equal = all(
        wanted in (None, row[name]) for name, wanted in (("psp", choice.psp), ("break_class", choice.break_class), ("currency", choice.currency))
    )
    return named and above and older and equal


@settings(max_examples=60)
@given(st.lists(_THREAD, max_size=8), _CHOICE, st.booleans())
def test_20_a_filter_means_the_breaks_that_a_person_would_pick_one_by_one(rows: list[dict[str, Any]], choice: Choice, also_ended: bool) -> None:
    numbered = [row | {"thread_id": f"t{number}", "break_id": f"b{number}"} for number, row in enumerate(rows)]
    shelf = Shelf(pl.DataFrame(numbered, schema=_SCHEMA), _EXPONENTS)
    known = {name for row in numbered for name in (row["thread_id"], row["break_id"])}
    if set(choice.threads) - known:
        with pytest.raises(Refused, match="no such break"):
            chosen(shelf, choice, also_ended=also_ended)
        return
    found = chosen(shelf, choice, also_ended=also_ended)["thread_id"].to_list()
    assert found == [row["thread_id"] for row in numbered if means(choice, row, also_ended=also_ended)]
