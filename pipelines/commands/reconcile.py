"""`countroom reconcile`: how the reconciliation stands, from the marts of the last run."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def reconcile(
    breaks: Annotated[int, typer.Option(help="How many breaks to tell in words.", min=0)] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON, amounts in minor units.")] = False,
) -> int:
    """Show, per PSP, account and currency: matched, open by timing, broken by class; and the certificate of the last run.

    Exit code 0: no break; 1: there are breaks, or the certificate does not close; 2: nothing has been reconciled yet.
    """
    from pipelines.console import answer, answer_json
    from pipelines.resources.warehouse import Warehouse
    from pipelines.standing.state import nothing_published, read_state
    from pipelines.standing.text import told
    from transactional.db.engine import PIPELINE_ROLE
    from transactional.db.location import locate_databases
    from transactional.migrations.runner import revision_state
    from transactional.settings import load_settings

    url = locate_databases(load_settings()).warehouse_url
    if revision_state(url).current is None:
        raise nothing_published()  # not even the role to read with is there
    state = read_state(Warehouse(url, role=PIPELINE_ROLE))
    if as_json:
        answer_json(state.as_dict())
    else:
        for line in told(state, breaks):
            answer(line)
    return 1 if state.broken_count or state.certificate.closes is False else 0
