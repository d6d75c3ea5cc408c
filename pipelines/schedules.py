"""What happens by the clock. All are off until somebody switches them on in the UI: when a house closes its day is its own decision."""

from __future__ import annotations

import dagster as dg

from pipelines.jobs import ALERTS, DAY_END, EVIDENCE, RUN

# PSPs publish their reports in the night of their own zone; by 07:00 UTC yesterday's are there for Europe and America
RUN_DAILY = dg.ScheduleDefinition(
    name="reconciliation_run_schedule",
    job=RUN,
    cron_schedule="0 7 * * *",
    execution_timezone="UTC",
    description="Everything, each morning, also when no file arrived: expected files that did not come become breaks.",
)
DAY_END_DAILY = dg.build_schedule_from_partitioned_job(
    DAY_END, name="reconciliation_day_end_schedule", hour_of_day=0, minute_of_hour=15, description="Yesterday's end, a quarter after midnight UTC."
)
# an hour after the run began: a run of a large house has ended, and what is kept is what it published
EVIDENCE_DAILY = dg.build_schedule_from_partitioned_job(
    EVIDENCE, name="reporting_evidence_schedule", hour_of_day=8, minute_of_hour=0, description="Yesterday's report and its evidence, after the run."
)
ALERTS_HOURLY = dg.ScheduleDefinition(
    name="reporting_alerts_schedule",
    job=ALERTS,
    cron_schedule="5 * * * *",
    execution_timezone="UTC",
    description="Files that are not there at their hour, and messages that could not be delivered before.",
)
SCHEDULES = [RUN_DAILY, DAY_END_DAILY, EVIDENCE_DAILY, ALERTS_HOURLY]
