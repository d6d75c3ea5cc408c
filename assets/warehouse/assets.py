"""dbt's models as assets, in three steps: what the engine reads, what is published from its results, and what is told of the marts themselves.

A run starts dbt once (a worker process) and builds three times. The cuts are dbt's own selection: everything downstream of a table of source `derived`, and
every mart, comes after the Python results; everything downstream of sources `told` and `scorecards` after the alerts and the card, which read the marts.
Shells; the door is pipelines/resources/dbt.py.
"""

# no postponed annotations here: dagster reads the type of `context` as it stands
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import dbt_assets
from dagster_dbt.asset_utils import get_updated_cli_invocation_params_for_context
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from assets.warehouse.places import Place
from assets.warehouse.translator import CountroomTranslator
from pipelines.failures import told_to_dagster
from pipelines.resources.dbt import Dbt
from pipelines.resources.warehouse import Warehouse
from pipelines.totals import totals_of

Event = dg.Output[Any] | dg.AssetMaterialization | dg.AssetObservation | dg.AssetCheckResult | dg.AssetCheckEvaluation

BEFORE = "fqn:countroom.staging fqn:countroom.intermediate"
AFTER_RESULTS = "source:derived+"
AFTER_MARTS = "source:told+ source:scorecards+"


def warehouse_assets(manifest: Path) -> list[dg.AssetsDefinition]:
    """The steps, for the manifest that was prepared."""
    after = f"{AFTER_RESULTS} {AFTER_MARTS}"

    @dbt_assets(manifest=manifest, name="dbt_inputs", select=BEFORE, exclude=after, dagster_dbt_translator=CountroomTranslator())
    def dbt_inputs(context: dg.AssetExecutionContext, dbt: dg.ResourceParam[Dbt], warehouse: dg.ResourceParam[Warehouse]) -> Iterator[Event]:
        """Staging, and the items the engine reads."""
        yield from _build(context, dbt, warehouse)

    marts = f"fqn:countroom.marts {AFTER_RESULTS}"

    @dbt_assets(manifest=manifest, name="dbt_marts", select=marts, exclude=AFTER_MARTS, dagster_dbt_translator=CountroomTranslator())
    def dbt_marts(context: dg.AssetExecutionContext, dbt: dg.ResourceParam[Dbt], warehouse: dg.ResourceParam[Warehouse]) -> Iterator[Event]:
        """The marts, from facts and from the engine's results."""
        yield from _build(context, dbt, warehouse)

    @dbt_assets(manifest=manifest, name="dbt_told", select=AFTER_MARTS, dagster_dbt_translator=CountroomTranslator())
    def dbt_told(context: dg.AssetExecutionContext, dbt: dg.ResourceParam[Dbt], warehouse: dg.ResourceParam[Warehouse]) -> Iterator[Event]:
        """What people and the router were told of the marts, and the evidence that was kept."""
        yield from _build(context, dbt, warehouse)

    return [dbt_inputs, dbt_marts, dbt_told]


def _build(context: dg.AssetExecutionContext, dbt: Dbt, warehouse: Warehouse) -> Iterator[Event]:
    """dbt build of what the run selected; each event of dbt becomes Dagster's, tables with their row counts and totals."""
    chosen = get_updated_cli_invocation_params_for_context(context=context, manifest={}, dagster_dbt_translator=CountroomTranslator())
    arguments = [*chosen.selection_args, "--indirect-selection", chosen.indirect_selection or "buildable", "--exclude-resource-type", "unit_test"]
    with told_to_dagster("building dbt models", context.retry_number):
        for event in dbt.build(arguments):
            if event["info"]["level"] == "error":
                context.log.error(event["info"]["msg"])
            message = DbtCoreCliEventMessage(raw_event=dict(event), event_history_metadata={})
            for told in message.to_default_asset_events(chosen.manifest, chosen.dagster_dbt_translator, context):
                if isinstance(told, dg.Output):
                    node = chosen.manifest["nodes"][event["data"]["node_info"]["unique_id"]]
                    context.add_output_metadata(_totals(node, warehouse), output_name=told.output_name)
                yield told


def _totals(node: Mapping[str, Any], warehouse: Warehouse) -> dict[str, dg.MetadataValue]:
    """Row count and money of a table that was built; views are counted where they are read."""
    if node["config"]["materialized"] == "view":
        return {}
    place = Place.of(node)
    with warehouse.connect() as connection:
        return totals_of(connection, place.schema, place.relation, list(node["columns"])).as_metadata()
