"""`countroom world`: build a seeded casino with a known answer key, or the casino's own side of a real settlement file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(invoke_without_command=True, no_args_is_help=False)

DefectsOption = Annotated[str, typer.Option(help="Which defects to plant: all, none, or class names separated by commas.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")]


@app.callback()
def generate(
    context: typer.Context,
    *,
    players: Annotated[int, typer.Option(help="How many players the casino has.")] = 2_000,
    days: Annotated[int, typer.Option(help="How many days to simulate.")] = 30,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Folder for the files and the answer key; must be empty or new.")] = None,
    defects: DefectsOption = "all",
    start: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day (UTC).")] = datetime(2026, 1, 1),  # noqa: DTZ001 - a date
    database: Annotated[bool, typer.Option(help="Write the casino's own side into the system of record, through its services.")] = True,
    as_json: JsonOption = False,
) -> int:
    """Simulate players, PSPs and banks of a casino: files as the outside sends them, the casino's own books, and the answer key.

    Files land in OUT in the order fx, bank, psp, v2 (sorted paths): v2/ holds files that were sent again with other bytes.
    """
    if context.invoked_subcommand is not None:
        return 0
    from transactional.simulation.world import WorldSpec, build, classes_named

    folder = _empty_folder(out)
    spec = WorldSpec(players, days, seed, start.date(), classes_named(defects))
    from pipelines.console import step

    with step(f"simulating {players} players for {days} days (seed {seed})"):
        world = build(spec)
    _deliver(world, folder, database=database)
    return _report(world, folder, as_json=as_json)


def _empty_folder(out: Path | None) -> Path:
    """The folder to write to. Raises: Refused when it holds something already: two worlds in one folder have no answer key."""
    from transactional.vocabulary.errors import InputRejected, Refused

    if out is None:
        raise InputRejected("say where to write the world: --out DIR", code="missing_option")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise Refused(f"{out} is not an empty folder", code="folder_not_empty")
    return out


def _deliver(world: object, folder: Path, *, database: bool) -> None:
    """Books into the database, files and key into the folder; the key last, so that a folder with a key is whole."""
    from pipelines.console import step
    from transactional.simulation.world import World, answer_key, summary

    assert isinstance(world, World)
    if database:
        with step("writing the casino's books through its services"):
            _write_books(world)
    with step(f"writing {len(world.files)} files to {folder}"):
        for path, content in sorted(world.files.items()):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        (folder / "world.json").write_bytes(summary(world))
        (folder / "answer_key.parquet").write_bytes(answer_key(world))


def _write_books(world: object) -> None:
    from pipelines.console import tell
    from transactional.db.engine import make_engine
    from transactional.db.location import locate_databases
    from transactional.db.unit_of_work import UnitOfWork
    from transactional.settings import load_settings
    from transactional.simulation.drive import write_books
    from transactional.simulation.world import World

    assert isinstance(world, World)

    def progress(what: str, done: int, total: int) -> None:
        if done == total or done % 10 == 0:
            tell(f"  {done} of {total} {what}")

    engine = make_engine(locate_databases(load_settings()).app_url, application_name="countroom world")
    try:
        with UnitOfWork(engine) as work:
            write_books(work.connection, world.chunks, world.payout_entries, progress)
            work.commit()
    finally:
        engine.dispose()


def _report(world: object, folder: Path, *, as_json: bool) -> int:
    import json

    from pipelines.console import answer, answer_json
    from transactional.simulation.world import World, summary

    assert isinstance(world, World)
    told = json.loads(summary(world))
    if as_json:
        answer_json(told | {"folder": str(folder)})
        return 0
    planted = sum(count for name, count in told["expected"].items() if name != "timing_open")
    answer(f"world in {folder}: {len(world.files)} files, {sum(told['movements'].values())} movements of money, as of {told['as_of']}")
    answer(f"planted: {planted} defects of {len(told['expected']) - ('timing_open' in told['expected'])} classes")
    answer(f"rightly open: {told['expected'].get('timing_open', 0)} cases")
    return 0
