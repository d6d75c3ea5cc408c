"""What lands, as assets: the files that arrived and the facts of the service. Shells; the door is doors.py and app_tables.py.

A file that is refused stops nothing but itself: its reason is in raw.source_files and in the check `every_file_was_accepted`, the others go on.
"""

# no postponed annotations here: dagster reads the type of `context` as it stands
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import psycopg
from pydantic import Field

from assets.landing.app_tables import APP_TABLES, land_app_tables
from assets.landing.detection import files_under
from assets.landing.doors import LandedFile, land_path
from assets.landing.tables import FILE_TABLES
from pipelines.asset_specs import key_of, spec_of
from pipelines.failures import told_to_dagster
from pipelines.resources.clock import Clock
from pipelines.resources.object_store import ObjectStore
from pipelines.resources.places import Inbox
from pipelines.resources.warehouse import Warehouse
from pipelines.totals import totals_of
from transactional.vocabulary.tables import Table

_SHOWN_FILES = 200


class ArrivedFilesConfig(dg.Config):
    """Which files to land."""

    folders: list[str] = Field(
        default=[],
        description="Folders or files to land and leave where they are, in this order. Empty: the inbox, whose files are moved out of it. "
        "A folder that stays is read again in each run: its files are then counted as seen again, and cost a read.",
    )


@dg.multi_asset(specs=[spec_of(table) for table in FILE_TABLES])
def arrived_files(
    context: dg.AssetExecutionContext,
    config: ArrivedFilesConfig,
    warehouse: dg.ResourceParam[Warehouse],
    object_store: dg.ResourceParam[ObjectStore],
    clock: dg.ResourceParam[Clock],
    inbox: dg.ResourceParam[Inbox],
) -> Iterator[dg.MaterializeResult[None]]:
    """PSP reports, bank statements and rates that arrived, landed whole or refused with a reason."""
    with told_to_dagster("landing files", context.retry_number), warehouse.connect() as connection:
        landed = list(_land_all(context, config.folders, connection, object_store, clock, inbox))
        yield from _results(FILE_TABLES, connection, {"files": _file_list(landed)})


@dg.multi_asset(specs=[spec_of(table) for table in APP_TABLES])
def app_facts(
    context: dg.AssetExecutionContext,
    warehouse: dg.ResourceParam[Warehouse],
    app_database: dg.ResourceParam[Warehouse],
    clock: dg.ResourceParam[Clock],
) -> Iterator[dg.MaterializeResult[None]]:
    """Ledger and payment facts that became visible since the last run, from one snapshot."""
    with told_to_dagster("landing app tables", context.retry_number), warehouse.connect() as connection:
        with app_database.connect() as app:
            landed = land_app_tables(app, connection, clock.now())
        context.log.info(", ".join(f"{each.table.name} +{each.rows}" for each in landed))
        yield from _results(APP_TABLES, connection, {})


def _land_all(
    context: dg.AssetExecutionContext,
    folders: list[str],
    connection: psycopg.Connection[object],
    store: ObjectStore,
    clock: Clock,
    inbox: Inbox,
) -> Iterator[LandedFile]:
    files = [file for folder in folders or [str(inbox.arriving)] for file in files_under(Path(folder)) if file.exists()]
    for number, file in enumerate(files, 1):
        landed = land_path(file, connection, store, now=clock.now())
        moved = inbox.put_away(file, "refused" if landed.status == "refused" else "landed")
        say = context.log.warning if landed.errors else context.log.info
        say(f"[{number}/{len(files)}] {landed.status} {file}" + (f" (moved to {moved})" if moved else "") + "".join(f"\n{e}" for e in landed.errors))
        yield landed


def _file_list(landed: list[LandedFile]) -> dg.MetadataValue:
    lines = ["| file | status | rows in | landed | rejected | duplicate |", "|---|---|---|---|---|---|"]
    for file in landed[:_SHOWN_FILES]:
        counts = file.counts
        lines.append(f"| {file.name} | {file.status} | {counts.rows_in} | {counts.landed} | {counts.rejected} | {counts.duplicate} |")
    left_out = len(landed) - _SHOWN_FILES
    return dg.MetadataValue.md("\n".join(lines) + (f"\n\nand {left_out} more" if left_out > 0 else ""))


def _results(
    tables: tuple[Table, ...], connection: psycopg.Connection[object], metadata: dict[str, dg.MetadataValue]
) -> Iterator[dg.MaterializeResult[None]]:
    for table in tables:
        totals = totals_of(connection, table.schema, table.name, table.column_names())
        yield dg.MaterializeResult(asset_key=key_of(table), metadata={**totals.as_metadata(), **metadata})
