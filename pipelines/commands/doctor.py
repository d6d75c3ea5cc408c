"""`countroom doctor`: is this installation healthy, and where is everything."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print the checks as JSON.")] = False) -> int:
    """Show the state of this installation: versions, configuration without secrets, PostgreSQL, schema, object store, dbt, telemetry.

    Exit code 0: all is well; 1: something needs attention; 2: the database cannot be used.
    """
    from pipelines import health
    from pipelines.console import answer, answer_json

    checks = health.examine()
    if as_json:
        answer_json([{"check": check.name, "state": check.state, "detail": check.detail} for check in checks])
    else:
        width = max(len(check.name) for check in checks)
        for check in checks:
            answer(f"{check.state:<9} {check.name:<{width}}  {check.detail}")
    return health.exit_code(checks)
