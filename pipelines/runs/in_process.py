"""How is the whole pipeline run inside one process: for `countroom run`, `demo` and end-to-end tests.

What is slow to import (dbt, great-expectations) is started first, in processes of their own, so that it is ready when Dagster is. The run is an
ordinary run of the job: the UI shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.console import step, tell
from transactional.db.location import Databases
from transactional.settings import Settings
from transactional.vocabulary.errors import ContractBroken

if TYPE_CHECKING:
    import dagster as dg


_STATEMENT_TIMEOUT_MS = 60_000


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did. `failed_checks` are those that did not pass, warnings included."""

    run_id: str
    succeeded: bool
    materialised: int
    checks: int
    failed_checks: tuple[str, ...]
    failed_steps: tuple[str, ...] = field(default=())

    @property
    def exit_code(self) -> int:
        """0 all well, 1 a check found something, 2 a step failed."""
        return 2 if not self.succeeded else 1 if self.failed_checks else 0


def bring_to_head(databases: Databases) -> None:
    """Our own server is migrated; one the operator named is only checked: when to migrate it is theirs to decide.

    Raises: ContractBroken when the operator's database is not at head.
    """
    from transactional.migrations.runner import migrate, revision_state

    for url in databases.distinct_urls():
        if revision_state(url).at_head:
            continue
        if not databases.local:
            raise ContractBroken("the database is not at the newest schema: run `countroom migrate` first", code="not_at_head")
        migrate(url)


def run_pipeline(settings: Settings, databases: Databases, folders: Sequence[Path] = (), as_of: datetime | None = None) -> RunReport:
    """Land, reconcile, publish, check: one run of the job, in this process.

    `folders` are landed and left alone (default: the inbox); `as_of` stands for now in the whole run.
    """
    from pipelines.dagster_home import prepare_dagster_home
    from pipelines.resources.dbt import Dbt, DbtTarget
    from pipelines.resources.expectations import ExpectationsRunner
    from pipelines.resources.turn import turn
    from transactional.db.engine import PIPELINE_ROLE

    with ExitStack() as stack:
        dbt = stack.enter_context(Dbt(DbtTarget.postgres(databases.warehouse_url, PIPELINE_ROLE), settings.home))
        expectations = ExpectationsRunner(settings.home)
        stack.callback(expectations.close)
        with step("loading definitions"), ThreadPoolExecutor(1) as beside:
            dbt.start()
            prepared = beside.submit(dbt.prepare)
            stack.enter_context(turn(databases.warehouse_url, on_wait=tell))
            prepare_dagster_home(settings.home, databases.app_url)
            import dagster as dg
            import dagster_dbt

            assert dagster_dbt.__version__
            prepared.result()  # the definitions would parse the project a second time
            from pipelines.definitions import defs
        expectations.start()  # not before: three imports at once on two cores, and nothing is judged before the marts are built
        with step("running reconciliation_run_job"):
            job = defs.resolve_job_def("reconciliation_run_job")
            instance = stack.enter_context(dg.DagsterInstance.get())
            # its storage opens a connection per statement, some 1,300 in a run: let it keep one, as it does under its own web server
            instance.optimize_for_webserver(statement_timeout=_STATEMENT_TIMEOUT_MS, pool_recycle=3_600, max_overflow=20)
            result = job.execute_in_process(
                run_config=_config(folders, as_of),
                instance=instance,
                resources={"dbt": dbt, "expectations": expectations},
                raise_on_error=False,
            )
    return _report(result)


def _config(folders: Sequence[Path], as_of: datetime | None) -> dict[str, Any]:
    clock = {"clock": {"config": {"as_of": as_of.isoformat() if as_of else None}}}
    files = {"arrived_files": {"config": {"folders": [str(folder) for folder in folders]}}}
    return {"resources": clock, "ops": files, "loggers": {"progress": {"config": {}}}}


def _report(result: dg.ExecuteInProcessResult) -> RunReport:
    evaluations = result.get_asset_check_evaluations()
    failed = sorted(
        f"{each.asset_key.to_user_string()}: {each.check_name} ({each.severity.value.lower()})" for each in evaluations if not each.passed
    )
    events = result.all_events
    return RunReport(
        run_id=result.run_id,
        succeeded=result.success,
        materialised=sum(event.is_step_materialization for event in events),
        checks=len(evaluations),
        failed_checks=tuple(failed),
        failed_steps=tuple(f"{event.step_key}: {_why(event)}" for event in events if event.is_step_failure),
    )


def _why(event: dg.DagsterEvent) -> str:
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return str(data.user_failure_data.description)
    error = data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return error.message.strip() if error is not None else "unknown"
