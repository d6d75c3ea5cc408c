"""Breaks of a real run, worked on from the command line: found by filter, done once, shown at once; and followed through runs over real items."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest

from assets.reconciliation.healing import told_by_lines
from assets.reconciliation.matching import Outcome, reconcile
from assets.reconciliation.tables import BREAK_THREADS, ITEMS, THREAD_MEMBERS
from assets.reconciliation.terms import run_context
from assets.reconciliation.threads import Threads, follow, no_threads
from pipelines import cli
from pipelines.resources.warehouse import Warehouse
from tests.running_world import RunWorld

pytestmark = pytest.mark.slow


class Desk:
    """`countroom breaks` on a copy of the casino, in this process."""

    def __init__(self, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.url, self._capsys = url, capsys

    def __call__(self, *arguments: str) -> tuple[int, str]:
        self._capsys.readouterr()
        code = cli.run(["breaks", *arguments])
        told = self._capsys.readouterr()
        return code, told.out + told.err

    def json(self, *arguments: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads(self(*arguments, "--json")[1])["breaks"]
        return rows


@pytest.fixture
def desk(run_world: RunWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Desk]:
    with run_world.copy_of() as url:
        monkeypatch.setenv("COUNTROOM_DATABASE_URL", url)
        monkeypatch.setenv("COUNTROOM_HOME", str(tmp_path / "home"))
        yield Desk(url, capsys)


def test_every_break_that_counts_has_a_thread_and_a_deadline_in_the_marts(run_world: RunWorld) -> None:
    read = Warehouse(run_world.url).read
    counted = read("select count(*) as n, count(thread_id) as threads, count(due_at) as due from reconciliation.fct_breaks where counts_as_break")
    assert counted.row(0) == (counted["n"][0],) * 3
    assert read("select count(*) from reconciliation.fct_break_threads where is_open").item() == counted["n"][0] > 0
    assert read("select count(*) from reconciliation.fct_breaks where not counts_as_break and thread_id is not null").item() == 0
    assert read("select count(*) from reconciliation.fct_break_threads where reporting_minor is null").item() == 0


def test_breaks_are_found_by_filter_worked_on_and_shown_as_they_stand_now(desk: Desk, tmp_path: Path) -> None:
    chosen = desk.json("list", "--class", "missing_in_ledger")
    assert len(chosen) > 1
    assert {row["state"] for row in chosen} == {"open"}
    assert desk("assign", "--class", "missing_in_ledger", "--to", "ana", "--as", "ben")[0] == 0
    assert {row["thread_id"] for row in desk.json("list", "--owner", "ana")} == {row["thread_id"] for row in chosen}
    first = chosen[0]["thread_id"]
    evidence = tmp_path / "mail.txt"
    evidence.write_text("they say so")
    for _ in range(2):  # the same request again does nothing
        assert desk("comment", first, "-m", "asked the PSP", "--as", "ana", "--request", "one")[0] == 0
    assert desk("attach", first, "--file", str(evidence), "--as", "ana")[0] == 0
    assert desk("explain", first, "--cause", "lost_webhook", "--as", "ana")[0] == 0
    _, told = desk("show", first)
    assert told.count("asked the PSP") == 1
    assert "lost_webhook" in told
    assert " line " in told
    assert len(list((tmp_path / "home" / "objects").rglob("mail.txt"))) == 1


def test_an_adjustment_needs_two_people_and_makes_one_entry(desk: Desk) -> None:
    first = desk.json("list", "--class", "missing_in_ledger")[0]["thread_id"]
    accounts = ["--debit", "psp_receivable:{psp}:{account}", "--credit", "suspense:{psp}"]
    assert desk("propose", first, *accounts, "--as", "ana") == (0, f"{first}  proposed\n")
    code, told = desk("approve", first, "--as", "ana")
    assert (code, "another person" in told) == (1, True)
    assert desk("approve", first, "--as", "ben")[0] == 0
    booked = [desk.json("post", first, "--as", "ben")[0] for _ in range(2)]
    assert [row["replayed"] for row in booked] == [False, True]
    with psycopg.connect(desk.url) as connection:
        found = connection.execute("select entry_id::text from app.journal_entries where kind = 'adjustment'").fetchall()
    assert found == [(booked[0]["entry_id"],)]


def test_what_is_meant_must_be_said_and_must_exist(desk: Desk) -> None:
    assert desk("assign", "--to", "ana")[0] == 2
    assert desk("assign", "brk_nobody_knows", "--to", "ana")[0] == 2
    assert desk("assign", "--class", "missing_in_ledger", "--to", "Ana B")[0] == 2
    assert desk("list", "--above", "much")[0] == 2
    assert desk("list", "--psp", "nobody") == (0, "no breaks\n")


def outcome_of(run_world: RunWorld, items: pl.DataFrame) -> Outcome:
    return reconcile(items, run_context(run_world.as_of))


def test_the_same_facts_again_leave_every_thread_under_its_id(run_world: RunWorld) -> None:
    warehouse = Warehouse(run_world.url)
    before = Threads(warehouse.read(BREAK_THREADS), warehouse.read(THREAD_MEMBERS))
    breaks, dispositions = (
        warehouse.read("select * from derived.reconciliation__breaks"),
        warehouse.read("select * from derived.reconciliation__dispositions"),
    )
    after = follow(before, breaks, dispositions, run_world.as_of + timedelta(days=1), "again", "EUR")
    assert after.threads["thread_id"].to_list() == sorted(before.threads["thread_id"])
    assert after.threads["is_open"].all()
    assert after.members.sort("item_key").equals(before.members.sort("item_key"))


def test_a_line_that_comes_later_heals_its_break_and_is_named(run_world: RunWorld) -> None:
    items = Warehouse(run_world.url).read(ITEMS)
    whole = outcome_of(run_world, items)
    matched = whole.dispositions.filter(pl.col("disposition") == "matched").select("item_key")
    late = (
        items.join(matched, on="item_key")
        .filter((pl.col("source") == "settlement") & (pl.col("kind") == "deposit"))
        .sort("booked_on", "item_key")
        .row(0, named=True)
    )
    without = outcome_of(run_world, items.filter(pl.col("item_key") != late["item_key"]))
    first = follow(no_threads(), without.breaks, without.dispositions, run_world.as_of - timedelta(days=30), "first", "EUR")
    second = follow(first, whole.breaks, whole.dispositions, run_world.as_of, "second", "EUR")
    told = told_by_lines(second, whole.dispositions, items, "second").threads.filter(pl.col("ended_how").is_not_null())
    assert set(told["ended_how"]) == {"healed"}
    assert f"{late['file_name']} line {late['line_no']}" in told["healed_by_lines"].to_list()
