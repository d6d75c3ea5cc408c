"""Do the two paths to a scorecard count alike? An asset check that asks for a person; it stops nothing.

The light path defines an attempt's outcome over the service's own tables, the marts over what landed. In each run both are computed over the very snapshot that
landed and for the window of a card, and must be equal to the last attempt; the buckets that the light path keeps must be those of the attempts it keeps.
"""

from __future__ import annotations

import dagster as dg

from assets.payments.scorecards.parameters import Parameters
from pipelines.resources.warehouse import Warehouse

_OUTCOME_HOURS = dg.AssetKey(["payments", "agg_outcome_hours"])
_SHOWN = 5


@dg.asset_check(asset=_OUTCOME_HOURS, description="The light path and the marts have the same hour buckets, to the last attempt and weight.")
def light_path_reconciles(warehouse: dg.ResourceParam[Warehouse], app_database: dg.ResourceParam[Warehouse]) -> dg.AssetCheckResult:
    """Buckets that differ; none may."""
    from assets.payments.live.service import differences_to_marts

    with app_database.connect() as app, warehouse.connect() as marts:
        differing = differences_to_marts(app, marts, Parameters())
    rows = [" ".join(map(str, row)) for row in differing.head(_SHOWN).iter_rows()]
    return dg.AssetCheckResult(
        passed=differing.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"buckets that differ": differing.height, "the first of them": dg.MetadataValue.md("\n".join(f"- {row}" for row in rows) or "none")},
    )
