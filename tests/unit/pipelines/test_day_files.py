"""A day as workbook, CSV and Parquet: real numbers and dates, exact amounts, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace
from datetime import date
from decimal import Decimal

import fastexcel
import polars as pl
import pytest
from lxml import etree

from assets.ledger.player_funds import SHAPES, FundsProof
from assets.reconciliation.standing.document import difference, from_bytes
from pipelines.reports.bundle_readme import as_readme
from pipelines.reports.day_report import FORMS, DayReport, rendered
from pipelines.reports.files.flat import safe_text
from pipelines.reports.language import language_of
from tests.unit.reconciliation.test_closes import HISTORY
from tests.unit.reconciliation.test_standing import AS_OF, FOUR, payment, standing
from transactional.reconciliation.closes import closes_of
from transactional.vocabulary.errors import InputRejected

EVIL = '=HYPERLINK("http://evil.example","pay")'
BROKEN = standing([*payment(1), *payment(2, sources=FOUR[1:])], psp="acme")
POISONED = replace(BROKEN, evidence=BROKEN.evidence.with_columns(reference=pl.lit(EVIL), file_name=pl.lit("http://evil.example/a.csv")))
REPORT = DayReport(POISONED, closes_of(HISTORY)[0], difference(standing([*payment(1), *payment(2)], psp="acme"), BROKEN))
NAME = "2026-01-05-acme"


def sheet(content: bytes, name: str) -> pl.DataFrame:
    return fastexcel.read_excel(content).load_sheet(name).to_polars()


def test_the_same_day_gives_the_same_bytes_in_every_form() -> None:
    # the trap: a signed day that cannot be printed again, since a file carries the moment it was written
    assert rendered(REPORT, FORMS) == rendered(REPORT, FORMS)


@pytest.mark.parametrize("code", ["en", "tr"])
def test_the_readme_of_a_bundle_names_what_is_in_it_and_nothing_else(code: str) -> None:
    name, content = as_readme(REPORT, ("html", "csv"), language_of(code))
    told = content.decode()
    assert name == f"README.{code}.txt"
    assert [word for word in ("standing.json", "close.json", "*.html", "*.csv", "manifest.json") if word not in told] == []
    assert "xlsx" not in told
    assert "countroom audit verify FILE" in told
    assert ("signed" in told, "imzalanan" in told) == (code == "en", code == "tr")


def test_a_form_nobody_writes_is_refused_by_name() -> None:
    with pytest.raises(InputRejected, match="no form 'pdf': there are html, json, xlsx, csv, parquet"):
        rendered(REPORT, ["pdf"])


def test_the_workbook_has_numbers_and_dates_and_totals_as_values() -> None:
    content = rendered(REPORT, ["xlsx"])[f"{NAME}.en.xlsx"]
    summary = sheet(content, "Summary")
    assert summary.select("matched count", "matched amount", "broken amount").rows()[0] == (1, 10.0, 10.0)
    assert summary.filter(pl.col("PSP") == "Total").select("currency", "broken amount").rows() == [("EUR", 10.0)]
    (day,) = sheet(content, "Breaks")["event date"].to_list()
    assert day.date() == date(2026, 1, 5)
    assert set(sheet(content, "Evidence")["amount"]) == {10.0}


def test_no_cell_of_the_workbook_is_a_formula_or_a_link() -> None:
    content = rendered(REPORT, ["xlsx"], language_of("tr"))[f"{NAME}.tr.xlsx"]
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        parts = {name: book.read(name) for name in book.namelist() if name.endswith(".xml")}
    tags = {etree.QName(element).localname for part in parts.values() for element in etree.fromstring(part).iter("{*}f", "{*}hyperlink")}
    assert tags == set()
    assert any(b"=HYPERLINK(" in part for part in parts.values())  # it is there, as a text


def test_a_sheet_can_be_read_on_a_screen_and_on_paper() -> None:
    # the trap: a sentence of 300 letters in one line, beside which a page of paper shrinks every column to nothing
    with zipfile.ZipFile(io.BytesIO(rendered(REPORT, ["xlsx"])[f"{NAME}.en.xlsx"])) as book:
        facts, breaks = (etree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml")) for number in (1, 6))
        looks = etree.fromstring(book.read("xl/styles.xml")).find("{*}cellXfs")
    assert [pane.get("state") for pane in breaks.iter("{*}pane")] == ["frozen"]
    assert [(page.get("paperSize"), page.get("orientation")) for page in breaks.iter("{*}pageSetup")] == [("9", "landscape")]
    assert max(float(column.get("width")) for column in breaks.iter("{*}col")) < 75
    assert looks is not None
    aligned = [{key: value for each in look.iter("{*}alignment") for key, value in each.attrib.items()} for look in looks]
    of = {cell.get("r"): aligned[int(cell.get("s", "0"))] for cell in breaks.iter("{*}c")}
    head = sheet(rendered(REPORT, ["xlsx"])[f"{NAME}.en.xlsx"], "Breaks").columns
    amount, sentence = (chr(ord("A") + head.index(name)) for name in ("amount", "explanation"))
    assert (of[f"{amount}1"]["horizontal"], of[f"{sentence}1"]["horizontal"]) == ("right", "left")
    assert of[f"{sentence}2"]["wrapText"] == "1"
    assert {cell.get("r"): cell.get("t") for cell in facts.iter("{*}c")}["B2"] is None  # the day is a date, no text


def test_the_workbook_is_in_the_readers_language() -> None:
    content = rendered(REPORT, ["xlsx"], language_of("tr"))[f"{NAME}.tr.xlsx"]
    assert fastexcel.read_excel(content).sheet_names[:3] == ["Künye", "Özet", "Fark türleri"]
    (told,) = sheet(content, "Farklar")["açıklama"].to_list()
    assert told.startswith("acme Main, M2 referanslı")
    assert set(sheet(content, "Dayanak")["kaynak"]) == {"PSP hareketi", "ödeme girişimi", "hakediş"}


def test_csv_has_exact_amounts_in_both_units_and_no_text_that_runs() -> None:
    files = rendered(REPORT, ["csv"])
    rows = list(csv.DictReader(io.StringIO(files[f"{NAME}.evidence.csv"].decode(), newline="")))
    assert {(row["amount_minor"], row["amount"], row["reference"]) for row in rows} == {("1000", "10.00", f"'{EVIL}")}
    owed = DayReport(replace(BROKEN, evidence=BROKEN.evidence.with_columns(amount_minor=pl.lit(-1234))))
    assert b",-1234,-12.34,EUR" in rendered(owed, ["csv"])[f"{NAME}.evidence.csv"]  # a number is no text that runs
    assert b"\r\n" in files[f"{NAME}.evidence.csv"]
    (signed, *_) = csv.DictReader(io.StringIO(files[f"{NAME}.signatures.csv"].decode(), newline=""))
    assert signed["recorded_at"].endswith("+00:00")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@sum", "'@sum"),
        ("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"),
        ("\t=1", "'\t=1"),
        ("M2", "M2"),
        ("", ""),
    ],
)
def test_a_text_gets_an_apostrophe_where_a_spreadsheet_would_run_it(text: str, written: str) -> None:
    assert safe_text(text) == written


def test_parquet_has_integers_and_decimals_and_says_what_it_is_of() -> None:
    content = rendered(REPORT, ["parquet"])[f"{NAME}.summary.parquet"]
    frame = pl.read_parquet(content)
    assert (frame.schema["matched_minor"], frame.schema["matched_amount"]) == (pl.Int64(), pl.Decimal(38, 4))
    assert frame["matched_amount"].to_list() == [Decimal("10.0000")]
    about = pl.read_parquet_metadata(content)
    assert (about["countroom.day"], about["countroom.table"]) == ("2026-01-05", "summary")


def test_the_json_is_the_document_that_is_signed() -> None:
    assert from_bytes(rendered(DayReport(BROKEN), ["json"], language_of("tr"))[f"{NAME}.json"]).facts == BROKEN.facts


def test_a_currency_nobody_knows_is_told_in_minor_units_and_not_guessed() -> None:
    odd = replace(BROKEN, summary=BROKEN.summary.with_columns(currency=pl.lit("XXQ")), breaks=BROKEN.breaks.head(0), ageing=BROKEN.ageing.head(0))
    files = rendered(DayReport(odd), FORMS)
    assert b"1,000 minor units" in files[f"{NAME}.en.html"]
    assert pl.read_parquet(files[f"{NAME}.summary.parquet"])["matched_amount"].to_list() == [None]


def test_player_funds_in_the_reporting_currency_have_its_decimals_and_not_those_of_the_row() -> None:
    # the trap: 1,234.56 EUR told as 123.456, since the row beside it is in Kuwaiti dinar
    totals = {name: [None] for name in SHAPES["totals"]} | {"currency": ["KWD"], "requirement_minor": [5], "reporting_surplus_minor": [123456]}
    frames = {name: pl.DataFrame(schema=dict(shape)) for name, shape in SHAPES.items()} | {
        "totals": pl.DataFrame(totals, schema=dict(SHAPES["totals"]))
    }
    funds = FundsProof(day=date(2026, 1, 5), moment=AS_OF, reporting_currency="EUR", **frames)
    files = rendered(DayReport(BROKEN, funds=funds), ["csv", "xlsx", "parquet"])
    (row,) = csv.DictReader(io.StringIO(files[f"{NAME}.funds_totals.csv"].decode(), newline=""))
    assert (row["requirement_amount"], row["reporting_surplus_amount"]) == ("0.005", "1234.56")
    assert pl.read_parquet(files[f"{NAME}.funds_totals.parquet"])["reporting_surplus_amount"].to_list() == [Decimal("1234.5600")]
    assert sheet(files[f"{NAME}.en.xlsx"], "Funds totals").select("requirement amount", "reporting surplus amount").rows() == [(0.005, 1234.56)]
