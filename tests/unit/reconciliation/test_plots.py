"""Is the month's picture on the asset's page itself, and does it say what the figures say."""

from __future__ import annotations

import base64
from datetime import date, timedelta
from xml.etree import ElementTree

import polars as pl
import pytest

from assets.reconciliation.plots import cases_by_day, picture, sketch

FIRST = date(2026, 1, 1)
PREFIX = "![cases by day](data:image/svg+xml;base64,"


def days(count: int, matched: int = 140) -> pl.DataFrame:
    schema = {"event_date": pl.Date(), "matched": pl.UInt32(), "open": pl.UInt32(), "broken": pl.UInt32()}
    rows = [(FIRST + timedelta(days=number), matched, number % 5, number % 3) for number in range(count)]
    return pl.DataFrame(rows, schema=schema, orient="row")


def drawn(sketched: str) -> str:
    return base64.b64decode(sketched.removeprefix(PREFIX).partition(")")[0]).decode()


@pytest.mark.parametrize("count", [1, 2, 21, 45, 62, 400])
def test_the_sketch_is_short_enough_for_the_page(count: int) -> None:
    # the trap: markdown of a thousand characters is hidden behind a link in the UI
    sketched = sketch(days(count, matched=10**9))
    assert sketched.startswith(PREFIX)
    assert len(sketched) < 1_000
    assert (FIRST + timedelta(days=count - 1)).isoformat() in sketched


def test_a_day_is_as_high_as_its_share_of_the_highest() -> None:
    by_day = pl.DataFrame({"event_date": [FIRST, FIRST + timedelta(days=1)], "matched": [10, 5], "open": [1, 0], "broken": [0, 0]})
    assert "M0 30V0h1V15h1V30" in drawn(sketch(by_day))
    assert "M0 65V35h1V65h1V65" in drawn(sketch(by_day))
    assert "#b3261e" not in drawn(sketch(by_day))  # what only waits is not drawn as broken
    assert "at most 10 cases a day" in sketch(by_day)


def test_no_case_is_no_picture_and_no_error() -> None:
    assert sketch(days(0)) == "no cases yet"


def test_cases_are_counted_once_by_how_they_stand() -> None:
    groups = pl.DataFrame({"event_date": [FIRST, FIRST]})
    breaks = pl.DataFrame({"event_date": [FIRST, FIRST + timedelta(days=1)], "counts_as_break": [True, False]})
    assert cases_by_day(groups, breaks).rows() == [(FIRST, 2, 0, 1), (FIRST + timedelta(days=1), 0, 1, 0)]


def test_the_large_picture_has_a_bar_per_day_and_status_and_names_days() -> None:
    large = drawn(picture(days(5, matched=7)))
    assert large.count("<rect") == 5 + 4 + 3  # no bar for nothing: open is 0 on one day, and so is what waits; broken on two
    assert "matched cases, at most 7 a day" in large
    assert "2026-01-05</text>" in large
    ElementTree.fromstring(large)


def test_a_picture_of_nothing_is_no_error() -> None:
    assert drawn(picture(days(0))).count("<rect") == 0
