"""`countroom world`: build a seeded casino with a known answer key, or the casino's own side of a real settlement file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from transactional.ledger.entries import KeyedEntry
    from transactional.simulation.games import Chunk
    from transactional.simulation.replay.report_lines import ReportLine

app = typer.Typer(invoke_without_command=True)

OutOption = Annotated[Path | None, typer.Option(help="Folder for the files and the answer key; must be empty or new.")]
DatabaseOption = Annotated[bool, typer.Option(help="Write the casino's own side into the system of record, through its services.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")]


@app.callback()
def generate(
    context: typer.Context,
    *,
    players: Annotated[int, typer.Option(help="How many players the casino has.")] = 2_000,
    days: Annotated[int, typer.Option(help="How many days to simulate.")] = 30,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    out: OutOption = None,
    defects: Annotated[str, typer.Option(help="Which defects to plant: all, none, or names of classes and puzzles separated by commas.")] = "all",
    start: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day (UTC).")] = datetime(2026, 1, 1),  # noqa: DTZ001 - a date
    database: DatabaseOption = True,
    as_json: JsonOption = False,
) -> int:
    """Simulate players, PSPs and banks of a casino: files as the outside sends them, the casino's own books, and the answer key.

    Land the files in the order of their paths: bank, fx, psp, and v2 last, which holds files that were sent again with other bytes. The database
    must hold no other world yet; the same one, typed again after a fault with a new folder, is completed. A run or another world waits until this
    one is whole, and it waits for them.
    """
    if context.invoked_subcommand is not None:
        return 0
    from pipelines.console import answer, step
    from transactional.simulation.world import WorldSpec, answer_key, build, classes_named, puzzle_key, summary

    folder = _empty_folder(out)
    spec = WorldSpec(players, days, seed, start.date(), classes_named(defects))
    with step(f"simulating {players} players for {days} days (seed {seed})"):
        world = build(spec)
    with _its_turn(database=database):
        if database:
            _write_books(world.chunks, world.payout_entries)
        told = _write_folder(folder, world.files, summary(world), answer_key(world), as_json=as_json)
    if (puzzles := puzzle_key(world)) is not None:
        (folder / "suggestion_key.parquet").write_bytes(puzzles)
    if not as_json:
        _tell_expected(told["expected"])
        answer(f"as of {told['as_of']}")
    return 0


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="A PSP's settlement report, as it came.", exists=True, dir_okay=False)],
    *,
    out: OutOption = None,
    perturb: Annotated[int | None, typer.Option(help="Plant mistakes in the casino's books and at its bank, drawn with this seed.")] = None,
    mistakes: Annotated[int, typer.Option(min=1, help="How many mistakes to plant with --perturb.")] = 8,
    account: Annotated[str | None, typer.Option(help="Our account at the PSP, where the file does not name it.")] = None,
    database: DatabaseOption = True,
    as_json: JsonOption = False,
) -> int:
    """Build the casino's own side of a real settlement file: intents, attempts, facts, ledger, payouts and the bank statement, with the answer key.

    The file itself is copied to OUT unchanged. Without --perturb a reconciliation finds nothing but what is wrong inside the file.
    """
    from pipelines.console import answer, step
    from transactional.simulation.answer_key import Names, key_frame, parquet
    from transactional.simulation.replay.casino_side import replay as replayed
    from transactional.simulation.replay.casino_side import summary
    from transactional.vocabulary.currencies import exponent_of
    from transactional.vocabulary.money import format_minor

    folder, content = _empty_folder(out), file.read_bytes()
    with step(f"reading {file.name}"):
        lines, zone = _report_lines(content, file.name, account)
    side = replayed(content, file.name, lines, zone, perturb=perturb, mistakes=mistakes)
    with _its_turn(database=database):
        if database:
            _write_books(side.chunks, side.payout_entries)
        told = _write_folder(folder, side.files, summary(side), parquet(key_frame(side.expected, Names(side.files))), as_json=as_json)
    if not as_json:
        _tell_expected(told["expected"])
        for currency, minor in told["payouts_minor"].items():
            answer(f"payout: {format_minor(minor, exponent_of(currency, side.as_of.date()))} {currency}")
        answer(f"as of {told['as_of']}")
    return 0


def _empty_folder(out: Path | None) -> Path:
    """The folder to write to. Raises: Refused when it holds something already: two worlds in one folder have no answer key."""
    from transactional.vocabulary.errors import InputRejected, Refused

    if out is None:
        raise InputRejected("say where to write the world: --out DIR", code="missing_option")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise Refused(f"{out} is not an empty folder", code="folder_not_empty")
    return out


def _report_lines(content: bytes, name: str, account: str | None) -> tuple[list[ReportLine], str]:
    """The lines of a settlement report as plain values, and the zone of its account. Raises: InputRejected for another kind of report."""
    from assets.landing.psp_files import parse_psp_file
    from transactional.payments.merchant_accounts import merchant_account
    from transactional.payments.psps.registry import SPECS
    from transactional.simulation.replay.report_lines import report_line
    from transactional.vocabulary.errors import InputRejected

    parsed = parse_psp_file(content, name, account_hint=account)
    if parsed.role != "settlement" or len(parsed.accounts) != 1:
        about = "a settlement report of one account"
        raise InputRejected(
            f"{name} is a {parsed.report} ({parsed.role}, {len(parsed.accounts)} accounts), expected {about}", code="not_a_settlement"
        )
    lines = [report_line(row) for row in parsed.lines.iter_rows(named=True)]
    known = merchant_account(parsed.psp, parsed.accounts[0], lines[0].booked_at.date())
    return lines, known.zone if known else SPECS[parsed.psp].zone


@contextmanager
def _its_turn(*, database: bool) -> Iterator[None]:
    """No run begins, and no other world, while the books and files of this one come into being: it would reconcile files whose books it cannot see."""
    from pipelines.console import tell
    from pipelines.resources.turn import turn
    from transactional.db.location import locate_databases
    from transactional.settings import load_settings

    if not database:
        yield
        return
    with turn(locate_databases(load_settings()).warehouse_url, on_wait=tell):
        yield


def _write_books(chunks: Sequence[Chunk], payouts: Sequence[KeyedEntry]) -> None:
    from pipelines.console import step, tell
    from pipelines.runs.in_process import bring_to_head
    from transactional.db.engine import make_engine
    from transactional.db.location import locate_databases
    from transactional.db.unit_of_work import UnitOfWork
    from transactional.settings import load_settings
    from transactional.simulation.drive import write_books
    from transactional.vocabulary.errors import Refused

    def progress(what: str, done: int, total: int) -> None:
        if done == total or done % 10 == 0:
            tell(f"  {done} of {total} {what}")

    databases = locate_databases(load_settings())
    bring_to_head(databases)
    engine = make_engine(databases.app_url, application_name="countroom world")
    try:
        with step("writing the casino's books through its services"), UnitOfWork(engine) as work:
            write_books(work.connection, chunks, payouts, progress)
            work.commit()
    except Refused as error:
        if error.code != "idempotency_conflict":
            raise
        raise Refused(
            "the database holds another casino: take one of its own (COUNTROOM_DATABASE_URL or COUNTROOM_HOME)", code="world_exists"
        ) from error
    finally:
        engine.dispose()


def _write_folder(folder: Path, files: Mapping[str, bytes], told: bytes, key: bytes, *, as_json: bool) -> dict[str, dict[str, int]]:
    """Files, then world.json, then the key: a folder with a key is whole. Returns what world.json says."""
    import json

    from pipelines.console import answer, answer_json, step

    with step(f"writing {len(files)} files to {folder}"):
        for path, content in sorted(files.items()):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        (folder / "world.json").write_bytes(told)
        (folder / "answer_key.parquet").write_bytes(key)
    said: dict[str, dict[str, int]] = json.loads(told)
    if as_json:
        answer_json(said | {"folder": str(folder)})
    else:
        answer(f"world in {folder}: {len(files)} files, {sum(said['movements'].values())} movements of money")
    return said


def _tell_expected(expected: Mapping[str, int]) -> None:
    from pipelines.console import answer

    breaks = {name: count for name, count in expected.items() if name != "timing_open"}
    answer(
        f"to be found: {sum(breaks.values())} breaks of {len(breaks)} classes ({', '.join(f'{name} {count}' for name, count in breaks.items()) or 'none'})"
    )
    answer(f"rightly open: {expected.get('timing_open', 0)} cases")
