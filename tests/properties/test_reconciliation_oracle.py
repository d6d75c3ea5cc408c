"""LR §5.8 no. 19: the engine says of small accounts exactly what a slow oracle says, item by item."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from assets.reconciliation.matching import Outcome
from tests.properties.reconciliation_cases import MOMENTS, casinos, joined, run
from tests.properties.reconciliation_oracle import Answer, Rows, answer


def said(outcome: Outcome) -> Answer:
    """The engine's frames in the oracle's words."""
    members, result = defaultdict(set), Answer()
    for row in outcome.dispositions.iter_rows(named=True):
        if row["disposition"] == "ignored":
            result.ignored[row["item_key"]] = row["reason"]
        else:
            members[row["group_id"] or row["break_id"]].add(row["item_key"])
    for row in outcome.breaks.iter_rows(named=True):
        result.breaks.add((row["break_class"], row["amount_minor"], frozenset(members[row["break_id"]])))
    result.groups = {frozenset(members[group_id]) for group_id in outcome.groups["group_id"]}
    return result


def expected(casino: list[Rows], moment: str) -> Answer:
    whole = Answer()
    for rows in casino:
        one = answer(rows, MOMENTS[moment].date())
        whole.breaks |= one.breaks
        whole.groups |= one.groups
        whole.ignored |= one.ignored
    return whole


def agree(engine: Answer, oracle: Answer) -> None:
    silent = {(name, members) for name, amount, members in oracle.breaks if amount is None}
    told = {(name, None if (name, members) in silent else amount, members) for name, amount, members in engine.breaks}
    assert sorted(told - oracle.breaks, key=str) == sorted(oracle.breaks - told, key=str)
    assert engine.groups == oracle.groups
    assert engine.ignored == oracle.ignored


@settings(max_examples=20)
@given(casinos(), st.sampled_from(sorted(MOMENTS)))
def test_19_every_item_ends_where_the_oracle_says(casino: list[Rows], moment: str) -> None:
    agree(said(run(joined(casino), moment)), expected(casino, moment))
