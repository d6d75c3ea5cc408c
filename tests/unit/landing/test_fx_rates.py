"""ECB rates: trailing comma, N/A, two date layouts, archives."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest

from assets.landing.fx_rates import parse_ecb
from transactional.vocabulary.errors import ContractBroken

HISTORY = "Date,USD,JPY,BGN,\n2026-03-03,1.0842,161.55,N/A,\n2026-03-02,1.0810,161.2,1.9558,\n"


def zipped(**members: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "."), text)
    return buffer.getvalue()


def test_the_trailing_comma_is_no_currency_and_not_available_is_no_rate() -> None:
    rows = parse_ecb(HISTORY.encode(), "eurofxref-hist.csv").frames[0].rows
    assert rows.select("rate_date", "currency", "rate").rows() == [
        (date(2026, 3, 3), "USD", "1.0842"),
        (date(2026, 3, 3), "JPY", "161.55"),
        (date(2026, 3, 2), "USD", "1.0810"),
        (date(2026, 3, 2), "JPY", "161.2"),
        (date(2026, 3, 2), "BGN", "1.9558"),
    ]
    assert rows["line_no"].to_list() == [1, 2, 3, 4, 5]


def test_the_daily_file_writes_its_date_in_words() -> None:
    rows = parse_ecb(b"Date, USD, JPY, \n13 April 2026, 1.1684, 186.75, \n", "eurofxref.csv").frames[0].rows
    assert rows.select("rate_date", "currency", "rate").rows() == [(date(2026, 4, 13), "USD", "1.1684"), (date(2026, 4, 13), "JPY", "186.75")]


def test_the_archive_is_read_like_the_file_in_it() -> None:
    assert parse_ecb(zipped(eurofxref__csv=HISTORY), "e.zip").frames[0].rows.equals(parse_ecb(HISTORY.encode(), "e.csv").frames[0].rows)


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ("2026-02-30,1.1,161,2,", "impossible_date", "Date"),
        ("2026-03-04,1.1,abc,2,", "not_a_rate", "JPY"),
        ("2026-03-04,0.000,161,2,", "not_a_rate", "USD"),
        ("2026-03-04,-1.1,161,2,", "not_a_rate", "USD"),
        ("2026-03-04,1.1", "cell_count", None),
    ],
)
def test_a_day_with_an_unusable_cell_is_refused_whole(line: str, code: str, column: str | None) -> None:
    parsed = parse_ecb((HISTORY + line + "\n").encode(), "e.csv")
    assert [(row.line, row.code, row.column) for row in parsed.rejected] == [(4, code, column)]
    assert parsed.rows_landed == 5


def test_an_archive_with_two_tables_or_cut_off_is_refused() -> None:
    with pytest.raises(ContractBroken, match="2 CSV files"):
        parse_ecb(zipped(eurofxref__csv=HISTORY, other__csv=HISTORY), "e.zip")
    with pytest.raises(ContractBroken, match="damaged"):
        parse_ecb(zipped(eurofxref__csv=HISTORY)[:-30], "e.zip")


def test_an_archive_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assets.landing.fx_rates._LARGEST_UNPACKED", 50)
    with pytest.raises(ContractBroken, match="unpacks to more"):
        parse_ecb(zipped(eurofxref__csv=HISTORY), "e.zip")


def test_a_header_of_anything_else_is_refused() -> None:
    with pytest.raises(ContractBroken, match=r"e\.csv, line 1: expected the header"):
        parse_ecb(b"Date,USD,Rate of yen,\n", "e.csv")
