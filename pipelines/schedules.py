"""What happens by the clock. Both are off until somebody switches them on in the UI: when a house closes its day is its own decision."""

from __future__ import annotations

import dagster as dg

from pipelines.jobs import DAY_END, RUN

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
SCHEDULES = [RUN_DAILY, DAY_END_DAILY]
