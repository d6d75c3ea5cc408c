"""The page of a day: whole in itself, the same for the same day, and safe from what a file says."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import polars as pl

from assets.reconciliation.standing.document import difference
from pipelines.reports.day_report import DayReport, rendered
from pipelines.reports.language import language_of
from pipelines.reports.terminal.day import told_day
from pipelines.reports.terminal.voice import voice_of
from tests.unit.reconciliation.test_closes import HISTORY
from tests.unit.reconciliation.test_standing import DAY, FOUR, payment, standing
from transactional.reconciliation.closes import closes_of

BROKEN = standing([*payment(1), *payment(2, sources=FOUR[1:])], psp="acme")


def page_of(report: DayReport) -> str:
    return rendered(report, ["html"])["2026-01-05-acme.en.html"].decode()


def test_the_page_tells_breaks_with_their_lines_and_who_signed() -> None:
    (close,) = closes_of(HISTORY)
    page = page_of(DayReport(BROKEN, close, difference(standing([*payment(1), *payment(2)], psp="acme"), BROKEN)))
    for words in (
        "1 matched",
        "1 broken",
        "settlement-acme.csv",
        "Missing in ledger",
        "carl",
        "6 Jan 2026 02:00:00 UTC",
        "What has changed",
        "closes",
    ):
        assert words in page, words


def test_the_page_asks_nobody_for_anything_and_is_the_same_for_the_same_day() -> None:
    page = page_of(DayReport(BROKEN))
    assert not re.search(r"https?:|//|<script|<link|<img|url\(|@import", page)
    assert "default-src 'none'" in page
    assert page_of(DayReport(BROKEN)) == page


def test_whose_a_break_is_and_why_it_came_about_is_told_in_words() -> None:
    work = {
        "state": "explained",
        "owner": "ana",
        "root_cause": "lost_webhook",
        "note_count": 2,
        "evidence_count": 0,
        "due_at": None,
        "is_overdue": True,
    }
    threads = pl.DataFrame([{"break_id": BROKEN.breaks["break_id"][0]} | work])
    assert "Explained, with ana; root cause: lost webhook; notes: 2" in page_of(DayReport(BROKEN, threads=threads))
    ((_, turkish),) = rendered(DayReport(BROKEN, threads=threads), ["html"], language_of("tr")).items()
    assert "Açıklandı, sorumlu: ana; kök neden: kayıp bildirim (webhook); not: 2" in turkish.decode()


def test_what_a_file_says_is_no_markup() -> None:
    # the trap: a reference out of a PSP's file that is a script on the page of finance
    evil = "<script>alert(1)</script>"
    evidence = BROKEN.evidence.with_columns(reference=pl.lit(evil), file_name=pl.lit(evil))
    breaks = BROKEN.breaks.with_columns(explanation=pl.lit(evil))
    page = page_of(DayReport(replace(BROKEN, evidence=evidence, breaks=breaks)))
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_text_tells_amounts_in_the_decimals_of_their_currency() -> None:
    told = "\n".join(told_day(BROKEN, voice_of("en")))
    assert "10.00" in told
    assert "acme" in told


def test_breaks_too_old_for_the_chart_are_counted_beside_it_and_a_quiet_day_has_its_place() -> None:
    # the trap: a chart of the last days, read as if it had every break; and days without a break left out, so that a month looks like a week
    rows = [
        *payment(1, sources=FOUR[1:]),
        *payment(2, DAY - timedelta(days=3), sources=FOUR[1:]),
        *payment(3, DAY - timedelta(days=60), sources=FOUR[1:]),
    ]
    page = page_of(DayReport(standing(rows, psp="acme")))
    assert "1 more began earlier." in page
    chart = page.partition("ages-began-title")[2].partition("</figure>")[0]
    assert [f"<td>{day} Jan 2026</td><td class=n>{count}</td>" in chart for day, count in ((2, 1), (3, 0), (4, 0), (5, 1))] == [True] * 4
