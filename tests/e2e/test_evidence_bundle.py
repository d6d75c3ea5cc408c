"""What an auditor takes away of a signed day: made by the schedule's job and by the command, the very same; nothing secret and nobody's name in it."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from sqlalchemy import make_url

from assets.reporting.tables import EVIDENCE_BUNDLES
from pipelines.cli import run
from pipelines.dagster_home import prepare_dagster_home
from pipelines.jobs import EVIDENCE
from pipelines.reports.bundle import read_manifest, write_bundle
from pipelines.reports.daily import HouseBundles
from pipelines.resources.clock import SystemClock
from pipelines.resources.object_store import FolderStore
from pipelines.resources.warehouse import Warehouse
from tests.running_world import RunWorld
from transactional.db.engine import PIPELINE_ROLE, READER_ROLE
from transactional.settings import load_settings

pytestmark = pytest.mark.slow

PSP = "adyen"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The bundles that the schedule kept of one day: rows of EVIDENCE_BUNDLES, and where they are."""

    url: str
    home: Path
    day: date
    rows: list[dict[str, object]]

    def path(self, psp: str | None) -> Path:
        (row,) = [row for row in self.rows if row["psp"] == psp]
        return self.home / "objects" / str(row["object_key"])


@pytest.fixture(scope="module")
def evidence(run_world: RunWorld, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evidence]:
    """A day of one PSP is closed and signed by two; then its evidence is kept, twice."""
    home, day = tmp_path_factory.mktemp("evidence"), (run_world.as_of - timedelta(days=8)).date()
    with run_world.copy_of() as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("COUNTROOM_DATABASE_URL", url)
        patch.setenv("COUNTROOM_HOME", str(home))
        patch.delenv("DAGSTER_HOME", raising=False)
        named = [day.isoformat(), "--psp", PSP]
        assert run(["close", *named, "--as", "anna", "--despite", "breaks of the demo casino are known"]) == 0
        assert [run(["close", *named, "--as", name, "--sign"]) for name in ("anna", "carl")] == [0, 0]
        prepare_dagster_home(home, url)
        warehouse = Warehouse(url, role=PIPELINE_ROLE)
        resources = {"warehouse": warehouse, "bundles": HouseBundles(load_settings()), "clock": SystemClock()}
        with dg.DagsterInstance.get() as instance:
            for _ in range(2):
                made = EVIDENCE.execute_in_process(partition_key=day.isoformat(), resources=resources, instance=instance)
                assert made.success
        yield Evidence(url, home, day, warehouse.read(EVIDENCE_BUNDLES).to_dicts())


@pytest.fixture(autouse=True)
def at_home(evidence: Evidence, monkeypatch: pytest.MonkeyPatch) -> None:
    """The configuration of the house the evidence is of."""
    monkeypatch.setenv("COUNTROOM_DATABASE_URL", evidence.url)
    monkeypatch.setenv("COUNTROOM_HOME", str(evidence.home))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)


def test_a_day_has_the_bundle_of_the_house_and_one_of_each_signed_psp_once(evidence: Evidence) -> None:
    assert sorted(str(row["psp"]) for row in evidence.rows) == ["None", PSP]
    assert sorted(FolderStore(evidence.home / "objects").keys("bundles/")) == sorted(str(row["object_key"]) for row in evidence.rows)
    assert {row["business_date"] for row in evidence.rows} == {evidence.day}


def test_the_mart_knows_a_bundle_as_soon_as_it_is_kept_and_the_hash_of_its_manifest(evidence: Evidence) -> None:
    # the trap: a table that only the next run fills, so that this morning's evidence is nowhere
    told = Warehouse(evidence.url, role=READER_ROLE).read("select psp, sha256, manifest_sha256, knowledge from reconciliation.fct_evidence_bundles")
    assert sorted(told["knowledge"]) == ["as_known", "as_signed"]
    for row in told.rows(named=True):
        with zipfile.ZipFile(evidence.path(row["psp"])) as bundle:
            assert hashlib.sha256(bundle.read("manifest.json")).hexdigest() == row["manifest_sha256"]


