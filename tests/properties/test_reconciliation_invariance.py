"""LR §5.8 nos. 10 and 11: what a reconciliation must not depend on (units, names), and what it must not decide (a choice between equals)."""

from __future__ import annotations

import re
from collections import Counter

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.reconciliation.items import item_schema
from assets.reconciliation.suggestions.search import suggested
from tests.properties.reconciliation_cases import MOMENTS, Casino, Printer, casinos, joined, run
from tests.properties.reconciliation_oracle import HOPS, Row, Rows
from tests.properties.test_reconciliation_properties import grouped_keys, told_breaks

few = settings(max_examples=3)  # each example is several accounts, and two runs of the engine
_AMOUNTS = ("amount_minor", "net_minor", "commission_minor")
_REFERENCES = ("psp_reference", "modification_reference", "merchant_reference")


def renamed(word: str | None) -> str | None:
    """Another name for every name; one function for all kinds of references, because one may stand for another."""
    return None if word is None else f"R{word[::-1]}"


def in_other_words(row: Row, factor: int) -> Row:
    """The line as a world tells it whose units are smaller and whose names are others. Item keys stay: by them both answers are compared."""
    told = row | {name: None if row[name] is None else row[name] * factor for name in _AMOUNTS} | {name: renamed(row[name]) for name in _REFERENCES}
    told |= {name: row[name] and f"q{row[name]}" for name in ("ext_id", "batch_id", "file_name")}
    return told | {"bank_reference": row["bank_reference"] and re.sub(r"TX(\w+)XT", r"TXQ\1XT", row["bank_reference"])}


def off_by_one() -> Rows:
    """A payment that settled for one unit more than we booked: what a tolerance would swallow here and not there."""
    printer = Printer(9)
    for source in HOPS:
        printer.add(source, "deposit", "EUR", 1_001 if source == "settlement" else 1_000, psp_reference="P1")
    return printer.rows


@few
@given(casinos(5), st.sampled_from(sorted(MOMENTS)), st.sampled_from((2, 7, 11, 1_000_003)))
def test_10_smaller_units_and_other_names_change_no_decision(casino: Casino, moment: str, factor: int) -> None:
    # the trap: an absolute tolerance, and a rule that looks into a reference
    rows = [*joined(casino), *off_by_one()]
    here, there = run(rows, moment), run([in_other_words(row, factor) for row in rows], moment)
    assert grouped_keys(there) == grouped_keys(here)
    assert told_breaks(there) == Counter({(name, amount * factor, keys): count for (name, amount, keys), count in told_breaks(here).items()})
    reasons = [outcome.dispositions.select("item_key", "disposition", "reason").rows() for outcome in (here, there)]
    assert reasons[0] == reasons[1]


def nameless(printer: Printer, payments: int, entries: int) -> None:
    """Payments that the PSP tells under its references, and bookings of ours that carry none: equal in everything else."""
    for number in range(payments):
        for source in ("attempt", "activity", "settlement"):
            printer.add(source, "deposit", "EUR", 1_000, psp_reference=f"P{number}", merchant_reference="ORDER-1")
    for _ in range(entries):
        printer.add("ledger", "deposit", "EUR", 1_000, merchant_reference="ORDER-1")


def arriving(printer: Printer, amounts: list[int], credit: int) -> None:
    """Payouts on their way, and one credit that names none of them."""
    for number, minor in enumerate(amounts):
        printer.add("settlement", "topup", "EUR", minor, batch_id=f"b{number}")
        printer.add("payout", "payout", "EUR", -minor, batch_id=f"b{number}", bank_reference=printer.token(f"b{number}", "EUR"))
    printer.add("bank", "bank_movement", "EUR", credit, bank_reference="ACME PAYS", ext_id=None)


@settings(max_examples=4)
@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 40), st.integers(1, 40))
def test_11_of_two_disjoint_answers_neither_is_taken_and_each_is_told_as_a_rival(payments: int, entries: int, one: int, other: int) -> None:
    loose, parts = Printer(0), Printer(1)
    nameless(loose, payments, entries)
    # {one, 100 - one} and {other + 100.., } both make the credit and share no payout
    amounts = [100_000 + one, 200_000 - one, 100_000 + 50 + other, 200_000 - 50 - other]
    arriving(parts, amounts, 300_000)
    rows: Rows = [*loose.rows, *parts.rows]
    outcome = run(rows)
    matched = {key for group in grouped_keys(outcome) for key in group}
    is_certain = payments == entries == 1
    assert {row["item_key"] in matched for row in loose.rows if row["source"] == "ledger"} == {is_certain}
    assert not any(row["item_key"] in matched for row in parts.rows if row["source"] in ("bank", "payout"))
    found = suggested(pl.DataFrame(rows, schema=item_schema()), outcome.dispositions, outcome.breaks)
    sums = found.filter(pl.col("layer") == "L7")
    assert sums.height >= 2
    assert set(sums["finding"]) == {"ambiguous"}
    assert min(sums["rivals_count"]) >= 1
