"""`countroom up`: the API, the Dagster UI and its daemon, until Ctrl-C."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from pipelines.processes import Child
    from transactional.settings import Settings

app = typer.Typer()

_READY_WITHIN_SECONDS = 180.0  # definitions with dbt load in 10 to 16 s on a quiet machine


@app.command()
def up() -> int:
    """Start the API, the Dagster UI and the daemon, print their addresses, and end them all on Ctrl-C or when one of them ends."""
    import signal

    from pipelines.console import answer, tell
    from pipelines.dagster_home import prepare_dagster_home
    from pipelines.processes import end_all, wait_until, watch
    from pipelines.runs.in_process import bring_to_head
    from transactional.db.location import locate_databases
    from transactional.settings import load_settings

    settings = load_settings()
    _refuse_taken_ports(settings)
    databases = locate_databases(settings)
    bring_to_head(databases)
    prepare_dagster_home(settings.home, databases.app_url)
    for stop in (signal.SIGINT, signal.SIGTERM):  # a supervisor's stop is our Ctrl-C; a shell has us ignore that one when it starts us with `&`
        signal.signal(stop, signal.default_int_handler)
    children: list[Child] = []
    try:
        children += _start_all(settings)
        for name, url, path in _addresses(settings):
            wait_until(lambda probe=url + path: _answers(probe), children, name, timeout_seconds=_READY_WITHIN_SECONDS)  # type: ignore[misc]
            answer(f"{name:<12} {url}")
        tell(f"Ctrl-C ends all of it. Logs: {settings.home / 'logs'}")
        watch(children)
    except KeyboardInterrupt:
        tell("ending ...")
        return 0
    finally:
        end_all(children)
    return 0


def _addresses(settings: Settings) -> list[tuple[str, str, str]]:
    api, ui = f"http://{settings.api_host}:{settings.api_port}", f"http://127.0.0.1:{settings.dagster_port}"
    return [("API", api, "/health"), ("Dagster UI", ui, "/server_info")]


def _start_all(settings: Settings) -> list[Child]:
    from pipelines.processes import start

    logs = settings.home / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    workspace = Path(__file__).parents[2] / "workspace.yaml"
    where = ["-w", str(workspace)] if workspace.exists() else ["-m", "pipelines.definitions"]
    # definitions look for the program dbt on PATH: it lies beside our interpreter
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = os.environ | {"PATH": path, "COUNTROOM_HOME": str(settings.home)}
    python = [sys.executable, "-m"]
    api = ["uvicorn", "transactional.http.app:create_app", "--factory", "--host", settings.api_host, "--port", str(settings.api_port)]
    ui = ["dagster_webserver", *where, "-h", "127.0.0.1", "-p", str(settings.dagster_port)]
    commands = {"API": api, "Dagster UI": ui, "Dagster daemon": ["dagster._daemon", "run", *where]}
    return [start(name, python + command, environment, logs / f"{name.lower().replace(' ', '_')}.log") for name, command in commands.items()]


def _refuse_taken_ports(settings: Settings) -> None:
    import socket

    from transactional.vocabulary.errors import Refused

    for variable, host, port in (("API_PORT", settings.api_host, settings.api_port), ("DAGSTER_PORT", "127.0.0.1", settings.dagster_port)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                raise Refused(f"{host}:{port} is taken by another program: set COUNTROOM_{variable} to another port", code="port_taken") from None


def _answers(url: str) -> bool:
    from urllib.error import HTTPError, URLError
    from urllib.request import urlopen

    try:
        with urlopen(url, timeout=5):  # noqa: S310 - our own http address
            return True
    except HTTPError:
        return True  # it lives; /health says 503 with its reasons to whoever asks
    except (URLError, OSError):
        return False
