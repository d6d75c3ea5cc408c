"""`countroom stop`: end the local PostgreSQL now, whoever uses it."""

from __future__ import annotations

import typer

app = typer.Typer()


@app.command()
def stop() -> int:
    """End the local PostgreSQL now. Without this it ends by itself seconds after its last user; the data stay either way."""
    from pipelines.console import answer
    from transactional.db import local_server
    from transactional.settings import load_settings

    settings = load_settings()
    if settings.database_url is not None:
        answer("COUNTROOM_DATABASE_URL names a server that is not ours to stop")
        return 0
    answer("local PostgreSQL stopped" if local_server.stop(settings.home) else "local PostgreSQL was not running")
    return 0
