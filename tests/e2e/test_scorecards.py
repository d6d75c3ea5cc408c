"""A run publishes a scorecard: on the command line, over HTTP with the rights of a routing service, and as files that replay it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient

from assets.payments.scorecards.files import file_names, from_files
from pipelines.cli import run
from tests.running_world import RunWorld
from transactional.http.app import create_app
from transactional.payments.scorecards.document import parse
from transactional.settings import load_settings

pytestmark = pytest.mark.slow

SECRET = "a-routing-service-that-is-not-ours"


@pytest.fixture
def casino(run_world: RunWorld, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A copy of the casino that has run, as the command line sees it."""
    with run_world.copy_of() as url:
        monkeypatch.setenv("COUNTROOM_DATABASE_URL", url)
        yield url


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(["scorecards", *arguments]) == 0
    return capsys.readouterr().out


def test_what_the_run_published_is_listed_served_and_replayed_from_files(casino: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    listed = json.loads(said(capsys, "list", "--json"))
    assert [(each["version"], each["status"], each["origin"]) for each in listed] == [(1, "champion", "run")]
    with TestClient(create_app(load_settings(database_url=casino, api_keys=f"router:scorecards:read:{SECRET}"))) as client:
        served = client.get("/v1/scorecards/current", headers={"Authorization": f"Bearer {SECRET}"})
    document = parse(served.content)
    assert document.manifest.content_sha256 == listed[0]["content_sha256"]
    said(capsys, "export", "--to", str(tmp_path))
    rows, manifest = (tmp_path / name for name in file_names(1))
    assert from_files(rows.read_bytes(), manifest.read_bytes()) == document
    assert {row.psp for row in document.rows} == {"adyen", "stripe"}


def test_the_card_counts_the_attempts_of_its_window_and_schema_serve_shows_it(casino: str) -> None:
    with psycopg.connect(casino) as connection:
        connection.execute("set role countroom_router")
        told = connection.execute("select sum(n_attempts), sum(n_approved), sum(n_pending) from serve.scorecard where level = 'all'").fetchone()
        connection.execute("reset role")
        counted = connection.execute(
            """select count(*), count(*) filter (where outcome = 'approved'), count(*) filter (where outcome = 'pending')
               from intermediate.int_payments__attempts_resolved, serve.scorecard_versions
               where date_trunc('hour', created_at, 'UTC') > data_watermark - interval '24 hours' and created_at <= data_watermark"""
        ).fetchone()
    assert told == counted
    assert counted is not None
    assert counted[0] > 10


def test_publishing_again_what_was_published_makes_no_version_and_a_roll_back_is_held(casino: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "was there already" in said(capsys, "publish", "--by", "ayse")
    assert run(["scorecards", "rollback", "1", "--by", "ayse", "--reason", "to see"]) == 2
    assert "very content" in capsys.readouterr().err
