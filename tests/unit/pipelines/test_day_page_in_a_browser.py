"""The page of a day as a browser shows it: on a phone, in the dark, on paper; asking nobody for anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from assets.reconciliation.standing.document import difference
from pipelines.reports.day_report import DayReport, rendered
from pipelines.reports.language import language_of
from tests.chromium import Page, chromium
from tests.unit.reconciliation.test_closes import HISTORY
from tests.unit.reconciliation.test_standing import DAY, FOUR, NEXT, payment, standing
from transactional.reconciliation.closes import closes_of

LONG = "settlement_detail_report_batch_" + "0123456789" * 12 + ".csv"
OPEN_ALL = "document.querySelectorAll('details').forEach(each => { each.open = true })"
TOO_WIDE = """[...document.querySelectorAll('body *')]
  .filter(e => !e.closest('.wide') && e.getBoundingClientRect().right > innerWidth + 0.5).map(e => e.outerHTML.slice(0, 80))"""
# WCAG 2 contrast of every text with what is painted behind it
TOO_PALE = """(() => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const linear = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const behind = e => {
    for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c }
    return [255, 255, 255]
  };
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05) };
  const hasText = e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  return [...document.querySelectorAll('body *')].filter(e => !e.closest('svg') && hasText(e))
    .map(e => [ratio(rgb(getComputedStyle(e).color), behind(e)), e.outerHTML.slice(0, 80)]).filter(([r]) => r < 4.5)
})()"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    with chromium() as page:
        yield page


@pytest.fixture(scope="module", params=["en", "tr"])
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A signed day with a break, a long file name, a trend and a change since."""
    broken = standing([*payment(1), *payment(2, sources=FOUR[1:]), *payment(3, psp="other", sources=FOUR[:2])])
    broken = replace(broken, evidence=broken.evidence.with_columns(file_name=pl.lit(LONG)))
    trend = pl.DataFrame({"day_end_date": [DAY, NEXT], "matched_count": [5, 7], "broken_count": [2, 1], "open_count": [0, 3]})
    changed = difference(standing([*payment(1), *payment(2)]), broken)
    report = DayReport(broken, closes_of(HISTORY)[0], changed, trend=trend)
    ((name, content),) = rendered(report, ["html"], language_of(request.param)).items()
    path = tmp_path_factory.mktemp("page") / name
    path.write_bytes(content)
    return path


def test_it_asks_nobody_for_anything_and_has_no_error(browser: Page, page: Path) -> None:
    browser.open(page, width=1280)
    assert {params["request"]["url"] for method, params in browser.events if method == "Network.requestWillBeSent"} == {page.as_uri()}
    assert [params for method, params in browser.events if method in ("Log.entryAdded", "Runtime.exceptionThrown")] == []
    assert browser.value("document.documentElement.lang") in page.name


def test_on_a_phone_nothing_but_a_tables_own_box_scrolls_sideways(browser: Page, page: Path) -> None:
    browser.open(page, width=360)
    browser.value(OPEN_ALL)
    assert browser.value("document.documentElement.scrollWidth") <= 360
    assert browser.value(TOO_WIDE) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_what_is_behind_it(browser: Page, page: Path, scheme: str) -> None:
    browser.open(page, width=1280, prefers_color_scheme=scheme)
    browser.value(OPEN_ALL)
    assert browser.value("getComputedStyle(document.body).backgroundColor") == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 31)"}[scheme]
    assert browser.value(TOO_PALE) == []


def test_on_paper_every_break_shows_its_lines(browser: Page, page: Path) -> None:
    # the trap: a print of closed folds, with the evidence left behind on the screen
    browser.open(page, width=1280)
    assert browser.value("document.querySelector('details[id^=brk_] table').checkVisibility({contentVisibilityAuto: true})") is False
    browser.ask("Emulation.setEmulatedMedia", media="print")
    assert browser.value("document.querySelector('details[id^=brk_] table').getBoundingClientRect().height") > 40
    browser.ask("Emulation.setEmulatedMedia", media="")


def test_every_link_leads_somewhere_and_a_keyboard_reaches_what_scrolls(browser: Page, page: Path) -> None:
    browser.open(page, width=360)
    assert browser.value("[...document.querySelectorAll('a')].filter(a => !document.querySelector(a.hash)).length") == 0
    assert browser.value("document.querySelectorAll('a').length") > 5
    browser.value(OPEN_ALL)
    assert browser.value("[...document.querySelectorAll('.wide')].filter(e => e.scrollWidth > e.clientWidth && e.tabIndex < 0).length") == 0
