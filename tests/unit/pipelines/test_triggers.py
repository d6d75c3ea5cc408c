"""What runs by the clock, and for which days."""

from __future__ import annotations

from datetime import UTC, date, datetime

import dagster as dg
import pytest

from pipelines.jobs import ALERTS, DAY_END, EVIDENCE, RUN
from pipelines.partitions import DAYS, end_of
from pipelines.schedules import ALERTS_HOURLY, DAY_END_DAILY, EVIDENCE_DAILY, RUN_DAILY


def test_the_daily_run_comes_after_the_reports_and_is_off_until_switched_on() -> None:
    assert isinstance(RUN_DAILY, dg.ScheduleDefinition)
    assert (RUN_DAILY.cron_schedule, RUN_DAILY.execution_timezone) == ("0 7 * * *", "UTC")
    assert RUN_DAILY.default_status is dg.DefaultScheduleStatus.STOPPED


def test_evidence_is_kept_an_hour_after_the_run_and_alerts_are_looked_for_each_hour() -> None:
    assert (EVIDENCE_DAILY.cron_schedule, EVIDENCE_DAILY.execution_timezone) == ("0 8 * * *", "UTC")
    assert (ALERTS_HOURLY.cron_schedule, ALERTS_HOURLY.execution_timezone) == ("5 * * * *", "UTC")
    assert {EVIDENCE_DAILY.default_status, ALERTS_HOURLY.default_status} == {dg.DefaultScheduleStatus.STOPPED}
    assert [schedule.name.removesuffix("_schedule") for schedule in (EVIDENCE_DAILY, ALERTS_HOURLY)] == ["reporting_evidence", "reporting_alerts"]
    assert [job.name for job in (EVIDENCE, ALERTS)] == ["reporting_evidence_job", "reporting_alerts_job"]


def test_each_schedule_has_the_stem_of_its_job() -> None:
    assert RUN_DAILY.name.removesuffix("_schedule") == RUN_DAILY.job_name.removesuffix("_job")
    assert DAY_END_DAILY.name.removesuffix("_schedule") == DAY_END_DAILY.job.name.removesuffix("_job")


def test_a_day_of_the_history_is_one_run_and_a_backfill_is_a_run_per_day() -> None:
    # the trap: a backfill whose runs all tell the same day
    days = DAY_END.partitioned_config
    assert days is not None
    told = [days.get_run_config_for_partition_key(key)["ops"]["tell_day_ends"]["config"] for key in ("2026-01-05", "2026-01-06")]
    assert told == [{"first_day": day, "last_day": day} for day in ("2026-01-05", "2026-01-06")]


@pytest.mark.filterwarnings("ignore:Function `JobDefinition.run_request_for_partition`:DeprecationWarning")  # dagster's own helper calls it
def test_the_schedule_tells_yesterday_after_it_ended() -> None:
    context = dg.build_schedule_context(scheduled_execution_time=datetime(2026, 1, 6, 0, 15, tzinfo=UTC))
    (request,) = DAY_END_DAILY.evaluate_tick(context).run_requests or ()
    assert (request.run_key, request.tags["dagster/partition"]) == ("2026-01-05", "2026-01-05")
    assert request.run_config["ops"]["tell_day_ends"]["config"]["last_day"] == "2026-01-05"
    assert DAY_END_DAILY.cron_schedule == "15 0 * * *"


def test_no_run_is_tried_again_as_a_whole() -> None:
    # the daemon looks at the tag: a step that may pass is retried where it stands (failures.py), everything else is for a person
    assert RUN.tags is not None
    assert RUN.tags["dagster/retry_on_asset_or_op_failure"] == "false"
    assert DAY_END.tags["dagster/retry_on_asset_or_op_failure"] == "false"


def test_a_day_ends_with_the_first_instant_of_the_next() -> None:
    assert end_of(date(2026, 3, 28)) == datetime(2026, 3, 29, tzinfo=UTC)


def test_the_partition_of_a_day_is_known_after_it_ended() -> None:
    keys = DAYS.get_partition_keys(current_time=datetime(2026, 1, 3, 0, 30, tzinfo=UTC))
    assert keys[-1] == "2026-01-02"
