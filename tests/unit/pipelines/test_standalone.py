"""`countroom reconcile --map`: whatever the tables are made of, whatever is in them, and in whichever form the answer goes out."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import fastexcel
import polars as pl
import pytest
import xlsxwriter

from assets.reconciliation.standalone.comparison import Comparison, compare
from assets.reconciliation.standalone.map_file import read_map
from assets.reconciliation.standalone.rows import TextTable
from pipelines import cli
from pipelines.standalone.machine import as_csv, as_dict, as_json
from pipelines.standalone.page import as_html
from pipelines.standalone.run import moment
from pipelines.standalone.sources import read_file, read_query
from pipelines.standalone.told import told
from pipelines.standalone.workbook import as_xlsx
from transactional.vocabulary.errors import CountroomError, InputRejected

MAP = "left: {key: k, amount: a, currency: EUR}\nright: {key: k, amount: a, currency: EUR}\n"
EVIL = ('=HYPERLINK("http://x","y")', "+1", "-1", "@sum", "<script>alert(1)</script>", "{left}", "0012")


@pytest.fixture(scope="module")
def evil() -> Comparison:
    """Keys that are formulas and markup, in currencies of 0, 2 and 3 decimals; one row that matches, one refused."""
    codes = ("JPY", "EUR", "KWD", "EUR", "EUR", "EUR", "EUR")
    cells = [[*EVIL, "ok", "bad"], ["1234567", "-1234.50", "1.005", "1.00", "1.00", "1.00", "1.00", "2.00", "=1"], [*codes, "EUR", "EUR"]]
    two = read_map("left: {key: k, amount: a, currency: c, date: d}\nright: {key: k, amount: a, currency: EUR, name: '<b>them</b>'}", "map.yaml")
    left = TextTable("=left.csv", ("k", "a", "c", "d"), range(2, 11), [*cells, ["2026-03-01"] * 9])
    return compare(two, [left], [TextTable("r", ("k", "a"), [2], [["ok"], ["2.00"]])], datetime(2026, 3, 31, tzinfo=UTC))


def test_the_workbook_has_numbers_and_dates_and_no_formula(evil: Comparison) -> None:
    content = as_xlsx(evil)["reconciliation.xlsx"]
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheets = "".join(book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/"))
        styles = book.read("xl/styles.xml").decode()
    assert "<f>" not in sheets
    assert "hyperlink" not in sheets
    assert {"#,##0.00", "#,##0.000", "yyyy-mm-dd"} <= set(re.findall(r'formatCode="([^"]*)"', styles))
    rows = fastexcel.read_excel(content).load_sheet("Rows of breaks").to_polars()
    assert rows.schema["amount"] == pl.Float64()
    assert rows.schema["date"].base_type() in (pl.Date, pl.Datetime)
    assert dict(zip(rows["key"], rows["amount"], strict=True)) == dict(zip(EVIL, (1234567, -1234.5, 1.005, 1, 1, 1, 1), strict=True))


def test_a_csv_cell_is_no_formula_and_an_amount_stays_a_number(evil: Comparison) -> None:
    files = {name: list(csv.DictReader(io.StringIO(content.decode()))) for name, content in as_csv(evil).items()}
    rows = files["rows.csv"]
    assert len(rows) == 9
    assert {row["key"]: row["amount"] for row in rows}["'+1"] == "-1234.50"
    texts = [value for name in files for row in files[name] for column, value in row.items() if "amount" not in column]
    assert [text for text in texts if text.startswith(("=", "+", "-", "@"))] == []
    assert [row["file_name"] for row in files["refused.csv"]] == ["'=left.csv"]


def test_the_page_is_whole_and_lets_nothing_out_or_in(evil: Comparison) -> None:
    page = as_html(evil)["reconciliation.html"].decode()
    assert "<script" not in page
    assert "<b>them" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert re.findall(r"(?:src|href|url|@import)\s*[=(]", page) == []
    assert "default-src 'none'" in page
    assert "prefers-color-scheme: dark" in page
    for shown in ("1 matched", "7 broken", "1 not readable", "1,234,567", "-1,234.50", "1.005"):
        assert shown in page


def test_json_and_text_say_the_same_as_the_frames(evil: Comparison) -> None:
    document = json.loads(as_json(evil)["reconciliation.json"])
    assert document == json.loads(json.dumps(as_dict(evil), default=str))
    assert sum(each["case_count"] for each in document["by_class"]) == len(document["breaks"]) == 7
    assert {row["key"]: row["amount_minor"] for found in document["breaks"] for row in found["rows"]}["-1"] == 1005
    text = "\n".join(told(evil, 2))
    assert "and 5 more: --breaks 7" in text
    assert "refused: =left.csv, line 10, column 'a': '=1' is not a plain decimal amount" in text


def written_as(folder: Path) -> dict[str, Path]:
    """The same two rows in every form."""
    rows = [("a", "1.10", date(2026, 3, 1)), ("b", "-2.00", date(2026, 3, 2))]
    made = {name: folder / name for name in ("t.csv", "semicolons.txt", "utf16.csv", "t.json", "lines.json", "t.parquet", "double.parquet", "t.xlsx")}
    plain = "k,a,d\n" + "".join(f"{k},{a},{d}\n" for k, a, d in rows)
    made["t.csv"].write_text(plain)
    made["semicolons.txt"].write_text(plain.replace(",", ";"))
    made["utf16.csv"].write_text(plain, encoding="utf-16")
    objects = [{"k": k, "a": a, "d": str(d)} for k, a, d in rows]
    made["t.json"].write_text(json.dumps(objects))
    made["lines.json"].write_text("\n".join(map(json.dumps, objects)))
    frame = pl.DataFrame({"k": ["a", "b"], "a": [Decimal("1.10"), Decimal("-2.00")], "d": [row[2] for row in rows]})
    frame.write_parquet(made["t.parquet"])
    frame.with_columns(pl.col("a").cast(pl.Float64)).write_parquet(made["double.parquet"])
    with xlsxwriter.Workbook(made["t.xlsx"]) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["k", "a", "d"])
        for number, (k, a, d) in enumerate(rows, 1):
            sheet.write_string(number, 0, k)
            sheet.write_formula(number, 1, f"=0+{a}", None, float(a))
            sheet.write_datetime(number, 2, d, book.add_format({"num_format": "yyyy-mm-dd"}))
    return made


def test_every_form_of_a_table_is_the_same_table(tmp_path: Path) -> None:
    # the formula's last value is read and never worked out; a double is its shortest text
    read = {name: read_file(path, name) for name, path in written_as(tmp_path).items()}
    with sqlite3.connect(tmp_path / "t.db") as database:
        database.execute("create table t (k text, a text, d text)")
        database.executemany("insert into t values (?, ?, ?)", [("a", "1.10", "2026-03-01"), ("b", "-2.00", "2026-03-02")])
    database.close()
    read["sqlite"] = read_query(f"sqlite:///{tmp_path}/t.db", "select * from t order by k", "sqlite")
    for name, table in read.items():
        amounts = [Decimal(cell) for cell in table.cells[1]]
        days = [datetime.fromisoformat(cell).date() for cell in table.cells[2]]
        assert (table.headers, list(table.cells[0]), amounts) == (("k", "a", "d"), ["a", "b"], [Decimal("1.1"), Decimal(-2)]), name
        assert days == [date(2026, 3, 1), date(2026, 3, 2)], name
    with pytest.raises(InputRejected, match="readonly"):
        read_query(f"sqlite:///{tmp_path}/t.db", "delete from t", "sqlite")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "bad.csv: the file is empty"),
        (b"k,a\nx\x00,1\n", "bad.csv: the file is binary"),
        (",".join(f"c{n}" for n in range(10_000)).encode() + b"\n" + b"," * 9_999 + b"\n", "bad.csv, line 1: 10,000 columns; expected at most 1,000"),
        (b'k,a\n"x,1\n', "bad.csv, line 2: broken quoting"),
        (b"PAR1 but nothing else", "bad.csv: not a readable Parquet file"),
        (b"PK\x03\x04 but nothing else", "bad.csv: a damaged archive"),
        (b'[{"k": "x", "a": 1}, 7]', "bad.csv, line 2: expected a JSON object"),
        (b"k,b\nx,1\n", "bad.csv, column 'a': the map names this column, but the table has 'k', 'b'"),
        (b"k,a,a\nx,1,2\n", "bad.csv, column 'a': is there more than once"),
    ],
)
def test_a_hostile_file_is_one_line_and_exit_code_2(content: bytes, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.csv").write_bytes(content)
    (tmp_path / "good.csv").write_text("k,a\nx,1\n")
    (tmp_path / "map.yaml").write_text(MAP)
    command = ["reconcile", "--map", f"{tmp_path}/map.yaml", "--left", f"{tmp_path}/good.csv", "--right", f"{tmp_path}/bad.csv"]
    assert cli.run(command) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in shown.err
    assert shown.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--left", "l.csv"], "need --map: what do the columns mean?"),
        (["--map", "none.yaml"], "the map none.yaml cannot be read"),
        (["--map", "map.yaml", "--left", "l.csv"], "no table for the right side: give --right FILE or --right-sql"),
        (["--map", "map.yaml", "--left", "l.csv", "--right", "none.csv"], "no such file: none.csv"),
        (["--map", "map.yaml", "--left", "l.csv", "--left", "l.csv", "--right", "l.csv"], "l.csv is given more than once on the left side"),
        (["--map", "map.yaml", "--left", "l.csv", "--right-sql", "select 1"], "is not of the form URL#QUERY"),
        (["--map", "map.yaml", "--left", "l.csv", "--right-sql", "$NO_SUCH#select 1"], "the environment has no variable NO_SUCH"),
        (["--map", "map.yaml", "--left", "l.csv", "--right", "r.csv", "--as-of", "yesterday"], "--as-of 'yesterday' is neither"),
        (["--map", "map.yaml", "--left", "l.csv", "--right", "r.csv", "--out", "o", "--format", "pdf"], "--format 'pdf' is not known"),
        (["--map", "map.yaml", "--left", "l.csv", "--right", "r.csv", "--format", "csv"], "--format needs --out"),
        (["--map", "map.yaml", "--left", "l.csv", "--right", "r.csv", "--out", "l.csv"], "l.csv cannot be written"),
    ],
)
def test_a_wrong_command_says_what_was_expected(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "map.yaml").write_text(MAP)
    for name in ("l.csv", "r.csv"):
        (tmp_path / name).write_text("k,a\n")
    assert cli.run(["reconcile", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_tables_may_stand_in_the_map_and_agreement_is_exit_code_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "one.csv").write_text("k,a\nx,1.00\n")
    (tmp_path / "two.csv").write_text("k;a\nx;1\n")
    table = "{{key: k, amount: a, currency: EUR, file: {}.csv}}"
    (tmp_path / "map.yaml").write_text(f"left: {table.format('one')}\nright: {table.format('two')}\n")
    assert cli.run(["reconcile", "--map", f"{tmp_path}/map.yaml", "--json", "--as-of", "2026-03-31"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["is_clean"], document["matched"]) == (True, [{"currency": "EUR", "case_count": 1, "amount_minor": 100}])


def test_a_moment_is_a_days_end_or_an_instant() -> None:
    now = datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert moment(None, now) == now
    assert moment("2026-03-31", now) == datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC)
    assert moment("2026-03-31T02:00:00+02:00", now) == datetime(2026, 3, 31, tzinfo=UTC)
    with pytest.raises(InputRejected, match="no zone"):
        moment("2026-03-31T02:00:00", now)


def test_an_error_of_a_database_never_shows_its_url() -> None:
    with pytest.raises(CountroomError) as caught:
        read_query("postgresql://me:secret@127.0.0.1:1/casino", "select 1", "the bank")
    assert "secret" not in str(caught.value) + repr(caught.value.__dict__)
