"""After one materialisation of all: is every asset there, its checks with it, and does its page say how many rows, how much money, what picture.

Read from Dagster's own event log, which is what the UI reads.
"""

from __future__ import annotations

import json
from typing import Any

import dagster as dg
import pytest
from dagster_postgres.event_log import PostgresEventLogStorage
from sqlalchemy import make_url

from assets.catalogues.tables import CATALOGUES
from assets.landing.tables import APP_TABLES, FILE_TABLES
from assets.payments.scorecards.tables import (
    AMOUNT_BANDS,
    DECAY_WEIGHTS,
    SCORECARD_CONTENTS,
    SCORECARD_ROWS,
    SCORECARD_STATUSES,
    SCORECARD_VERSIONS,
)
from assets.reconciliation.suggestions.tables import ACCEPTED_MATCHES, SUGGESTIONS
from assets.reconciliation.tables import BREAK_CLASSES, BREAK_THREADS, BREAKS, CERTIFICATE, DAY_ENDS, DERIVED_TABLES, THREAD_MEMBERS
from assets.reporting.tables import ALERT_MESSAGES, ALERTS
from pipelines.asset_specs import key_of
from pipelines.dagster_home import SCHEMA
from tests.running_world import RunWorld

pytestmark = pytest.mark.slow

# what is planted in the files themselves asks for a person; everything else of a world with defects is a break, and no check is about breaks
ABOUT_PLANTED_DEFECTS = {
    "derived/reconciliation__gates: gates_passed (warn)",
    "raw/bank__statements: bank_statements (warn)",
    "reconciliation/agg_psp_wallets: psp_balances_are_their_open_items (warn)",  # batches whose lines are not their payout: the planted residues
}
Pages = dict[dg.AssetKey, dict[str, Any]]


@pytest.fixture(scope="module")
def models(run_world: RunWorld) -> dict[dg.AssetKey, dict[str, Any]]:
    """dbt's models by asset."""
    manifest = json.loads((run_world.dbt_folder / "manifest.json").read_text())
    return {
        dg.AssetKey([node["schema"], node["alias"]]): node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["config"]["materialized"] != "ephemeral"
    }


@pytest.fixture(scope="module")
def pages(run_world: RunWorld) -> Pages:
    """The metadata of the last materialisation of each asset. The connection is closed at once: others copy the database meanwhile."""
    options = {"options": f"-csearch_path={SCHEMA}"}
    url = make_url(run_world.url).set(drivername="postgresql+psycopg2").update_query_dict(options)
    storage = PostgresEventLogStorage(url.render_as_string(hide_password=False), should_autocreate_tables=False)
    events = storage.get_latest_materialization_events(list(storage.all_asset_keys()))
    storage.dispose()
    return {key: dict(event.asset_materialization.metadata) for key, event in events.items() if event and event.asset_materialization}


def test_one_run_writes_every_asset(run_world: RunWorld, pages: Pages, models: dict[dg.AssetKey, dict[str, Any]]) -> None:
    # the trap: an asset with days of its own, that no run fills, and a lineage that is never green
    by_engine = (*DERIVED_TABLES, DAY_ENDS, BREAK_CLASSES, BREAK_THREADS, THREAD_MEMBERS, SUGGESTIONS, ACCEPTED_MATCHES, ALERTS, ALERT_MESSAGES)
    scorecards = (DECAY_WEIGHTS, AMOUNT_BANDS, SCORECARD_CONTENTS, SCORECARD_VERSIONS, SCORECARD_STATUSES, SCORECARD_ROWS)
    written_by_python = {key_of(table) for table in (*FILE_TABLES, *APP_TABLES, *CATALOGUES, *by_engine, *scorecards)}
    assert set(pages) == written_by_python | set(models)
    assert run_world.report["materialised"] == len(pages)


def test_the_only_warnings_are_about_what_is_wrong_inside_the_files(run_world: RunWorld) -> None:
    assert set(run_world.report["failed_checks"]) == ABOUT_PLANTED_DEFECTS


def test_every_table_tells_its_rows_and_those_with_money_their_money(pages: Pages, models: dict[dg.AssetKey, dict[str, Any]]) -> None:
    tables = {key for key, node in models.items() if node["config"]["materialized"] != "view"} | {key_of(table) for table in DERIVED_TABLES}
    assert [key.to_user_string() for key in tables if "dagster/row_count" not in pages[key]] == []
    poor = [key.to_user_string() for key, node in models.items() if key in tables and has_money(node["columns"]) and not tells_money(pages[key])]
    assert poor == []
    assert "| EUR |" in str(pages[key_of(BREAKS)]["money (minor units)"].value)


def has_money(columns: dict[str, Any]) -> bool:
    return "currency" in columns and any(name.endswith("_minor") for name in columns)


def tells_money(page: dict[str, Any]) -> bool:
    return "money (minor units)" in page or page["dagster/row_count"].value == 0


def test_the_page_of_the_breaks_has_the_month_in_a_picture(pages: Pages) -> None:
    page = pages[key_of(BREAKS)]
    assert str(page["cases by day"].value).startswith("![cases by day](data:image/svg+xml;base64,")
    assert len(str(page["cases by day"].value)) < 1_000  # longer ones are hidden behind a link
    assert "data:image/svg+xml;base64," in str(page["cases by day, large"].value)


def test_the_certificate_is_plotted_over_the_runs(pages: Pages) -> None:
    page = pages[key_of(CERTIFICATE)]
    assert page["closes"].value is True
    assert page["in"].value == page["matched"].value + page["broken"].value + page["ignored"].value > 0


def test_a_run_starts_dbt_once_and_builds_three_times(run_world: RunWorld) -> None:
    # a start of dbt costs 4 to 8 s; its worker is one process for all of it, and says in dbt's log what it did
    log = (run_world.dbt_folder / "logs" / "dbt.log").read_text()
    assert (log.count("Performance info"), log.count("Finished running")) == (1, 3)  # parsed once; inputs, marts, what is told of the marts
