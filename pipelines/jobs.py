"""What can be run as one: the reconciliation of everything known, and the day ends. For schedules, the sensor, the command line and the UI."""

from __future__ import annotations

import dagster as dg

from pipelines.failures import DO_NOT_RETRY_RUN

DAY_ENDS = dg.AssetSelection.assets(dg.AssetKey(["derived", "reconciliation__day_ends"]))

RUN = dg.define_asset_job(
    "reconciliation_run_job",
    selection=dg.AssetSelection.all() - DAY_ENDS,
    description="Land what arrived and what the service recorded, reconcile everything known, publish, check.",
    tags=DO_NOT_RETRY_RUN,
)
DAY_END = dg.define_asset_job(
    "reconciliation_day_end_job",
    selection=DAY_ENDS,
    description="What a day's end looked like with what was known then. Backfill it over a range of days to see the history.",
    tags=DO_NOT_RETRY_RUN,
)
JOBS = [RUN, DAY_END]
