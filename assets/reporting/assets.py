"""What is told to people without their asking: alerts in each run and every hour, and yesterday's evidence bundle.

Shells; which alerts are due is alerts.py, how they are sent pipelines/alerts, what is in a bundle pipelines/reports.
"""

# no postponed annotations here: dagster reads the type of `context` as it stands
from collections.abc import Iterator
from datetime import date

import dagster as dg
import polars as pl
from pydantic import Field

from assets.reporting.tables import ALERT_MESSAGES, ALERTS, EVIDENCE_BUNDLES
from assets.reporting.telling import ONE_AT_A_TIME, tell
from pipelines.alerts.outbox import Courier
from pipelines.asset_specs import key_of, spec_of
from pipelines.failures import told_to_dagster
from pipelines.resources.bundles import Bundles
from pipelines.resources.clock import Clock
from pipelines.resources.warehouse import Warehouse, append

# marts of dbt: what the run published
_MARTS = tuple(dg.AssetKey(["reconciliation", name]) for name in ("fct_breaks", "fct_missing_reports"))


@dg.multi_asset(specs=[spec_of(table, deps=_MARTS) for table in (ALERTS, ALERT_MESSAGES)])
def alerts(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse], courier: dg.ResourceParam[Courier], clock: dg.ResourceParam[Clock]
) -> Iterator[dg.MaterializeResult[None]]:
    """What somebody has to know: decided and written down in one transaction, then sent. A receiver that is down fails nothing."""
    with told_to_dagster("deciding alerts", context.retry_number):
        told = tell(warehouse, courier, clock.now)
    yield dg.MaterializeResult(asset_key=key_of(ALERTS), metadata={"dagster/row_count": told.known, "open": told.open})
    sent = {"new": told.new, "delivered": told.delivered, "waiting": told.waiting, "undelivered": told.undelivered}
    yield dg.MaterializeResult(asset_key=key_of(ALERT_MESSAGES), metadata=sent)


class EvidenceOfDay(dg.Config):
    """Whose evidence is kept."""

    day: str = Field(description="ISO date. Keeping a day again, with nothing new known of it, keeps nothing new.")


@dg.op(description="The evidence of a day: of the house as it is known, and of each PSP whose day is signed, as it was signed.")
def keep_evidence(
    context: dg.OpExecutionContext,
    config: EvidenceOfDay,
    warehouse: dg.ResourceParam[Warehouse],
    bundles: dg.ResourceParam[Bundles],
    clock: dg.ResourceParam[Clock],
) -> None:
    """The bundles into the object store, and a row for each new one. No asset: an asset with days would never be green in the lineage."""
    day = date.fromisoformat(config.day)
    with told_to_dagster(f"keeping the evidence of {day}", context.retry_number):
        made = bundles.keep(day, context.instance)
        with warehouse.transaction() as connection:
            connection.execute(ONE_AT_A_TIME)
            is_new = ~made["sha256"].is_in(warehouse.read(EVIDENCE_BUNDLES)["sha256"].implode())
            append(connection, EVIDENCE_BUNDLES, made.filter(is_new).with_columns(kept_at=pl.lit(clock.now())))
    for key in made["object_key"]:
        context.log.info(f"kept {key}")
