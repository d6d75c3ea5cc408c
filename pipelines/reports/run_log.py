"""What did the run do that made these figures: its steps, tables and checks, out of what Dagster kept. For the evidence bundle.

The trap: a log with everything somebody once printed. An error's words may hold a row of a file or a URL with its password, so nothing here is free
text: names of our own steps, tables and checks, counts, moments and outcomes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import dagster as dg

_ROW_COUNT = "dagster/row_count"


def run_log(instance: dg.DagsterInstance, until: datetime | None = None) -> dict[str, Any] | None:
    """The newest run that reconciled before `until` (None: the newest of all); None where none is kept."""
    import dagster as dg

    bound = until.timestamp() if until else None
    asked = dg.AssetRecordsFilter(dg.AssetKey(["derived", "reconciliation__certificate"]), before_timestamp=bound)
    found = instance.fetch_materializations(asked, limit=1).records
    return _log(instance, found[0].run_id) if found else None


def _log(instance: dg.DagsterInstance, dagster_run_id: str) -> dict[str, Any]:
    import dagster as dg

    record = instance.get_run_record_by_id(dagster_run_id)
    kinds = {dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_CHECK_EVALUATION}
    events = [entry.dagster_event for entry in instance.all_logs(dagster_run_id, of_type=kinds) if entry.dagster_event]
    return {
        "dagster_run_id": dagster_run_id,
        "job": record.dagster_run.job_name if record else None,
        "status": record.dagster_run.status.value.lower() if record else None,
        "began_at": _instant(record.start_time if record else None),
        "ended_at": _instant(record.end_time if record else None),
        "steps": _steps(instance, dagster_run_id),
        "tables": _tables(events),
        "checks": _checks(events),
    }


def _steps(instance: dg.DagsterInstance, dagster_run_id: str) -> list[dict[str, Any]]:
    told = [
        {
            "step": each.step_key,
            "outcome": each.status.value.lower() if each.status else None,
            "attempts": len(each.attempts_list),
            "began_at": _instant(each.start_time),
            "ended_at": _instant(each.end_time),
        }
        for each in instance.get_run_step_stats(dagster_run_id)
    ]
    return sorted(told, key=lambda each: (str(each["began_at"]), str(each["step"])))


def _tables(events: Sequence[dg.DagsterEvent]) -> list[dict[str, Any]]:
    made = (event.step_materialization_data.materialization for event in events if event.is_step_materialization)
    told = [{"table": ".".join(each.asset_key.path), "row_count": _count(each.metadata.get(_ROW_COUNT))} for each in made]
    return sorted(told, key=lambda each: str(each["table"]))


def _checks(events: Sequence[dg.DagsterEvent]) -> list[dict[str, Any]]:
    evaluations = (event.asset_check_evaluation_data for event in events if event.event_type_value == "ASSET_CHECK_EVALUATION")
    told = [
        {"table": ".".join(each.asset_key.path), "check": each.check_name, "passed": each.passed, "severity": each.severity.value.lower()}
        for each in evaluations
    ]
    return sorted(told, key=lambda each: (str(each["table"]), str(each["check"])))


def _count(value: Any) -> int | None:
    return int(value.value) if value is not None else None


def _instant(moment: float | None) -> str | None:
    return datetime.fromtimestamp(moment, UTC).isoformat() if moment else None
