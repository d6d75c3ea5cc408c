"""`countroom reconcile`: how the reconciliation stands, from the marts of the last run; or any two tables, without a database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pipelines.standalone.run import Given

app = typer.Typer()

_TWO_TABLES = "Any two tables"


@app.command()
def reconcile(
    breaks: Annotated[int, typer.Option(help="How many breaks to tell in words.", min=0)] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON, amounts in minor units.")] = False,
    map_path: Annotated[Path | None, typer.Option("--map", help="What the columns mean (YAML).", rich_help_panel=_TWO_TABLES)] = None,
    left: Annotated[
        list[Path] | None, typer.Option(help="Our table: CSV, xlsx, JSON or Parquet. May be repeated.", rich_help_panel=_TWO_TABLES)
    ] = None,
    right: Annotated[list[Path] | None, typer.Option(help="The other's table. May be repeated.", rich_help_panel=_TWO_TABLES)] = None,
    left_sql: Annotated[list[str] | None, typer.Option(help="Our table as URL#QUERY.", rich_help_panel=_TWO_TABLES)] = None,
    right_sql: Annotated[list[str] | None, typer.Option(help="The other's table as URL#QUERY.", rich_help_panel=_TWO_TABLES)] = None,
    as_of: Annotated[str | None, typer.Option(help="Day or instant until which rows are waited for; else now.", rich_help_panel=_TWO_TABLES)] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for files of the answer.", rich_help_panel=_TWO_TABLES)] = None,
    formats: Annotated[
        str | None, typer.Option("--format", help="Of those files, some of html,xlsx,csv,json (html,xlsx).", rich_help_panel=_TWO_TABLES)
    ] = None,
) -> int:
    """Show, per PSP, account and currency: matched, open by timing, broken by class; and the certificate of the last run.

    With --map: compare two tables instead, with the same engine and certificate (docs/runbooks/reconcile_two_files.md). No database is used.

    Exit code 0: no break; 1: there are breaks or refused rows, or the certificate does not close; 2: it could not be done.
    """
    if map_path is not None:
        from pipelines.standalone.run import Given

        ours, theirs = Given(left or (), left_sql or ()), Given(right or (), right_sql or ())
        return _two_tables(map_path, ours, theirs, as_of, breaks, out, formats, as_json=as_json)
    if left or right or left_sql or right_sql or out or as_of or formats:
        from transactional.vocabulary.errors import InputRejected

        raise InputRejected("--left, --right, --out, --format and --as-of need --map: what do the columns mean?", code="missing_argument")
    return _last_run(breaks, as_json=as_json)


def _two_tables(
    map_path: Path, ours: Given, theirs: Given, as_of: str | None, breaks: int, out: Path | None, formats: str | None, *, as_json: bool
) -> int:
    from pipelines.console import answer, answer_json, tell
    from pipelines.resources.clock import SystemClock
    from pipelines.standalone.machine import as_dict
    from pipelines.standalone.run import compare_tables, known_formats, moment, write_files
    from pipelines.standalone.told import told

    wanted = known_formats(formats, out)
    found = compare_tables(map_path, ours, theirs, moment(as_of, SystemClock().now()))
    if as_json:
        answer_json(as_dict(found))
    else:
        for line in told(found, breaks):
            answer(line)
    for path in write_files(found, out, wanted) if out else ():
        tell(f"written: {path}")
    return 0 if found.is_clean else 1


def _last_run(breaks: int, *, as_json: bool) -> int:
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
