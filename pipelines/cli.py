"""The command `countroom`: finds its sub-commands, and turns errors into one line and an exit code. For people and scripts.

Exit codes: 0 ok, 1 found something, 2 could not do it, 130 interrupted. Results go to stdout, progress and errors to stderr.
The trap: importing dagster or polars for `--help`; each sub-command is a module imported only when it is named (see pipelines/commands).
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import traceback
from typing import Any

import typer
import typer.core

from pipelines import commands
from pipelines.console import tell
from transactional.garbage import collect_rarely
from transactional.telemetry import switch_off_telemetry
from transactional.vocabulary.errors import CountroomError, Transient

OK, FOUND_SOMETHING, COULD_NOT = 0, 1, 2
INTERRUPTED = 130  # 128 + SIGINT, as shells report it


class _FoundByName(typer.core.TyperGroup):
    """A group whose commands are the modules of pipelines.commands."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(commands.__path__))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"{commands.__name__}.{cmd_name.replace('-', '_')}")
        command = typer.main.get_command(module.app)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=_FoundByName,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The count room of an online casino: facts in, a reconciliation that agrees to the cent out.",
    epilog="Exit codes: 0 ok, 1 found something, 2 could not do it. Configuration: COUNTROOM_* (see .env.example).",
)


@app.callback()
def _root() -> None:
    """Needed by typer for a group without commands of its own; its help is the group's."""


def main(arguments: list[str] | None = None) -> None:
    """Entry point of the console script; ends the process."""
    switch_off_telemetry()
    collect_rarely()
    try:
        code = run(sys.argv[1:] if arguments is None else arguments)
    except Exception:  # noqa: BLE001 - our own bug, with its traceback; the exit code Python has for it is 1, which here is "found something"
        traceback.print_exc()
        code = COULD_NOT
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """One invocation, as its exit code. Raises: only what is our own bug (it deserves its traceback)."""
    try:
        outcome = typer.main.get_command(app).main(args=arguments or ["--help"], prog_name="countroom", standalone_mode=False)
    except typer.TyperException as error:  # wrong usage: unknown option, missing argument
        tell(f"countroom: {error.format_message()} Try 'countroom {' '.join(arguments[:1])} --help'.")
        return COULD_NOT
    except (KeyboardInterrupt, typer.Abort):
        tell("interrupted")
        return INTERRUPTED
    except CountroomError as error:
        return _could_not(error)
    except Exception as error:
        unreachable = _unreachable_database(error)
        if unreachable is None:
            raise
        return _could_not(unreachable)
    return outcome if isinstance(outcome, int) else OK


def _could_not(error: CountroomError) -> int:
    tell(f"countroom: {error}")
    return COULD_NOT


def _unreachable_database(error: Exception) -> Transient | None:
    """A driver's connection error as one of ours. The drivers are only looked at if something imported them."""
    for module, name in (("psycopg", "OperationalError"), ("sqlalchemy.exc", "OperationalError")):
        kind = getattr(sys.modules.get(module), name, None)
        if kind is not None and isinstance(error, kind):
            first_line = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            return Transient(f"the database cannot be used: {first_line}", code="database_unreachable")
    return None


if __name__ == "__main__":
    main()
