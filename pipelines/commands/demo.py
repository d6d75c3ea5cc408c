"""`countroom demo`: a casino with a known answer, through the whole house, scored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pipelines.runs.in_process import RunReport
    from pipelines.standing.score import Score
    from transactional.db.location import Databases
    from transactional.settings import Settings
    from transactional.simulation.world import World

app = typer.Typer()

_BOOKS_WRITTEN = ".books-written"
_SHOWN = 10


@app.command()
def demo(
    players: Annotated[int, typer.Option(help="Players of the casino.", min=1)] = 600,
    days: Annotated[int, typer.Option(help="Days it has been open.", min=2)] = 21,
    seed: Annotated[int, typer.Option(help="The same seed gives the same casino.")] = 1,
) -> int:
    """Build a casino, land its reports and statements, run the pipeline, show the reconciliation and its score against the answer key.

    Run again, it lands the same files (which changes nothing) and shows the same answer. It needs a database without other facts: otherwise it says
    so and touches nothing. Exit code 0: every planted defect was found with its class, amount and items, and nothing else; 1: the score is not
    perfect; 2: a step failed.
    """
    from pipelines.console import answer, step
    from pipelines.resources.warehouse import Warehouse
    from pipelines.runs.in_process import bring_to_head, run_pipeline
    from pipelines.standing.state import read_state
    from pipelines.standing.text import told
    from transactional.db.engine import PIPELINE_ROLE
    from transactional.db.location import locate_databases
    from transactional.settings import load_settings

    settings = load_settings()
    databases = locate_databases(settings)
    folder = settings.home / "demo" / f"players-{players}-days-{days}-seed-{seed}"
    with step("preparing the database"):
        bring_to_head(databases)
        is_new = not (folder / _BOOKS_WRITTEN).exists()
        if is_new:
            _refuse_used(databases)
    with step(f"simulating {players} players for {days} days (seed {seed})"):
        world = _simulate(players, days, seed)
        _write_files(world, folder)
    if is_new:
        with step("writing the casino's books through its services"):
            _write_books(databases, world)
            (folder / _BOOKS_WRITTEN).touch()
    report = run_pipeline(settings, databases, [folder, folder / "v2"] if (folder / "v2").exists() else [folder], world.spec.as_of)
    for line in report.failed_steps:
        answer(f"failed: {line}")
    if not report.succeeded:
        return 2
    state = read_state(Warehouse(databases.warehouse_url, role=PIPELINE_ROLE))
    for line in told(state, longest=5):
        answer(line)
    outcome = _scored(state.breaks, world)
    for line in _score_lines(outcome):
        answer(line)
    for line in _routing_lines(databases):
        answer(line)
    answer(f"\n{_checks_line(report)}")
    answer(_where_next(settings, folder))
    return 0 if outcome.is_perfect and state.certificate.closes else 1


def _refuse_used(databases: Databases) -> None:
    """Raises: Refused when the books hold anything: a demo among real facts would be neither."""
    import psycopg

    from transactional.vocabulary.errors import Refused

    with psycopg.connect(databases.app_url) as connection:
        used = connection.execute("select exists (select from app.journal_entries) or exists (select from raw.source_files)").fetchone()
    if used and used[0]:
        advice = "a demo starts with an empty one: set COUNTROOM_HOME to a new folder (COUNTROOM_HOME=.countroom-demo countroom demo)"
        raise Refused(f"this database holds facts already; {advice}, or look at it: countroom reconcile", code="database_used")


def _simulate(players: int, days: int, seed: int) -> World:
    from transactional.simulation.world import WorldSpec, build

    return build(WorldSpec(players, days, seed))


def _write_books(databases: Databases, world: World) -> None:
    from pipelines.console import tell
    from transactional.db.engine import make_engine
    from transactional.db.unit_of_work import UnitOfWork
    from transactional.simulation.drive import write_books

    def progress(what: str, done: int, total: int) -> None:
        if done == total or done % 7 == 0:
            tell(f"  {done} of {total} {what}")

    engine = make_engine(databases.app_url, application_name="countroom demo")
    try:
        with UnitOfWork(engine) as work:
            write_books(work.connection, world.chunks, world.payout_entries, progress)
            work.commit()
    finally:
        engine.dispose()


def _write_files(world: World, folder: Path) -> None:
    from transactional.simulation.world import answer_key, summary

    for path, content in sorted({**world.files, "world.json": summary(world), "answer_key.parquet": answer_key(world)}.items()):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _scored(breaks: object, world: World) -> Score:
    import io

    import polars as pl

    from pipelines.standing.score import identities_of_breaks, identities_of_key, score
    from transactional.simulation.world import answer_key

    assert isinstance(breaks, pl.DataFrame)
    return score(identities_of_breaks(breaks), identities_of_key(pl.read_parquet(io.BytesIO(answer_key(world)))))


def _score_lines(outcome: Score) -> list[str]:
    from pipelines.standing.text import aligned

    rows = [("class", "in the key", "reported", "right", "precision", "recall")]
    rows += [
        (each.break_class, str(each.expected), str(each.reported), str(each.right), f"{each.precision:.3f}", f"{each.recall:.3f}")
        for each in outcome.classes
    ]
    lines = ["", "score against the answer key (right: class, amount and every item agree; timing_open: rightly waiting)", *aligned(rows, left=1)]
    for what, identities in (("missed", outcome.missed), ("invented", outcome.invented)):
        lines += [f"{what}: {identity[0]} {identity[2]} {identity[1]} (minor units) {sorted(identity[3])}" for identity in identities[:_SHOWN]]
        lines += [f"and {len(identities) - _SHOWN} more {what}"] if len(identities) > _SHOWN else []
    right, expected = sum(each.right for each in outcome.classes), sum(each.expected for each in outcome.classes)
    return [
        *lines,
        f"{right} of {expected} found, {len(outcome.invented)} invented: {'agrees' if outcome.is_perfect else 'DOES NOT AGREE'} with the key",
    ]


def _routing_lines(databases: Databases) -> list[str]:
    from pipelines.standing.next_attempt import next_attempt
    from transactional.db.engine import ROUTER_ROLE, make_engine

    engine = make_engine(databases.warehouse_url, role=ROUTER_ROLE, application_name="countroom demo")
    try:
        return ["", *next_attempt(engine)]
    finally:
        engine.dispose()


def _checks_line(report: RunReport) -> str:
    """How the checks went; a warning is a question to a person, and the planted defects ask some."""
    passed = f"{report.checks - len(report.failed_checks)} of {report.checks} checks passed"
    if not report.failed_checks:
        return passed
    return f"{passed}; these ask for a person, as they should while defects are planted in the files: {', '.join(report.failed_checks)}"


def _where_next(settings: Settings, folder: Path) -> str:
    return (
        f"the casino's files and answer key: {folder}\n"
        f"next: countroom up (or make up), then http://127.0.0.1:{settings.dagster_port} for the lineage, its checks and this run; "
        "countroom reconcile for the breaks (--json for a script)"
    )
