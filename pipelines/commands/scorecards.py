"""`countroom scorecards`: which card routes, what it says, and putting another in its place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from assets.payments.scorecards.reading import Connection, Kept
    from transactional.payments.scorecards.document import Document
    from transactional.payments.scorecards.rows import ScoreRow

_HELP = "How each PSP does in each cell of traffic: versions, rows, publishing, rolling back, files."
app = typer.Typer(no_args_is_help=True, help=_HELP)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
By = Annotated[str, typer.Option("--by", help="Who decides: a name that is kept with the decision.")]
Version = Annotated[int | None, typer.Argument(min=1, help="Which version. Default: the champion.")]


@app.callback()
def _root() -> None:
    """How each PSP does in each cell of traffic: versions, rows, publishing, rolling back, files."""


@app.command("list")
def list_(limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many, the newest first.")] = 20, as_json: AsJson = False) -> int:
    """The versions and what each is used for. Exit code 1: none leads."""
    from assets.payments.scorecards.reading import versions
    from pipelines.console import answer, answer_json
    from transactional.payments.scorecards.document import Status, manifest_values

    with _connected() as connection:
        found = versions(connection, limit)
    if as_json:
        answer_json(
            [{**manifest_values(each.manifest()), "origin": each.stated["origin"], "reason": each.reason, "by": each.decided_by} for each in found]
        )
    else:
        answer(f"{'version':>8}  {'status':<10}  {'data until':<20}  {'rows':>7}  {'content':<12}  {'origin':<8}  reason")
        for each in found:
            stated = each.stated
            until = f"{stated['data_watermark']:%Y-%m-%d %H:%M:%S}"
            answer(
                f"{each.version:>8}  {each.status.value:<10}  {until:<20}  {stated['row_count']:>7}  {stated['content_sha256'][:12]:<12}"
                f"  {stated['origin']:<8}  {each.reason}"
            )
    return int(not any(each.status is Status.CHAMPION for each in found))


@app.command()
def show(
    version: Version = None,
    level: Annotated[str | None, typer.Option(help="Only cells of this level: all, country, country_method, amount_band, issuer_group, bin.")] = None,
    country: Annotated[str | None, typer.Option(help="Only cells of this country.")] = None,
    as_json: AsJson = False,
) -> int:
    """What a version says of each PSP: success with its interval, from how many attempts, rank and share, and why."""
    from pipelines.console import answer, answer_json
    from transactional.payments.scorecards.document import manifest_values
    from transactional.payments.scorecards.rows import canonical_row

    document = _document(version)
    rows = [row for row in document.rows if level in (None, row.level) and country in (None, row.country)]
    if as_json:
        from transactional.payments.scorecards.columns import NAMES

        named = [dict(zip(NAMES, canonical_row(row), strict=True)) for row in rows]
        answer_json({"manifest": manifest_values(document.manifest), "rows": named})
        return 0
    manifest = document.manifest
    answer(
        f"version {manifest.version}, {manifest.status.value}; data until {manifest.data_watermark:%Y-%m-%d %H:%M:%S} UTC; {manifest.content_sha256}"
    )
    answer(f"{'cell':<44}  {'psp':<12}  {'n':>7}  {'success':>8}  {'95 % interval':<17}  {'own':>5}  {'best':>5}  {'share':>6}  why")
    for row in rows:
        answer(_told(row))
    return 0


@app.command()
def publish(
    by: By, release: Annotated[bool, typer.Option("--release", help="Also replace a card that was rolled back to, and is held.")] = False
) -> int:
    """Publish the card of what the last run knows. Exit code 1: it does not lead, because a gate is closed; 2: there is nothing to score."""
    from assets.payments.scorecards.service import publish_from_marts
    from pipelines.console import answer
    from transactional.vocabulary.errors import Refused

    made = publish_from_marts(_warehouse(), _now(), origin="person", by=by, release=release)
    if made is None:
        raise Refused("no attempt lies in the window: there is nothing to score", code="nothing_to_score")
    answer(f"version {made.version}: {made.status.value}, {made.rows} rows, {made.content_sha256}{'' if made.is_new else ' (was there already)'}")
    for gate in made.closed:
        answer(f"  {gate.code}: {gate.sentence}")
    return int(bool(made.closed))


@app.command()
def rollback(
    version: Annotated[int, typer.Argument(min=1, help="The version whose content shall lead again.")],
    by: By,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the decision.")],
) -> int:
    """Let the content of an older version lead, under a new number. It is held: what is published later stays a shadow until `publish --release`.

    Its data are as old as they are: a router that finds them older than an hour goes by its static list.
    """
    from assets.payments.scorecards.service import roll_back
    from pipelines.console import answer

    with _connected() as connection:
        number = roll_back(connection, version, by, reason, _now())
    answer(f"version {number} leads with the content of {version}, and is held")
    return 0


@app.command()
def export(to: Annotated[Path, typer.Option("--to", file_okay=False, help="Folder; it is made if it is not there.")], version: Version = None) -> int:
    """Write a version as Parquet and manifest, each whole or not at all, the manifest last: who finds it finds the rows."""
    from assets.payments.scorecards.files import as_files, file_names
    from pipelines.console import answer
    from pipelines.resources.whole_files import write_whole

    document = _document(version)
    to.mkdir(parents=True, exist_ok=True)
    for name, content in zip(file_names(document.manifest.version), as_files(document), strict=True):
        write_whole(to / name, content)
        answer(str(to / name))
    return 0


@app.command()
def follow(
    every: Annotated[float, typer.Option(min=0.1, max=300, help="Seconds between two looks at the service's facts.")] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="Look once, publish, and end.")] = False,
) -> int:
    """Publish a card within seconds of an attempt's outcome, between two runs. Ends with Ctrl-C. Several may follow: they take turns.

    A card is published when something has changed, and once per interval when nothing has: the age of a card is that of what is known.
    """
    import time
    from datetime import timedelta

    from assets.payments.live.service import fold, publish_live
    from assets.payments.scorecards.parameters import Parameters
    from pipelines.console import answer

    parameters, due = Parameters(), _now()
    with _app().connect() as facts, _warehouse().connect() as warehouse:
        facts.autocommit = warehouse.autocommit = True
        while True:
            folded = fold(facts, warehouse, parameters)
            if folded.buckets or once or _now() >= due:
                due = _now() + timedelta(seconds=parameters.interval_seconds)
                made = publish_live(warehouse, folded, parameters, _now())
                if made is not None:
                    gates = f" ({', '.join(gate.code for gate in made.closed)})" if made.closed else ""
                    answer(f"{folded.read_at:%H:%M:%S}  {folded.attempts} attempts read, version {made.version}: {made.status.value}{gates}")
            if once:
                return 0
            time.sleep(every)


def _document(version: int | None) -> Document:
    from assets.payments.scorecards.reading import content_of
    from transactional.payments.scorecards.document import document_bytes, parse

    with _connected() as connection:
        kept = _kept(connection, version)
        return parse(document_bytes(kept.manifest(), content_of(connection, kept.stated["content_sha256"])))


def _kept(connection: Connection, number: int | None) -> Kept:
    from assets.payments.scorecards import reading
    from transactional.vocabulary.errors import Refused

    found = reading.champion(connection) if number is None else reading.version(connection, number)
    if found is None:
        raise Refused("no scorecard has been published yet: `countroom run` publishes one", code="no_scorecard")
    return found


def _told(row: ScoreRow) -> str:
    cell = " ".join([row.direction, row.level, *[text for text in (row.country, row.method, row.issuer_group, row.bin, row.amount_band) if text]])
    interval = f"{row.sr_lo:.4f} - {row.sr_hi:.4f}"
    return (
        f"{cell:<44}  {row.psp:<12}  {row.n_attempts:>7}  {row.sr_mean:>8.4f}  {interval:<17}  {row.shrink_weight:>5.2f}  {row.p_best:>5.2f}"
        f"  {row.share_target:>6.3f}  {' '.join(row.reason)}"
    )


@contextmanager
def _connected() -> Iterator[Connection]:
    with _warehouse().transaction() as connection:
        yield connection


def _warehouse() -> Any:
    from pipelines.resources.warehouse import Warehouse
    from pipelines.standing.state import nothing_published
    from transactional.db.engine import PIPELINE_ROLE
    from transactional.db.location import locate_databases
    from transactional.migrations.runner import revision_state
    from transactional.settings import load_settings

    url = locate_databases(load_settings()).warehouse_url
    if revision_state(url).current is None:
        raise nothing_published()
    return Warehouse(url, role=PIPELINE_ROLE)


def _app() -> Any:
    from pipelines.resources.warehouse import Warehouse
    from transactional.db.engine import PIPELINE_ROLE
    from transactional.db.location import locate_databases
    from transactional.settings import load_settings

    return Warehouse(locate_databases(load_settings()).app_url, role=PIPELINE_ROLE)


def _now() -> datetime:
    from pipelines.resources.clock import SystemClock

    return SystemClock().now()
