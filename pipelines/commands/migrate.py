"""`countroom migrate`: bring the databases to the newest schema (or another revision)."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def migrate(
    to: Annotated[str, typer.Option(help="Revision to go to: head, base, or a number such as 0001.")] = "head",
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> int:
    """Bring the system of record, and the warehouse if it is another database, to the newest schema.

    Safe to repeat and to run twice at once. `--to base` removes every table countroom created.
    """
    from pipelines.console import answer, answer_json
    from transactional.db.location import locate_databases
    from transactional.migrations.runner import migrate as bring
    from transactional.settings import load_settings

    databases = locate_databases(load_settings())
    names = ("system of record", "warehouse")
    outcomes = [(name, bring(url, to)) for name, url in zip(names, databases.distinct_urls(), strict=False)]
    if as_json:
        answer_json([{"database": name, "revision": state.current, "head": state.head, "at_head": state.at_head} for name, state in outcomes])
    else:
        for name, state in outcomes:
            answer(f"{name}: {'at head' if state.at_head else 'not at head'}, revision {state.current or 'none'}")
    return 0
