"""What runs by the clock, and for which days."""

from __future__ import annotations

from datetime import UTC, date, datetime

import dagster as dg

from pipelines.partitions import DAYS, end_of
from pipelines.schedules import DAY_END_DAILY, RUN_DAILY


def test_the_daily_run_comes_after_the_reports_and_is_off_until_switched_on() -> None:
    assert isinstance(RUN_DAILY, dg.ScheduleDefinition)
    assert (RUN_DAILY.cron_schedule, RUN_DAILY.execution_timezone) == ("0 7 * * *", "UTC")
    assert RUN_DAILY.default_status is dg.DefaultScheduleStatus.STOPPED


def test_each_schedule_has_the_stem_of_its_job() -> None:
    assert RUN_DAILY.name.removesuffix("_schedule") == RUN_DAILY.job_name.removesuffix("_job")
    assert DAY_END_DAILY.name.removesuffix("_schedule") == DAY_END_DAILY.job.name.removesuffix("_job")


def test_a_day_ends_with_the_first_instant_of_the_next() -> None:
    assert end_of(date(2026, 3, 28)) == datetime(2026, 3, 29, tzinfo=UTC)


def test_the_partition_of_a_day_is_known_after_it_ended() -> None:
    keys = DAYS.get_partition_keys(current_time=datetime(2026, 1, 3, 0, 30, tzinfo=UTC))
    assert keys[-1] == "2026-01-02"
