"""`countroom reader`: logins for people who ask the marts in SQL."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Logins for people who ask the marts in SQL: they may read, and nothing else.")


@app.callback()
def _root() -> None:
    """Logins for people who ask the marts in SQL: they may read, and nothing else."""


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The login's name: a-z, 0-9 and _.")],
    connections: Annotated[int, typer.Option(min=1, max=100, help="How many at once.")] = 5,
    timeout_seconds: Annotated[int, typer.Option(min=1, max=86_400, help="A query that takes longer is ended; a session may set another.")] = 300,
) -> int:
    """Make a login. Its password is printed here, once, and kept nowhere."""
    from pipelines.console import answer
    from transactional.db.readers import add_reader

    made = add_reader(_warehouse_url(), name, connections=connections, timeout_seconds=timeout_seconds)
    answer(f"reader {made.name} made: {made.url}")
    answer(f"password (shown once): {made.password}")
    return 0


@app.command()
def drop(name: Annotated[str, typer.Argument(help="The login's name.")]) -> int:
    """Take a login away. What it is doing ends now."""
    from pipelines.console import answer
    from transactional.db.readers import drop_reader

    drop_reader(_warehouse_url(), name)
    answer(f"reader {name} dropped")
    return 0


@app.command("list")
def list_() -> int:
    """The readers of the server."""
    from pipelines.console import answer
    from transactional.db.readers import readers

    for each in readers(_warehouse_url()):
        answer(f"{each.name}: {each.connections} connections at once")
    return 0


def _warehouse_url() -> str:
    from transactional.db.location import locate_databases
    from transactional.settings import load_settings

    return locate_databases(load_settings()).warehouse_url
