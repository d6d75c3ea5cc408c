"""The report of a day of a casino that has run: the page, the workbook and the sentences, in Turkish, with everything the day has."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import fastexcel
import polars as pl
import pytest
from babel.messages.pofile import read_po

from assets.reconciliation.breaks import BreakClass
from pipelines.cli import run
from pipelines.reports.gathering import gathered
from pipelines.reports.language import CATALOGUES, language_of
from pipelines.reports.sentences import is_known, read_back, retold
from pipelines.reports.words import LISTS
from pipelines.resources.warehouse import Warehouse
from pipelines.standing.day_standing import as_known_at
from tests.chromium import chromium
from tests.running_world import RunWorld
from tests.unit.reconciliation.test_closes import HISTORY
from transactional.reconciliation.closes import closes_of

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True)
class Reported:
    """What `countroom report` wrote of a day, every PSP."""

    day: date
    folder: Path
    warehouse: Warehouse

    def file(self, ending: str) -> Path:
        return self.folder / f"{self.day}-every-psp.{ending}"


@pytest.fixture(scope="module")
def reported(run_world: RunWorld, tmp_path_factory: pytest.TempPathFactory) -> Reported:
    day, folder = (run_world.as_of - timedelta(days=2)).date(), tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COUNTROOM_DATABASE_URL", run_world.url)
        patch.setenv("COUNTROOM_HOME", str(folder / "home"))
        forms = [word for form in ("html", "xlsx", "csv", "json") for word in ("--form", form)]
        assert run(["report", str(day), *forms, "--language", "tr", "--out", str(folder), "--breaks", "0"]) == 1  # there are breaks
    return Reported(day, folder, Warehouse(run_world.url))


def test_every_sentence_of_the_engine_is_told_in_turkish(reported: Reported) -> None:
    # the trap: a class, or a detail a layer writes, that falls back to English without anybody noticing
    breaks = reported.warehouse.read("select * from derived.reconciliation__breaks order by break_id")
    rows = list(breaks.iter_rows(named=True))
    assert len({row["break_class"] for row in rows}) > len(BreakClass) / 2
    told = {row["break_id"]: read_back(row) for row in rows}
    assert [row["explanation"] for row in rows if told[row["break_id"]] is None] == []
    details = [values["detail"] for row in rows if (values := told[row["break_id"]]) and "detail" in values and row["break_class"] != "unknown_kind"]
    assert [detail for detail in details if not is_known(detail)] == []
    assert [row["explanation"] for row in rows if retold(row, language_of("tr")) == row["explanation"]] == []


def test_every_finer_cause_has_a_word(reported: Reported) -> None:
    # the trap: a word of the engine that a layer writes beside the class, left as it is stored in a Turkish workbook
    found = reported.warehouse.read("select distinct sub_class from derived.reconciliation__breaks where sub_class is not null")["sub_class"]
    assert len(found) > 4
    assert {value.replace("_", " ") for value in found} <= set(LISTS["sub class"])


def test_what_the_commands_print_is_turkish_to_the_last_word(run_world: RunWorld, reported: Reported, capsys: pytest.CaptureFixture[str]) -> None:
    # the trap: one line of a command that went past the catalogue; English words that are no Turkish ones, and no data either, give it away
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COUNTROOM_DATABASE_URL", run_world.url)
        patch.setenv("COUNTROOM_HOME", str(reported.folder / "home"))
        patch.setenv("COUNTROOM_LANGUAGE", "tr")
        run(["breaks", "list", "--json"])
        by_class = {row["break_class"]: row["thread_id"] for row in json.loads(capsys.readouterr().out)["breaks"] if row["explanation"]}
        asked = [["report", str(reported.day), "--breaks", "500"], ["close", "--calendar"], ["funds", str(reported.day)], ["breaks", "list"]]
        asked += [["breaks", "show", by_class[name]] for name in ("fee_variance", "missing_at_bank")]
        assert 2 not in [run(arguments) for arguments in asked]
    told = capsys.readouterr().out
    assert set(re.findall(r"(?<![\w.:/-])[a-z]{2,}(?![\w:/-]|\.\w)", told)) & english_words() == set()


def english_words() -> set[str]:
    """Words of our sentences and lists that are in no Turkish one."""
    path = CATALOGUES / "tr" / "LC_MESSAGES" / "countroom.po"
    with path.open("rb") as file:
        messages = [message for message in read_po(file) if message.id]
    english, turkish = (
        {word for text in texts for word in re.findall(r"[^\W\d_]{2,}", re.sub(r"\{\w+\}", " ", str(text)).lower())}
        for texts in ([message.id for message in messages], [message.string for message in messages])
    )
    return english - turkish


def test_the_page_has_every_part_and_every_break_with_its_lines(reported: Reported) -> None:
    page = reported.file("tr.html").read_text()
    assert set(re.findall(r'<section><h2 id="([a-z]+)"', page)) >= {
        "summary",
        "trend",
        "classes",
        "hops",
        "ages",
        "breaks",
        "certificate",
        "gates",
        "funds",
    }
    breaks = pl.read_csv(reported.file("breaks.csv"))
    assert set(re.findall(r'<details id="(brk_[0-9a-f]+)"', page)) == set(breaks["break_id"])
    assert page.count("sorumlusu yok") == breaks["counts_as_break"].sum()  # whose it is: nobody's yet, and it says so
    assert re.search(r"settlement_detail_report_batch_\d+\.csv</td><td>\d+</td>", page)


def test_on_a_phone_a_real_day_stays_within_the_screen(reported: Reported) -> None:
    with chromium() as browser:
        browser.open(reported.file("tr.html"), width=360)
        browser.value("document.querySelectorAll('details').forEach(each => { each.open = true })")
        assert browser.value("document.documentElement.scrollWidth") <= 360
        assert [params for method, params in browser.events if method in ("Log.entryAdded", "Runtime.exceptionThrown")] == []


def test_a_signed_day_carries_what_was_known_then_and_nobodys_work_of_today(run_world: RunWorld, reported: Reported) -> None:
    # the trap: a print of the auditor's copy with the trend of the week after and the owner of this morning
    last, before = run_world.as_of, run_world.as_of - timedelta(days=1)
    known = as_known_at(reported.warehouse, last.date(), None, last)
    earlier = replace(known, facts=dict(known.facts) | {"as_of": before.isoformat()})
    now, signed = gathered(reported.warehouse, known), gathered(reported.warehouse, earlier, closes_of(HISTORY)[0])
    assert now.trend is not None
    assert now.trend["day_end_date"].to_list() == [last.date()]
    assert now.trend.row(0)[1:] == tuple(known.summary[f"{name}_count"].sum() for name in ("matched", "broken", "open"))
    assert signed.trend is not None
    assert signed.trend.height == 0
    assert (signed.threads, now.threads is not None) == (None, True)
    assert signed.funds is not None
    assert signed.funds.moment == before


def test_workbook_and_csv_add_up_to_the_same_totals(reported: Reported) -> None:
    told = pl.read_csv(reported.file("summary.csv"), schema_overrides={"broken_amount": pl.String()})
    sums: dict[str, Decimal] = {}
    for currency, amount in told.select("currency", "broken_amount").iter_rows():
        sums[currency] = sums.get(currency, Decimal()) + Decimal(amount)
    sheet = fastexcel.read_excel(reported.file("tr.xlsx")).load_sheet("Özet").to_polars().filter(pl.col("PSP") == "Toplam")
    assert {code: Decimal(str(amount)) for code, amount in sheet.select("para birimi", "fark veren tutar").iter_rows()} == sums
