"""Does the command line answer as promised: quick help, one line per error, exit codes a script can rely on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from pipelines import cli, commands
from transactional.vocabulary.errors import CountroomError, InputRejected, Place, Refused

HEAVY = ("dagster", "polars", "duckdb", "sqlalchemy", "pandas", "great_expectations", "matplotlib", "fastapi", "pydantic")


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    """A sub-command `probe` that a test gives a body."""
    app = typer.Typer()
    module = type(sys)("pipelines.commands.probe")
    module.app = app  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pipelines.commands.probe", module)
    monkeypatch.setattr(cli._FoundByName, "list_commands", lambda _self, _context: ["probe"])
    return app


def test_help_imports_nothing_heavy() -> None:
    program = f"import sys; from pipelines.cli import run; run(['--help']); print([m for m in {HEAVY} if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines()[-1] == "[]"


def test_every_command_file_is_a_command_with_help(capsys: pytest.CaptureFixture[str]) -> None:
    files = {path.stem.replace("_", "-") for path in Path(commands.__path__[0]).glob("*.py")} - {"--init--"}
    for name in sorted(files):
        assert cli.run([name, "--help"]) == 0
        assert "Usage: countroom" in capsys.readouterr().out


@pytest.mark.parametrize(("returned", "code"), [(None, 0), (0, 0), (1, 1), (2, 2)])
def test_what_a_command_returns_is_its_exit_code(command: typer.Typer, returned: int | None, code: int) -> None:
    command.command()(lambda: returned)
    assert cli.run(["probe"]) == code


@pytest.mark.parametrize("error", [Refused("no"), InputRejected("bad date", place=Place("a.csv", 7, "Booked"))])
def test_our_errors_are_one_line_without_a_traceback(command: typer.Typer, error: CountroomError, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise error

    command.command()(fail)
    assert cli.run(["probe"]) == 2
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", f"countroom: {error}\n")


def test_our_own_bug_keeps_its_traceback(command: typer.Typer) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    command.command()(fail)
    with pytest.raises(ZeroDivisionError):
        cli.run(["probe"])


@pytest.mark.parametrize("arguments", [["no-such-command"], ["probe", "--no-such-option"]])
def test_wrong_usage_could_not_be_done(command: typer.Typer, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    command.command()(lambda: None)
    assert cli.run(arguments) == 2
    assert "--help" in capsys.readouterr().err


def test_an_unreachable_database_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COUNTROOM_DATABASE_URL", "postgresql://somebody:geheim@127.0.0.1:1/nowhere")
    assert cli.run(["migrate"]) == 2
    assert cli.run(["doctor", "--json"]) == 2
    shown = capsys.readouterr()
    assert "Connection refused" in shown.err + shown.out
    assert "geheim" not in shown.err + shown.out
    broken = [check["check"] for check in json.loads(shown.out) if check["state"] == "broken"]
    assert broken == ["system of record"]


def test_a_setting_that_cannot_be_used_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COUNTROOM_DATABASE_URL", "mysql://somebody:geheim@host/db")
    assert cli.run(["migrate"]) == 2
    shown = capsys.readouterr()
    assert "COUNTROOM_DATABASE_URL" in shown.err
    assert "geheim" not in shown.err
