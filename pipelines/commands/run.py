"""`countroom run`: the whole pipeline, once, in this process."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()

_INSTANT = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]


@app.command()
def run(
    folders: Annotated[list[Path] | None, typer.Argument(help="Folders or files to land and leave where they are. Default: the inbox.")] = None,
    as_of: Annotated[datetime | None, typer.Option(formats=_INSTANT, help="Instant to take for now (UTC unless it says otherwise).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> int:
    """Land what arrived and what the service recorded, reconcile everything known, publish the marts, run every check.

    Exit code 0: all checks passed; 1: a check found something (it is named); 2: a step failed. `countroom reconcile` shows the result.
    """
    from dataclasses import asdict

    from pipelines.console import answer, answer_json
    from pipelines.runs.in_process import bring_to_head, run_pipeline
    from transactional.db.location import locate_databases
    from transactional.settings import load_settings
    from transactional.vocabulary.errors import InputRejected

    missing = [str(folder) for folder in folders or [] if not folder.exists()]
    if missing:
        raise InputRejected(f"no such file or folder: {', '.join(missing)}", code="no_such_path")
    moment = as_of.replace(tzinfo=UTC) if as_of and as_of.tzinfo is None else as_of
    settings = load_settings()
    databases = locate_databases(settings)
    bring_to_head(databases)
    report = run_pipeline(settings, databases, [folder.absolute() for folder in folders or []], moment)
    if as_json:
        answer_json(asdict(report))
        return report.exit_code
    answer(f"run {report.run_id}: {'succeeded' if report.succeeded else 'FAILED'}, {report.materialised} tables written, {report.checks} checks run")
    for line in (*report.failed_steps, *report.failed_checks):
        answer(f"  not passed: {line}")
    return report.exit_code
