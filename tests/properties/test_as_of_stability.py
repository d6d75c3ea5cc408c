"""LR §5.8 no. 12: a result at a moment of knowledge is unchanged by anything recorded later, to the byte of what a close would freeze.

Every fact a run reads is drawn before, at or after the watermark: lines of files in both versions, entries and their reversals, what our service heard,
statements and their corrections, closes. What the warehouse reads beside the items at a moment: tests/integration/reconciliation/test_known_at.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from assets.reconciliation.context import STATEMENT_SCHEMA, RunContext, Terms
from assets.reconciliation.items import item_schema
from assets.reconciliation.standing.day import KEYS, standing_of
from assets.reconciliation.standing.document import as_bytes, difference, from_bytes
from tests.properties.reconciliation_cases import DAY, MOMENTS, Casino, casinos, joined
from tests.properties.reconciliation_oracle import Row, Rows

WATERMARK = MOMENTS["between"]
BEFORE = (timedelta(days=-3), timedelta(0))
NO_STATEMENTS = pl.DataFrame(schema=dict(STATEMENT_SCHEMA))
AFTER = (timedelta(microseconds=1), timedelta(hours=5), timedelta(days=400))
moments = st.sampled_from((*BEFORE, *BEFORE, *AFTER)).map(WATERMARK.__add__)
AFTER_IT = (WATERMARK + timedelta(hours=5),)
# each example is several accounts, and two runs of the engine; what differs names itself
few = settings(max_examples=6, phases=(Phase.explicit, Phase.reuse, Phase.generate))


@st.composite
def told_again(draw: st.DrawFn, rows: Rows) -> Rows:
    """What may still be told of these facts: the file again with another amount, the same id in another file, an entry taken back, a nameless second one."""
    found = []
    for row in rows:
        change = draw(st.sampled_from(("none", "none", "new version", "other file", "void", "nameless")))
        found += [_again(row, change) | {"known_at": draw(moments)}] if change != "none" and _may(row, change) else []
    return found


def _may(row: Row, change: str) -> bool:
    return {"void": row["source"] == "ledger", "nameless": row["source"] in ("ledger", "attempt")}.get(change, row["file_name"] is not None)


def _again(row: Row, change: str) -> Row:
    key = {"item_key": f"{row['item_key']}:{change}"}
    if change == "new version":
        return row | key | {"file_version": 2, "amount_minor": row["amount_minor"] + 1}
    if change == "other file":
        return row | key | {"file_name": f"again-{row['file_name']}"}
    if change == "void":
        return row | key | {"amount_minor": -row["amount_minor"], "voids_item_key": row["item_key"]}
    return row | key | {"psp_reference": None, "modification_reference": None}


@st.composite
def told_statements(draw: st.DrawFn) -> pl.DataFrame:
    """Statements of an account, and what the bank says of the same ones another time."""
    rows = []
    for number in draw(st.lists(st.integers(1, 4), max_size=5)):
        opening, moves = draw(st.sampled_from((0, 100))), draw(st.sampled_from((0, 5)))
        day = DAY - timedelta(days=4 - number)  # statements of the day and before are in it
        rows.append(("IBAN-A0", "EUR", str(number), opening, opening + draw(st.sampled_from((0, 5))), moves, day, day, draw(moments)))
    return pl.DataFrame(rows, schema=dict(STATEMENT_SCHEMA), orient="row")


def told(rows: Rows, statements: pl.DataFrame, closed: Sequence[datetime] = ()) -> bytes:
    """The bytes a close at the watermark would freeze. `closed`: watermarks of signed closes of the day."""
    terms: dict[str, Any] = {"psp_terms": {"acme": Terms(consecutive_batches=True)}, "psp_names": {"acme": ("acme",)}}
    context = RunContext(
        as_of=WATERMARK, statements=statements, closed={"acme": tuple((DAY, moment) for moment in closed)} if closed else {}, **terms
    )
    return as_bytes(standing_of(pl.DataFrame(rows, schema=item_schema()), context, DAY))


@few
@given(st.data(), casinos(size=4), told_statements(), st.sampled_from(((), (WATERMARK - timedelta(days=1),), AFTER_IT)))
def test_12_nothing_recorded_after_the_watermark_changes_the_day(
    data: st.DataObject, casino: Casino, statements: pl.DataFrame, closed: tuple[datetime, ...]
) -> None:
    rows = [row | {"known_at": data.draw(moments)} for row in joined(casino)]
    rows += data.draw(told_again(rows))
    known = [row for row in rows if row["known_at"] <= WATERMARK]
    known_statements, held = statements.filter(pl.col("known_at") <= WATERMARK), [moment for moment in closed if moment <= WATERMARK]
    assert told(rows, statements, closed) == told(known, known_statements, held)


@settings(few, max_examples=3)
@given(casinos(size=3), casinos(size=3))
def test_bytes_give_the_day_back_and_a_day_differs_from_itself_in_nothing(casino: Casino, others: Casino) -> None:
    one, other = told(joined(casino), NO_STATEMENTS), told(joined(others), NO_STATEMENTS)
    assert as_bytes(from_bytes(one)) == one
    assert difference(from_bytes(one), from_bytes(one)) == {}
    # the trap: a difference that is empty because rows were compared by their keys only
    changed = difference(from_bytes(one), from_bytes(other))
    for name in KEYS:
        before, after = (set(getattr(from_bytes(each), name).rows()) for each in (one, other))
        expected = {("before", *row) for row in before - after} | {("after", *row) for row in after - before}
        assert (set(changed[name].rows()) if name in changed else set()) == expected
