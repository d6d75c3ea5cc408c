"""A frame is its table, or an error that says where it is not."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import polars as pl
import pytest

from pipelines.resources.frames import conform, empty_frame
from transactional.vocabulary.errors import ContractBroken
from transactional.vocabulary.tables import Column, ColumnType, Table

T = ColumnType
TABLE = Table(
    "raw",
    "things",
    "one thing",
    (
        Column("name", T.TEXT, ""),
        Column("amount_minor", T.BIGINT, "", nullable=True),
        Column("number", T.INTEGER, ""),
        Column("rate", T.NUMERIC, "", nullable=True),
        Column("seen_at", T.TIMESTAMPTZ, ""),
    ),
    key=("name",),
)
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def frame(**changes: object) -> pl.DataFrame:
    columns = {"name": ["a", "b"], "amount_minor": [1, None], "number": [1, 2], "rate": ["1.50", None], "seen_at": [NOW, NOW]} | changes
    return pl.DataFrame(columns)


def test_types_widen_or_narrow_without_loss_and_columns_take_their_order() -> None:
    right = conform(TABLE, frame(rate=[Decimal("1.50"), None]).select("rate", "seen_at", "number", "name", "amount_minor"))
    assert right.columns == list(TABLE.column_names())
    assert right.schema["number"] == pl.Int32
    assert right["rate"].to_list() == ["1.50", None]


def test_an_empty_frame_conforms() -> None:
    assert conform(TABLE, empty_frame(TABLE)).is_empty()


@pytest.mark.parametrize(
    ("wrong", "code", "message"),
    [
        (frame(amount_minor=[1.0, 2.0]), "type", "amount_minor"),
        (frame(seen_at=[NOW.replace(tzinfo=None)] * 2), "type", "seen_at"),
        (frame(name=["a", None]), "null", "row 1"),
        (frame(name=["a", "a"]), "key", "more than once"),
        (frame(name=["a", "b\x00"]), "text", "NUL"),
        (frame().drop("rate"), "columns", "rate"),
        (frame(extra=[1, 2]), "columns", "extra"),
    ],
)
def test_what_does_not_fit_is_an_error_that_names_the_place(wrong: pl.DataFrame, code: str, message: str) -> None:
    with pytest.raises(ContractBroken, match=message) as caught:
        conform(TABLE, wrong)
    assert caught.value.code == code


def test_an_integer_that_does_not_fit_is_never_cut() -> None:
    with pytest.raises(pl.exceptions.InvalidOperationError):
        conform(TABLE, frame(number=[1, 2**40]))
