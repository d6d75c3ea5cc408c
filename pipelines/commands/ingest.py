"""`countroom ingest`: land files or folders of PSP reports, bank statements and rates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assets.landing.doors import LandedFile
    from pipelines.resources.warehouse import Warehouse
    from transactional.settings import Settings

app = typer.Typer()


@app.command()
def ingest(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files or folders. In a folder with psp/, bank/ or fx/ only those are looked into.")
    ] = None,
    originals_of: Annotated[
        str | None,
        typer.Option(
            envvar="COUNTROOM_OLD_WAREHOUSE_URL",
            help="Instead of paths: the URL of another warehouse, whose originals are landed here in their order.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> int:
    """Land files: each whole or not at all, the same file only once. A bad file is refused with its reason and stops no other.

    The folder of a file is a promise about it: psp/<psp>/<account>/, bank/ or fx/. Elsewhere the content alone decides what it is.
    Exit code 0: everything landed or was there before; 1: a file was refused or a row rejected; 2: could not do it.
    """
    from pipelines.console import answer_json
    from transactional.settings import load_settings
    from transactional.vocabulary.errors import InputRejected

    if bool(paths) == bool(originals_of):
        raise InputRejected("say what to land: paths, or another warehouse with --originals-of", code="missing_argument")
    settings = load_settings()
    landed = list(_land_again(originals_of, settings) if originals_of else _land(_files(paths or []), settings))
    if as_json:
        answer_json({"files": [_as_dict(file) for file in landed], "totals": _totals(landed)})
    else:
        _answer_table(landed)
    return 0 if all(file.is_clean for file in landed) else 1


def _files(paths: list[Path]) -> list[Path]:
    from assets.landing.detection import files_under
    from transactional.vocabulary.errors import InputRejected

    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        raise InputRejected(f"no such file or folder: {', '.join(missing)}", code="no_such_path")
    files = [file for path in paths for file in files_under(path)]
    if not files:
        raise InputRejected(f"no files in {', '.join(map(str, paths))}", code="no_files")
    return files


def _land(files: list[Path], settings: Settings) -> Iterator[LandedFile]:
    from assets.landing.doors import land_path
    from pipelines.console import step, tell
    from pipelines.resources.clock import SystemClock
    from pipelines.resources.object_store import open_object_store
    from pipelines.resources.turn import turn
    from transactional.db.location import locate_databases

    store, clock = open_object_store(settings.object_store, settings.object_store_endpoint_url), SystemClock()
    warehouse = _warehouse(settings)
    # not in the middle of a run: it would say it knew a file that it has not read
    others = turn(locate_databases(settings).warehouse_url, shared=True, on_wait=tell)
    with others, warehouse.connect() as connection, step(f"landing {len(files)} files"):
        for number, file in enumerate(files, 1):
            tell(f"[{number}/{len(files)}] {file.name}")
            yield land_path(file, connection, store, now=clock.now())


def _land_again(old_url: str, settings: Settings) -> Iterator[LandedFile]:
    from assets.landing.again import land_again, originals_of
    from pipelines.console import step, tell
    from pipelines.resources.object_store import open_object_store
    from pipelines.resources.warehouse import Warehouse

    store = open_object_store(settings.object_store, settings.object_store_endpoint_url)
    with Warehouse(old_url).connect() as old:
        originals = originals_of(old)
    with _warehouse(settings).connect() as connection, step(f"landing {len(originals)} originals again"):
        for number, file in enumerate(land_again(originals, connection, store), 1):
            tell(f"[{number}/{len(originals)}] {file.name}")
            yield file
    _carry_memory(Warehouse(old_url), _warehouse(settings))


def _carry_memory(old: Warehouse, new: Warehouse) -> None:
    """What no original holds: threads of breaks (without them people's notes would point to breaks nobody knows), and what people were told already."""
    from assets.reconciliation.tables import BREAK_THREADS, THREAD_MEMBERS
    from assets.reporting.tables import REPORTING_TABLES
    from pipelines.resources.warehouse import replace

    known = "select to_regclass($1) is not null as known"
    for first, *others in ((BREAK_THREADS, THREAD_MEMBERS), REPORTING_TABLES):
        if old.read(known, [first.address])["known"][0] and not new.read(first).height:
            with new.transaction() as connection:
                for table in (first, *others):
                    replace(connection, table, old.read(table))


def _warehouse(settings: Settings) -> Warehouse:
    """As the pipeline's role. Raises: ContractBroken when it is not at the newest schema."""
    from pipelines.resources.warehouse import Warehouse
    from transactional.db.engine import PIPELINE_ROLE
    from transactional.db.location import locate_databases
    from transactional.migrations.runner import revision_state
    from transactional.vocabulary.errors import ContractBroken

    url = locate_databases(settings).warehouse_url
    state = revision_state(url)
    if not state.at_head:
        raise ContractBroken(f"the warehouse is at revision {state.current or 'none'}, not {state.head}: run countroom migrate", code="not_at_head")
    return Warehouse(url, role=PIPELINE_ROLE)


def _answer_table(landed: list[LandedFile]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from pipelines.console import answer

    table = Table("file", "status", "source", "report", "account", "version", "rows in", "landed", "rejected", "duplicate", box=None, pad_edge=False)
    for column in table.columns[5:]:
        column.justify = "right"
    for file in landed:
        counts = file.counts
        numbers = (file.version or "", counts.rows_in, counts.landed, counts.rejected, counts.duplicate)
        table.add_row(*(Text(str(cell)) for cell in (file.name, file.status, file.source, file.report, file.account or "", *numbers)))
    # wide enough for any name: a result that a person greps is never folded
    console = Console(width=300, highlight=False)
    with console.capture() as captured:
        console.print(table)
    answer("\n".join(line.rstrip() for line in captured.get().splitlines()))
    for file in landed:
        for error in file.errors:
            answer(f"{'refused' if file.status == 'refused' else 'rejected'}: {error}")
        if file.errors_left_out:
            answer(f"rejected: {file.name}: and {file.errors_left_out} more rows (raw.rejected_rows has them all)")
    totals = _totals(landed)
    answer(", ".join(f"{value:,} {name.replace('_', ' ')}" for name, value in totals.items()))


def _totals(landed: list[LandedFile]) -> dict[str, int]:
    states = ("landed", "duplicate", "refused")
    return {
        **{f"files_{state}": sum(file.status == state for file in landed) for state in states},
        "rows_in": sum(file.counts.rows_in for file in landed),
        "rows_landed": sum(file.counts.landed for file in landed),
        "rows_rejected": sum(file.counts.rejected for file in landed),
        "rows_duplicate": sum(file.counts.duplicate for file in landed),
    }


def _as_dict(file: LandedFile) -> dict[str, Any]:
    counts = file.counts
    return {
        "name": file.name,
        "status": file.status,
        "source": file.source,
        "report": file.report,
        "account": file.account,
        "version": file.version,
        "sha256": file.sha256,
        "file_id": str(file.file_id) if file.file_id else None,
        "rows_in": counts.rows_in,
        "rows_landed": counts.landed,
        "rows_rejected": counts.rejected,
        "rows_duplicate": counts.duplicate,
        "errors": list(file.errors),
        "errors_left_out": file.errors_left_out,
    }
