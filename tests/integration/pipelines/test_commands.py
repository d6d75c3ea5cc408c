"""Do migrate and doctor tell the truth about a real database."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from pipelines import cli
from pipelines.dagster_home import SCHEMA, URL_VARIABLE, prepare_dagster_home


def checks(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    return {check["check"]: check["state"] for check in json.loads(capsys.readouterr().out)}


def test_doctor_asks_for_a_migration_and_is_content_after_it(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COUNTROOM_DATABASE_URL", empty_database_url)
    assert cli.run(["doctor", "--json"]) == 1
    assert checks(capsys)["migrations"] == "attention"
    assert cli.run(["migrate"]) == 0
    capsys.readouterr()
    assert cli.run(["doctor", "--json"]) == 0
    assert set(checks(capsys).values()) == {"ok"}


def test_a_warehouse_of_its_own_is_migrated_too(
    empty_database_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COUNTROOM_DATABASE_URL", database_url)
    monkeypatch.setenv("COUNTROOM_WAREHOUSE_URL", empty_database_url)
    assert cli.run(["migrate", "--json"]) == 0
    assert [(state["database"], state["at_head"]) for state in json.loads(capsys.readouterr().out)] == [
        ("system of record", True),
        ("warehouse", True),
    ]


def test_stop_leaves_a_server_that_is_not_ours_alone(database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COUNTROOM_DATABASE_URL", database_url)
    assert cli.run(["stop"]) == 0
    assert "not ours" in capsys.readouterr().out
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_reconcile_on_a_database_nobody_migrated_says_what_to_do(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COUNTROOM_DATABASE_URL", empty_database_url)
    assert cli.run(["reconcile"]) == 2
    assert capsys.readouterr().err == "countroom: nothing has been reconciled here yet: run `countroom run` first\n"


def test_a_world_for_a_server_of_somebody_else_asks_for_the_migration_first(
    empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # the trap: a wall of SQL with the players' ids in it
    monkeypatch.setenv("COUNTROOM_DATABASE_URL", empty_database_url)
    assert cli.run(["world", "--players", "20", "--days", "2", "--out", str(tmp_path / "world")]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "countroom: the database is not at the newest schema: run `countroom migrate` first"


def test_dagster_keeps_its_runs_in_our_database_and_its_configuration_holds_no_password(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")  # empty is unset; set through monkeypatch, so that it is put back
    monkeypatch.setenv(URL_VARIABLE, "")
    home = prepare_dagster_home(tmp_path, database_url)
    configuration = (home / "dagster.yaml").read_text()
    password = psycopg.conninfo.conninfo_to_dict(database_url).get("password")
    assert not password or str(password) not in configuration
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select 1 from pg_namespace where nspname = %s", [SCHEMA]).fetchone() == (1,)
