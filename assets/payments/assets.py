"""Scorecards as assets: the registries SQL weighs attempts by, and the card of everything known, published after the marts. Shells.

What a card is made of is assets/payments/scorecards; the light path (`countroom scorecards follow`) publishes between runs through the same service.
"""

# no postponed annotations here: dagster reads the type of `context` as it stands
from collections.abc import Iterator
from typing import TYPE_CHECKING

import dagster as dg

from assets.payments.scorecards.parameters import Parameters
from assets.payments.scorecards.registries import registry
from assets.payments.scorecards.tables import PUBLISHED, REGISTRIES, SCORECARD_VERSIONS
from pipelines.asset_specs import key_of, spec_of
from pipelines.failures import told_to_dagster
from pipelines.resources.clock import Clock
from pipelines.resources.warehouse import Warehouse

if TYPE_CHECKING:
    from assets.payments.scorecards.service import Published

_READ = (dg.AssetKey(["payments", "agg_outcome_hours"]), dg.AssetKey(["intermediate", "int_payments__calls_timed"]))


@dg.multi_asset(specs=[spec_of(table) for table in REGISTRIES])
def scoring_registries(context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]) -> Iterator[dg.MaterializeResult[None]]:
    """Weights inside an hour, and bands of amounts, as the code of this run knows them."""
    with told_to_dagster("exporting weights and bands", context.retry_number):
        for table in REGISTRIES:
            written = warehouse.replace(table, registry(table, Parameters()))
            yield dg.MaterializeResult(asset_key=key_of(table), metadata={"dagster/row_count": written})


@dg.multi_asset(specs=[spec_of(table, deps=_READ) for table in PUBLISHED])
def published_scorecard(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse], clock: dg.ResourceParam[Clock]
) -> Iterator[dg.MaterializeResult[None]]:
    """The card at the moment of the run: how each PSP does in each cell. It leads if its gates are open, and is a shadow beside the champion if not."""
    from assets.payments.scorecards.service import publish_from_marts

    with told_to_dagster("publishing the scorecard", context.retry_number):
        made = publish_from_marts(warehouse, clock.now())
    for table in PUBLISHED:
        yield dg.MaterializeResult(asset_key=key_of(table), metadata=_told(made) if table is SCORECARD_VERSIONS and made is not None else {})


def _told(made: "Published") -> dict[str, dg.MetadataValue]:
    return {
        "version": dg.MetadataValue.int(made.version),
        "status": dg.MetadataValue.text(made.status.value),
        "rows": dg.MetadataValue.int(made.rows),
        "content": dg.MetadataValue.text(made.content_sha256),
        "closed gates": dg.MetadataValue.text("; ".join(gate.sentence for gate in made.closed) or "none"),
    }
