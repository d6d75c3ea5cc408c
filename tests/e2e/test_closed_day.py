"""A day is closed, signed by two, a file of it is restated, and the auditor asks for it: by the commands, on a casino that has run."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from assets.landing.app_tables import land_app_tables
from assets.landing.detection import FolderHints
from assets.landing.doors import land_file
from assets.reconciliation.standing.day import Standing
from assets.reconciliation.standing.document import as_bytes, checksum, difference, from_bytes
from pipelines.cli import run
from pipelines.resources.dbt import Dbt, DbtTarget
from pipelines.resources.object_store import FolderStore
from pipelines.resources.warehouse import Warehouse
from pipelines.standing.day_standing import as_known_at
from tests.e2e.restated_file import line_by, restated
from tests.running_world import RunWorld
from transactional.db.engine import PIPELINE_ROLE

pytestmark = pytest.mark.slow

PSP = "adyen"
MODELS = ("int_reconciliation__items", "fct_closes", "agg_close_calendar")


@dataclass(frozen=True, slots=True)
class Desk:
    """The casino, and what the commands said."""

    world: RunWorld
    warehouse: Warehouse
    store: FolderStore
    line: dict[str, Any]
    close: dict[str, Any]
    signed: bytes
    told_signed: str

    @property
    def day(self) -> date:
        return date.fromisoformat(self.close["business_date"])

    def known_at(self, moment: datetime) -> Standing:
        return as_known_at(self.warehouse, self.day, PSP, moment)


@pytest.fixture(scope="module")
def desk(run_world: RunWorld, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Close a day, sign it twice, restate a line of it, and ask for it again."""
    home = tmp_path_factory.mktemp("closed-day")
    with run_world.copy_of() as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("COUNTROOM_DATABASE_URL", url)
        patch.setenv("COUNTROOM_HOME", str(home))
        warehouse, store = Warehouse(url, role=PIPELINE_ROLE), FolderStore(home / "objects")
        line = line_by(warehouse, (run_world.as_of - timedelta(days=8)).date())
        named = [line["event_date"].isoformat(), "--psp", PSP]
        told(["close", *named, "--as", "anna", "--despite", "breaks of the demo casino are known"])
        assert run(["report", *named, "--as-signed"]) == 2  # nobody has signed yet
        told(["close", *named, "--as", "anna", "--sign"])
        assert run(["close", *named, "--as", "anna", "--sign"]) == 2
        close = json.loads(told(["close", *named, "--as", "carl", "--sign", "--json"]))
        signed = store.get(close["object_key"])
        path = next(path for path in sorted(run_world.folder.rglob(line["file_name"])) if "v2" not in path.parts)
        with warehouse.connect() as connection:
            hints = FolderHints.of(path.relative_to(run_world.folder))
            landed = land_file(restated(path, line["line_no"]), path.name, hints, connection, store, now=run_world.as_of + timedelta(hours=1))
        assert (landed.status, landed.version) == ("landed", 2)
        with warehouse.connect() as app, warehouse.connect() as connection:
            land_app_tables(app, connection, run_world.as_of + timedelta(hours=1))
        with Dbt(DbtTarget.postgres(url, PIPELINE_ROLE), home) as dbt:
            list(dbt.build(["--select", *MODELS, "--exclude-resource-type", "unit_test", "--indirect-selection", "cautious"]))
        yield Desk(run_world, warehouse, store, line, close, signed, told(["report", *named, "--as-signed", "--json"]))


def told(arguments: list[str]) -> str:
    """What a command prints, whatever it found."""
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", printed)
        assert run(arguments) in (0, 1), arguments
    return printed.getvalue()


def test_the_close_froze_what_it_says(desk: Desk) -> None:
    assert (desk.close["state"], [each["actor"] for each in desk.close["signatures"]]) == ("signed", ["anna", "carl"])
    assert desk.close["checksum"] == checksum(desk.signed)
    assert datetime.fromisoformat(desk.close["watermark_at"]) == desk.world.as_of
    assert desk.line["file_name"] in {file["name"] for file in desk.close["files"]}
    assert {mart["mart"] for mart in desk.close["marts"]} >= {"reconciliation.fct_cases", "reconciliation.fct_breaks"}


def test_the_signed_day_is_told_again_byte_for_byte(desk: Desk) -> None:
    assert desk.told_signed.encode() == desk.signed
    assert as_bytes(desk.known_at(desk.world.as_of)) == desk.signed  # and the engine, asked with what was known then, says the same


def test_the_difference_is_the_restated_line_and_nothing_else(desk: Desk) -> None:
    changed = difference(from_bytes(desk.signed), desk.known_at(desk.world.as_of + timedelta(hours=2)))
    breaks = changed["breaks"]
    assert sorted(breaks.select("told", "break_class", "account", "currency", "amount_minor").rows()) == [
        ("after", "amount", desk.line["account"], "EUR", 100),
        ("after", "restated", desk.line["account"], "EUR", 100),
    ]
    (before, after) = changed["summary"].sort("told", descending=True).to_dicts()
    assert (after["matched_count"] - before["matched_count"], after["broken_count"] - before["broken_count"]) == (-1, 2)
    lines = changed["evidence"].filter(pl.col("source") == "activity")
    assert set(lines.select("file_name", "line_no", "file_version").rows()) == {(desk.line["file_name"], desk.line["line_no"], n) for n in (1, 2)}
    assert set(changed) == {"summary", "by_class", "funnel", "ageing", "breaks", "evidence", "certificate"}


def test_the_calendar_shows_the_close_and_what_blocks_the_other_days(desk: Desk) -> None:
    calendar = desk.warehouse.read("select * from reconciliation.agg_close_calendar")
    closed = calendar.filter(pl.col("state") != "open")
    assert closed.select("psp", "business_date", "state", "close_id").rows() == [(PSP, desk.day, "signed", desk.close["close_id"])]
    blocked = calendar.filter("is_blocked")
    assert (blocked["missing_file_count"].sum() > 0, blocked["break_above_limit_count"].sum() > 0) == (True, True)
    (folded,) = desk.warehouse.read("select * from reconciliation.fct_closes").to_dicts()
    assert (folded["checksum"], folded["first_signer"], folded["second_signer"]) == (desk.close["checksum"], "anna", "carl")


def test_a_signed_day_whose_object_was_changed_is_not_told(desk: Desk) -> None:
    path = desk.store.folder / desk.close["object_key"]
    path.chmod(0o644)
    path.write_bytes(desk.signed.replace(b'"adyen"', b'"adyer"'))
    try:
        assert run(["report", desk.close["business_date"], "--psp", PSP, "--as-signed"]) == 2
    finally:
        path.write_bytes(desk.signed)