def test_the_command_keeps_the_same_bytes_as_the_schedule(evidence: Evidence, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", evidence.day.isoformat(), "--psp", PSP, "--as-signed", "--bundle"]) in (0, 1)
    told = capsys.readouterr().err
    assert "is there already" in told
    assert evidence.path(PSP).stem in told


def test_an_auditor_finds_everything_as_it_was_signed(evidence: Evidence, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "verify", str(evidence.path(PSP)), "--in-house", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["differences"] == []
    assert [each["actor"] for each in told["close"]["signatures"]] == ["anna", "carl"]
    manifest = read_manifest(evidence.path(PSP))
    assert (manifest["psp"], manifest["day"]) == (PSP, evidence.day.isoformat())
    with zipfile.ZipFile(evidence.path(PSP)) as bundle:
        told = bundle.read("README.en.txt").decode()  # the trap: a text that promises what is not in the bundle
        forms = re.findall(r"^\*\.(\w+)", told, re.MULTILINE)
        assert forms
        assert all(any(name.endswith(f".{form}") for name in bundle.namelist()) for form in forms)
        assert {name for name in bundle.namelist() if f"{name} " not in told and name.rpartition(".")[2] not in forms} == {"README.en.txt"}


def test_an_altered_bundle_is_named_and_its_member_too(evidence: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    altered = tmp_path / "bundle.zip"
    with zipfile.ZipFile(evidence.path(PSP)) as old, zipfile.ZipFile(altered, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name) + (b" " if name == "files.json" else b""))
    assert run(["audit", "verify", str(altered)]) == 1
    assert "files.json: altered" in capsys.readouterr().out


def test_a_page_forged_with_a_manifest_that_fits_is_none_of_this_house(
    evidence: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # the trap: every hash is right, and the page says something else than what was signed
    path, manifest = tmp_path / "forged.zip", read_manifest(evidence.path(PSP))
    with zipfile.ZipFile(evidence.path(PSP)) as old:
        members = [(each["name"], old.read(each["name"])) for each in manifest.pop("members")]
    write_bundle(path, manifest, [(name, content + b"<!-- -->" if name.endswith(".html") else content) for name, content in members])
    assert run(["audit", "verify", str(path)]) == 0
    assert run(["audit", "verify", str(path), "--in-house"]) == 1
    assert "forged.zip: unknown" in capsys.readouterr().out


def test_each_input_file_is_named_with_its_hash_and_its_original_is_held(evidence: Evidence, run_world: RunWorld) -> None:
    with zipfile.ZipFile(evidence.path(PSP)) as bundle:
        files, log = json.loads(bundle.read("files.json")), json.loads(bundle.read("run_log.json"))
    assert {file["source"] for file in files} == {PSP, "bank", "fx"}
    # the copy's store is empty: the run kept its originals under its own home, and the bundle says what it sees
    assert {file["original_is_kept"] for file in files} == {False}
    assert log["status"] == "success"
    assert {"derived.reconciliation__certificate", "reconciliation.fct_breaks"} <= {table["table"] for table in log["tables"]}
    assert log["dagster_run_id"] == run_world.report["run_id"]


def test_nothing_in_a_bundle_is_a_secret_or_a_player(evidence: Evidence) -> None:
    players = Warehouse(evidence.url).read("select distinct player_id::text as player_id from app.accounts where player_id is not null")
    secrets = [str(make_url(evidence.url).password), *players["player_id"], *players["player_id"].str.replace_all("-", "")]
    assert players.height > 100
    for psp in (None, PSP):
        said = "\n".join(texts_in(evidence.path(psp)))
        assert [secret for secret in secrets if secret in said] == []


def texts_in(path: Path) -> Iterator[str]:
    """Everything a bundle says, also inside its workbooks and its columnar files."""
    with zipfile.ZipFile(path) as bundle:
        for name in bundle.namelist():
            content = bundle.read(name)
            if name.endswith(".parquet"):
                yield pl.read_parquet(io.BytesIO(content)).write_csv()
            elif name.endswith((".xlsx", ".zip")):
                with zipfile.ZipFile(io.BytesIO(content)) as inner:
                    yield from (inner.read(part).decode("utf-8", "replace") for part in inner.namelist())
            else:
                yield content.decode()


def test_the_readers_role_may_select_every_mart_and_nothing_behind_them(evidence: Evidence) -> None:
    asked = """
    select n.nspname || '.' || c.relname as name, n.nspname in ('app', 'raw', 'derived', 'staging', 'intermediate', 'dagster') as is_behind,
        has_schema_privilege('countroom_reader', n.oid, 'USAGE') and has_table_privilege('countroom_reader', c.oid, 'SELECT') as may_select,
        has_table_privilege('countroom_reader', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') as may_write
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'v', 'm', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'migrations') and n.nspname not like 'pg_toast%'
    """
    tables = Warehouse(evidence.url).read(asked)
    marts, behind = tables.filter(~pl.col("is_behind")), tables.filter("is_behind")
    assert marts.height > 20
    assert marts.filter(~pl.col("may_select"))["name"].to_list() == []
    assert behind.filter("may_select")["name"].to_list() == []
    assert tables.filter("may_write")["name"].to_list() == []


def test_a_run_raises_the_alerts_that_sql_finds_in_its_marts(evidence: Evidence, capsys: pytest.CaptureFixture[str]) -> None:
    # the run of the fixture had no channel: alerts are known all the same, and nobody was told
    asked = """
    select coalesce(thread_id, break_id) as subject from reconciliation.fct_breaks as b
    left join derived.close_limit_catalogue as l on l.currency = b.currency and b.event_date >= l.valid_from and b.event_date < l.valid_until
    where counts_as_break and (abs(amount_minor) > coalesce(limit_minor, 0)
        or break_class in ('batch_gap', 'row_arithmetic', 'batch_residue', 'statement_gap', 'unknown_kind'))
    """
    assert run(["alerts", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    found = [alert["subject"] for alert in told["alerts"] if alert["cause"] not in ("activity_report", "refused_file")]
    assert sorted(found) == sorted(Warehouse(evidence.url).read(asked)["subject"])
    assert told["messages"] == []
    assert run(["alerts", "--test"]) == 2
    assert "no channel is configured" in capsys.readouterr().err


def test_the_calendar_says_what_blocks_each_day_of_a_psp(evidence: Evidence, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["close", "--calendar", "--psp", PSP, "--json"]) == 1
    days = json.loads(capsys.readouterr().out)
    assert {day["psp"] for day in days} == {PSP}
    assert [day["business_date"] for day in days] == sorted((day["business_date"] for day in days), reverse=True)
    asked = "select business_date::text as day from reconciliation.agg_close_calendar where psp = $1 and is_blocked order by 1 desc"
    assert [day["business_date"] for day in days if day["is_blocked"]] == Warehouse(evidence.url).read(asked, [PSP])["day"].to_list()
    run(["close", evidence.day.isoformat(), "--calendar"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(evidence.day.isoformat())
    assert any("blocked by" in line for line in lines)


def test_a_calendar_does_nothing_and_a_close_needs_its_day(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["close", "--calendar", "--sign"]) == 2
    assert run(["close", "--psp", PSP, "--as", "anna"]) == 2
    assert "say which day" in capsys.readouterr().err


def test_what_is_no_bundle_cannot_be_audited(evidence: Evidence) -> None:
    assert run(["audit", "verify", str(evidence.home / "nothing.zip")]) == 2
