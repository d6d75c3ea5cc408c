"""What can be run as one: a reconciliation of all that is known, the day ends, closes, a day's evidence, the alerts. For schedules, sensor, commands and UI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

from assets.reconciliation.assets import carry_out_closes, tell_day_ends
from assets.reporting.assets import alerts, keep_evidence
from pipelines.failures import DO_NOT_RETRY_RUN
from pipelines.partitions import DAYS

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as UnresolvedJob

RUN = dg.define_asset_job(
    "reconciliation_run_job",
    selection=dg.AssetSelection.all(),
    description="Land what arrived and what the service recorded, reconcile everything known, publish, check.",
    tags=DO_NOT_RETRY_RUN,
)


def _one_day(partition_key: str) -> dict[str, Any]:
    return {"ops": {tell_day_ends.name: {"config": {"first_day": partition_key, "last_day": partition_key}}}}


@dg.job(
    name="reconciliation_day_end_job",
    description="What a day's end looked like with what was known then. Backfill it over a range of days to see the history, one run a day; "
    "or give one run a longer range in the launchpad. The marts follow with the next reconciliation_run_job.",
    tags=DO_NOT_RETRY_RUN,
    # the job has days and its table's asset has none: a lineage that waits for every day since the first contract would never be green
    config=dg.PartitionedConfig(DAYS, run_config_for_partition_key_fn=_one_day),
)
def _day_end() -> None:
    tell_day_ends()


DAY_END: dg.JobDefinition = _day_end


def _evidence_of(partition_key: str) -> dict[str, Any]:
    return {"ops": {keep_evidence.name: {"config": {"day": partition_key}}}}


@dg.job(
    name="reporting_evidence_job",
    description="The report of a day and all that proves it, as zips in the object store. Backfill it over a range of days.",
    tags=DO_NOT_RETRY_RUN,
    config=dg.PartitionedConfig(DAYS, run_config_for_partition_key_fn=_evidence_of),
)
def _evidence() -> None:
    keep_evidence()


EVIDENCE: dg.JobDefinition = _evidence


@dg.job(
    name="reconciliation_close_job",
    description="Freezes the days that were asked for over HTTP (POST /v1/close-requests), with what the last run knew. Nobody signs here.",
    tags=DO_NOT_RETRY_RUN,
)
def _closes() -> None:
    carry_out_closes()


CLOSES: dg.JobDefinition = _closes
ALERTS = dg.define_asset_job(
    "reporting_alerts_job",
    selection=dg.AssetSelection.assets(alerts),
    description="What somebody has to know by now, out of the marts as they stand: a file is missing at its hour and not at the next run's.",
    tags=DO_NOT_RETRY_RUN,
)
JOBS: list[dg.JobDefinition | UnresolvedJob] = [RUN, DAY_END, CLOSES, EVIDENCE, ALERTS]
