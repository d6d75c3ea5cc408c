"""Everything Dagster knows of countroom, in one place: assets found under assets/, and the doors they are given. For the UI, the daemon, the CLI.

Loading this starts no server and parses nothing that was parsed before; databases are located when a run asks for them.
The traps: great-expectations or a plotting library imported here (each process would pay for it), and two runs that write the same marts at once
(a run holds the warehouse's turn, an advisory lock that dies with it).
"""

from __future__ import annotations

from transactional.telemetry import switch_off_telemetry

switch_off_telemetry()

import warnings  # noqa: E402 - telemetry is switched off before dagster is imported
from collections.abc import Iterator, Mapping  # noqa: E402 - telemetry is switched off before dagster is imported
from datetime import datetime  # noqa: E402
from functools import cache  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import dagster as dg  # noqa: E402
from psycopg.conninfo import conninfo_to_dict  # noqa: E402

import assets  # noqa: E402
from assets.warehouse.assets import warehouse_assets  # noqa: E402
from pipelines.alerts.configured import courier_of  # noqa: E402
from pipelines.alerts.outbox import Courier  # noqa: E402
from pipelines.checks import expectation_checks  # noqa: E402
from pipelines.jobs import JOBS  # noqa: E402
from pipelines.resources.bundles import Bundles  # noqa: E402
from pipelines.resources.clock import Clock, FixedClock, SystemClock  # noqa: E402
from pipelines.resources.close_desk import CloseDesk  # noqa: E402
from pipelines.resources.dbt import Dbt, DbtTarget  # noqa: E402
from pipelines.resources.expectations import ExpectationsRunner  # noqa: E402
from pipelines.resources.object_store import ObjectStore, open_object_store  # noqa: E402
from pipelines.resources.places import Inbox  # noqa: E402
from pipelines.resources.turn import turn  # noqa: E402
from pipelines.resources.warehouse import Warehouse  # noqa: E402
from pipelines.runs.progress import progress_logger  # noqa: E402
from pipelines.schedules import SCHEDULES  # noqa: E402
from pipelines.sensors import SENSORS  # noqa: E402
from transactional.db.engine import PIPELINE_ROLE  # noqa: E402
from transactional.db.location import Databases, locate_databases  # noqa: E402
from transactional.settings import Settings, load_settings  # noqa: E402

# a sensor of a job is built anew by Dagster itself, with a parameter that it calls beta: nothing that a user of `countroom run` could act on
warnings.filterwarnings("ignore", category=dg.BetaWarning, module=r"dagster\.")

LOCAL_DATABASE = "countroom"  # the name of the local server's database, for parsing dbt without a server


def build_definitions(settings: Settings) -> dg.Definitions:
    """The whole of it for one configuration."""
    with Dbt(DbtTarget.nowhere(_database_name(settings)), settings.home) as parser:
        manifest = parser.prepare()
    # not load_from_defs_folder: it looks for pyproject.toml, which an installed wheel does not have
    with warnings.catch_warnings(action="ignore", category=dg.PreviewWarning):  # it would be the first thing a user of `countroom run` reads
        found = dg.ComponentTree.from_module(assets, project_root=Path(__file__).parents[1]).build_defs()
    ours = dg.Definitions(
        assets=warehouse_assets(manifest),
        asset_checks=expectation_checks(),
        jobs=JOBS,
        schedules=SCHEDULES,
        sensors=SENSORS,
        resources=resources(settings),
        # a process per step costs two seconds each and every step is short (reference/performance.md F)
        executor=dg.in_process_executor,
        loggers={"progress": progress_logger, "console": dg.colored_console_logger},
    )
    return dg.Definitions.merge(found, ours)


def resources(settings: Settings) -> Mapping[str, Any]:
    """The doors of a run, opened when the run begins. Raises: InputRejected (`settings`) for channels of alerts that cannot work."""

    @cache
    def databases() -> Databases:
        return locate_databases(settings)

    @dg.resource(description="Where raw, derived and the marts are.")
    def warehouse(_: dg.InitResourceContext) -> Warehouse:
        return Warehouse(databases().warehouse_url, role=PIPELINE_ROLE)

    @dg.resource(description="The system of record, read only.")
    def app_database(_: dg.InitResourceContext) -> Warehouse:
        return Warehouse(databases().app_url, role=PIPELINE_ROLE)

    @dg.resource(description="Where original files are kept.")
    def object_store(_: dg.InitResourceContext) -> ObjectStore:
        return open_object_store(settings.object_store, settings.object_store_endpoint_url)

    channels = courier_of(settings)  # now: a setting that cannot work is said before a run begins, and not in the middle of it

    @dg.resource(description="How alerts reach people; without channels where none is configured.")
    def courier(_: dg.InitResourceContext) -> Courier:
        return channels

    @dg.resource(description="Evidence bundles, as the command line keeps them.")
    def bundles(_: dg.InitResourceContext) -> Bundles:
        from pipelines.reports.daily import HouseBundles

        return HouseBundles(settings)

    @dg.resource(description="Closes that were asked for, frozen as the command line freezes them.")
    def close_desk(_: dg.InitResourceContext) -> CloseDesk:
        from pipelines.standing.close_requests import HouseCloseDesk

        return HouseCloseDesk(settings)

    @dg.resource(description="dbt, and the turn to write the marts.")
    def dbt(_: dg.InitResourceContext) -> Iterator[Dbt]:
        with Dbt(DbtTarget.postgres(databases().warehouse_url, PIPELINE_ROLE), settings.home) as door, turn(databases().warehouse_url):
            door.start()
            yield door

    @dg.resource(description="Great Expectations, in a process of its own.")
    def expectations(_: dg.InitResourceContext) -> Iterator[ExpectationsRunner]:
        with ExpectationsRunner(settings.home) as runner:
            yield runner

    doors = {"warehouse": warehouse, "app_database": app_database, "object_store": object_store, "dbt": dbt, "expectations": expectations}
    told = {"courier": courier, "bundles": bundles, "close_desk": close_desk}
    return {**doors, **told, "clock": clock, "inbox": Inbox(settings.home)}


@dg.resource(
    config_schema={
        "as_of": dg.Field(
            dg.Noneable(str),
            default_value=None,
            description="ISO instant the run takes for now. A past one makes what is still expected look early, a future one makes it overdue.",
        )
    }
)
def clock(context: dg.InitResourceContext) -> Clock:
    """This machine's clock, or a moment that stands still for the whole run."""
    as_of = context.resource_config["as_of"]
    return FixedClock(datetime.fromisoformat(as_of)) if as_of else SystemClock()


def _database_name(settings: Settings) -> str:
    url = settings.warehouse_url or settings.database_url
    return str(conninfo_to_dict(url.get_secret_value()).get("dbname", LOCAL_DATABASE)) if url else LOCAL_DATABASE


defs = build_definitions(load_settings())
