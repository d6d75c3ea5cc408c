"""Is a day's end told with that day's knowledge, and in amounts that mean something."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from assets.reconciliation.day_ends import day_end, days_of, known_before
from assets.reconciliation.tables import BREAKS, DAY_ENDS, GROUPS
from pipelines.resources.frames import conform, empty_frame
from transactional.vocabulary.errors import InputRejected
from transactional.vocabulary.tables import Table

DAY, END = date(2026, 1, 5), datetime(2026, 1, 6, tzinfo=UTC)


def frame_of(table: Table, rows: list[dict[str, object]]) -> pl.DataFrame:
    empty = empty_frame(table)
    return pl.DataFrame([{name: row.get(name) for name in empty.columns} for row in rows], schema=empty.schema)


def test_what_was_learned_later_is_not_known_yet() -> None:
    times = [datetime(2026, 1, 5, 23, 59, tzinfo=UTC), END, END.replace(hour=3)]
    items = pl.DataFrame({"item_key": ["early", "at midnight", "late"], "known_at": times})
    assert known_before(items, END)["item_key"].to_list() == ["early"]


def test_cases_are_counted_by_status_and_broken_amounts_do_not_cancel() -> None:
    place = {"psp": "adyen", "account": "EU", "currency": "EUR"}
    groups = frame_of(GROUPS, [{**place, "amount_minor": 1_000}, {**place, "amount_minor": -200}])
    breaks = frame_of(
        BREAKS,
        [
            {**place, "amount_minor": 500, "counts_as_break": True},
            {**place, "amount_minor": -500, "counts_as_break": True},
            {**place, "amount_minor": 70, "counts_as_break": False},
        ],
    )
    row = conform(DAY_ENDS, day_end(DAY, END, groups, breaks)).row(0, named=True)
    assert (row["matched_count"], row["matched_minor"]) == (2, 800)
    assert (row["broken_count"], row["broken_minor"]) == (2, 1_000)
    assert (row["open_count"], row["open_minor"]) == (1, 70)


def test_a_bank_line_without_a_psp_is_kept_under_none() -> None:
    breaks = frame_of(BREAKS, [{"psp": None, "account": "DE1", "currency": "EUR", "amount_minor": 5, "counts_as_break": True}])
    assert day_end(DAY, END, empty_frame(GROUPS), breaks)["psp"].to_list() == ["none"]


def test_nothing_known_is_no_row() -> None:
    assert conform(DAY_ENDS, day_end(DAY, END, empty_frame(GROUPS), empty_frame(BREAKS))).is_empty()


def test_a_range_has_both_its_ends_and_a_day_is_known_the_instant_it_is_over() -> None:
    assert days_of("2026-02-28", "2026-03-01", datetime(2026, 3, 2, tzinfo=UTC)) == (date(2026, 2, 28), date(2026, 3, 1))


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2026-01-05", "2026-01-04", "backwards"),
        ("2026-01-04", "2026-01-05", "not over"),
        ("2026-01-04", "2026-02-30", "ISO dates"),
        ("", "2026-01-04", "ISO dates"),
    ],
)
def test_a_range_that_cannot_be_told_is_refused(first: str, last: str, said: str) -> None:
    # the trap: a day still on told as its end, when what is to come that day is not known
    with pytest.raises(InputRejected, match=said):
        days_of(first, last, datetime(2026, 1, 5, 23, 59, 59, tzinfo=UTC))
