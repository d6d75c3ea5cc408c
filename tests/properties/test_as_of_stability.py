"""LR §5.8 no. 12: a result at a moment of knowledge is unchanged by anything recorded later, to the byte of what a close would freeze."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
from hypothesis import given, settings

from assets.reconciliation.context import STATEMENT_SCHEMA, RunContext
from assets.reconciliation.items import item_schema
from assets.reconciliation.standing.day import KEYS, standing_of
from assets.reconciliation.standing.document import as_bytes, difference, from_bytes
from tests.properties.reconciliation_cases import DAY, MOMENTS, Casino, casinos, joined
from tests.properties.reconciliation_oracle import Rows

WATERMARK = MOMENTS["between"]
LATER = WATERMARK + timedelta(microseconds=1)
few = settings(max_examples=4)  # each example is several accounts, and two runs of the engine


def recorded_later(rows: Rows, others: Rows) -> Rows:
    """Everything that may still come: other lines under the same references, the same lines in newer versions, reversals of our entries."""
    lines = [row | {"item_key": f"{row['item_key']}:late", "known_at": LATER, "file_version": row["file_name"] and 2} for row in others]
    voids = [
        row | {"item_key": f"{row['item_key']}:void", "amount_minor": -row["amount_minor"], "voids_item_key": row["item_key"], "known_at": LATER}
        for row in rows
        if row["source"] == "ledger"
    ]
    return lines + voids


def told(rows: Rows, statements: pl.DataFrame | None = None) -> bytes:
    given_statements = {} if statements is None else {"statements": statements}
    context = RunContext(as_of=WATERMARK, psp_names={"acme": ("acme",)}, **given_statements)  # type: ignore[arg-type]
    return as_bytes(standing_of(pl.DataFrame(rows, schema=item_schema()), context, DAY))


@few
@given(casinos(size=3), casinos(size=3))
def test_12_nothing_recorded_after_the_watermark_changes_the_day(casino: Casino, others: Casino) -> None:
    rows = joined(casino)
    late_statement = [("IBAN-A0", "EUR", "9", 0, 5, 0, DAY, DAY, LATER)]
    statements = pl.DataFrame(late_statement, schema=dict(STATEMENT_SCHEMA), orient="row")
    assert told(rows + recorded_later(rows, joined(others)), statements) == told(rows)


@few
@given(casinos(size=3), casinos(size=3))
def test_bytes_give_the_day_back_and_a_day_differs_from_itself_in_nothing(casino: Casino, others: Casino) -> None:
    one, other = told(joined(casino)), told(joined(others))
    assert as_bytes(from_bytes(one)) == one
    assert difference(from_bytes(one), from_bytes(one)) == {}
    # the trap: a difference that is empty because rows were compared by their keys only
    changed = difference(from_bytes(one), from_bytes(other))
    for name in KEYS:
        before, after = (set(getattr(from_bytes(each), name).rows()) for each in (one, other))
        expected = {("before", *row) for row in before - after} | {("after", *row) for row in after - before}
        assert (set(changed[name].rows()) if name in changed else set()) == expected
