"""One of the two tables is the answer of a query: read only, every type as its text, the URL never shown."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from pipelines import cli
from pipelines.standalone.sources import read_query
from transactional.vocabulary.errors import InputRejected

MAP = """\
left: {key: k, amount: a, currency: c, date: at}
right: {name: the report, key: k, amount: a, currency: EUR, date: at}
"""
QUERY = "select k, a::numeric(12, 2) as a, 'EUR' as c, at from bookings where k like 'K%' order by k"


@pytest.fixture
def books(empty_database_url: str) -> str:
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("create table bookings (k text, a double precision, at timestamptz, paid boolean, note bytea)")
        connection.execute("insert into bookings values ('K1', 0.1, '2026-03-01 01:00+02', true, 'x'), ('K2', -12.5, '2026-03-02', false, null)")
    return empty_database_url


def test_a_query_against_a_file(books: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "map.yaml").write_text(MAP)
    (tmp_path / "report.csv").write_text("k,a,at\nK1,0.10,2026-03-01\nK2,-12.50,2026-03-02\n")
    monkeypatch.setenv("BOOKS_URL", books)
    command = ["reconcile", "--map", f"{tmp_path}/map.yaml", "--left-sql", f"$BOOKS_URL#{QUERY}", "--right", f"{tmp_path}/report.csv"]
    assert cli.run(command) == 0
    shown = capsys.readouterr()
    assert "left query against the report" in shown.out
    assert books not in shown.out + shown.err


def test_every_type_is_its_text_and_a_double_its_shortest_one(books: str) -> None:
    table = read_query(books, "select *, a as a, at::date as day, a::numeric as exact from bookings order by k", "books")
    assert table.headers == ("k", "a", "at", "paid", "note", "a #2", "day", "exact")
    assert [column[0] for column in table.cells] == ["K1", "0.1", "2026-02-28T23:00:00+00:00", "true", "78", "0.1", "2026-02-28", "0.1"]
    assert [column[1] for column in table.cells][1:5:3] == ["-12.5", ""]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("insert into bookings values ('K3')", "the query of books failed: cannot execute INSERT in a read-only transaction"),
        ("commit; set default_transaction_read_only = off; insert into bookings values ('K3')", "cannot insert multiple commands"),
        ("select nothing from nowhere", 'the query of books failed: relation "nowhere" does not exist'),
        ("set timezone = 'UTC'", "the query of books answers no rows; expected a select"),
    ],
)
def test_a_query_that_writes_or_answers_nothing_is_refused(books: str, query: str, said: str) -> None:
    with pytest.raises(InputRejected) as caught:
        read_query(books, query, "books")
    assert said in str(caught.value)
    with psycopg.connect(books) as connection:
        assert connection.execute("select count(*) from bookings").fetchone() == (2,)
