"""Do the marts that grow by landing batches hold exactly what a full refresh would make, whatever comes late."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipelines.resources.dbt import Dbt, DbtTarget
from tests.running_world import RunWorld
from transactional.db.engine import PIPELINE_ROLE

pytestmark = pytest.mark.slow

MARTS = {"ledger.fct_postings": "fct_postings", "payments.fct_payment_events": "fct_payment_events"}
LATE_BATCH, EARLIER, LATE_EVENT = "00000000-0000-0000-0000-0000000000ba", "400 days", "00000000-0000-0000-0000-0000000000e1"

# a whole entry and a fact, recorded and effective long before anything that has been published
LATE_ROWS = """
create temporary table template as select * from raw.app__journal_entries order by entry_id limit 1;
insert into raw.app__journal_entries select ('00000000-0000-0000-0000-0000000000e0')::uuid, 'late', kind, effective_at - interval '{earlier}',
    recorded_at - interval '{earlier}', null, description, '{batch}', now() from template;
insert into raw.app__postings select ('00000000-0000-0000-0000-0000000000e0')::uuid, line, account_id, currency, amount_minor, null, null, 'late', null,
    '{batch}', now() from raw.app__postings where entry_id = (select entry_id from template);
insert into raw.app__payment_events (event_id, psp, merchant_account, event_kind, raw_kind, money_kind, amount_minor, currency, psp_reference,
    effective_at, recorded_at, _batch_id, _loaded_at)
    select '{event}', psp, merchant_account, event_kind, raw_kind, money_kind, amount_minor, currency, 'late', effective_at - interval '{earlier}',
    recorded_at - interval '{earlier}', '{batch}', now() from raw.app__payment_events where money_kind is not null order by event_id limit 1
"""
ADOPTION = """
insert into raw.app__payment_adoptions (event_id, attempt_id, recorded_at, _batch_id, _loaded_at)
select '{event}', min(attempt_id::text)::uuid, now(), gen_random_uuid(), now() from raw.app__payment_attempts
"""


def run_sql(url: str, text: str) -> None:
    with psycopg.connect(url) as connection:
        for statement in text.format(batch=LATE_BATCH, earlier=EARLIER, event=LATE_EVENT).split(";\n"):
            connection.execute(statement)  # type: ignore[arg-type]


def rows(url: str, mart: str) -> dict[tuple[Any, ...], str]:
    """Row → the transaction that wrote it."""
    with psycopg.connect(url) as connection:
        found = connection.execute(f"select xmin::text, * from {mart}").fetchall()  # type: ignore[arg-type]
    return {row[1:]: str(row[0]) for row in found}


def build(dbt: Dbt, *options: str) -> None:
    """The two marts; and a table over ephemeral models, which dbt forgets to write into it when it builds twice from one manifest, as a retry does."""
    list(
        dbt.build(
            [
                "--select",
                *MARTS.values(),
                "int_reconciliation__items",
                "--indirect-selection",
                "cautious",
                "--exclude-resource-type",
                "unit_test",
                *options,
            ]
        )
    )


def test_what_grew_by_batches_is_what_a_full_refresh_makes(run_world: RunWorld, tmp_path: Path) -> None:
    # the traps: `where recorded_at > max(recorded_at)` loses what comes late; a fact whose attempt becomes known later stays nobody's
    with run_world.copy_of() as url, Dbt(DbtTarget.postgres(url, PIPELINE_ROLE), tmp_path) as dbt:
        before = {mart: rows(url, mart) for mart in MARTS}
        run_sql(url, LATE_ROWS)
        build(dbt)
        grown = {mart: rows(url, mart) for mart in MARTS}
        run_sql(url, ADOPTION)
        build(dbt)
        adopted = {mart: rows(url, mart) for mart in MARTS}
        build(dbt, "--full-refresh")
        for mart in MARTS:
            assert set(rows(url, mart)) == set(adopted[mart]), mart
    for mart in MARTS:
        assert {row: written for row, written in grown[mart].items() if row in before[mart]} == before[mart], "published rows were written again"
    assert {row[0] for row in set(grown["ledger.fct_postings"]) - set(before["ledger.fct_postings"])} == {"00000000-0000-0000-0000-0000000000e0"}
    (orphan,) = set(grown["payments.fct_payment_events"]) - set(before["payments.fct_payment_events"])
    (owned,) = set(adopted["payments.fct_payment_events"]) - set(grown["payments.fct_payment_events"])
    assert (orphan[0], orphan[1], owned[0]) == (LATE_EVENT, None, LATE_EVENT)
    assert owned[1] is not None
    assert orphan not in adopted["payments.fct_payment_events"]


def test_what_grows_by_batches_reads_append_only_facts_and_no_file(run_world: RunWorld) -> None:
    # the trap: a file comes again with other lines, and what was published of its first version stays; tables over files are made anew in each run
    manifest = json.loads((run_world.dbt_folder / "manifest.json").read_text())
    incremental = {name for name, node in manifest["nodes"].items() if node["config"].get("materialized") == "incremental"}
    assert {name.rpartition(".")[2] for name in incremental} == set(MARTS.values())
    for name in incremental:
        assert {source.split(".")[2] for source in sources_of(manifest, name)} == {"app"}, name


def sources_of(manifest: dict[str, Any], name: str) -> set[str]:
    """Every source a model rests on, however far away."""
    if name.startswith("source."):
        return {name}
    return {source for parent in manifest["parent_map"][name] for source in sources_of(manifest, parent)}
