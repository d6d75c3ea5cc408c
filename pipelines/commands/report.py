"""`countroom report`: a day as it was signed, as it is known now, and what changed between the two."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.options import Spoken

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import polars as pl

    from assets.reconciliation.standing.day import Standing
    from pipelines.reports.day_report import DayReport
    from pipelines.reports.language import Language
    from pipelines.reports.terminal.voice import Voice
    from pipelines.standing.house import Doors
    from transactional.reconciliation.closes import Close

app = typer.Typer()


@app.command()
def report(
    day: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], metavar="DATE", help="The business date, as 2026-01-31.")],
    psp: Annotated[str | None, typer.Option(help="Only this PSP. Needed with --as-signed and --diff: a close is one PSP's.")] = None,
    as_signed: Annotated[bool, typer.Option("--as-signed", help="The day as its close froze it, byte for byte with --json.")] = False,
    as_known_now: Annotated[bool, typer.Option("--as-known-now", help="The day with what the last run knew. The default.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="What changed since the day was signed.")] = False,
    breaks: Annotated[int, typer.Option(help="How many breaks to tell in words.", min=0)] = 20,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the day as one self-contained HTML page as well.")] = None,
    form: Annotated[
        list[str] | None, typer.Option(metavar="FORM", help="Write this form into --out: html, json, xlsx, csv or parquet. Give it again for more.")
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where --form writes its files.")] = Path(),
    language: Spoken = "en",
    bundle: Annotated[bool, typer.Option("--bundle", help="Keep it as an evidence bundle, one zip in the object store, and say where.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the day as its canonical JSON document, amounts in minor units.")] = False,
) -> int:
    """Tell a day of a PSP: summary, hop by hop, ages, breaks, certificate, signatures.

    Exit code 0: no break, or with --diff nothing changed; 1: there are breaks, or changes; 2: nothing to tell.
    """
    from pipelines.reports.gathering import gathered
    from pipelines.reports.terminal.voice import voice_of
    from pipelines.standing.house import doors_of
    from transactional.settings import load_settings
    from transactional.vocabulary.errors import InputRejected

    if as_signed + as_known_now + diff > 1 or (bundle and diff):
        raise InputRejected("--as-signed, --as-known-now or --diff: one at a time, and a bundle keeps a day, not what changed", code="contradiction")
    spoken = voice_of(language)
    with doors_of(load_settings()) as doors:
        found = _found(doors, day.date(), psp, as_signed=as_signed, diff=diff)
        if form or html or bundle:
            told = gathered(doors.warehouse, found.standing, found.close, found.changed)
            _write(told, spoken.language, form or (), out, html)
            if bundle:
                _keep(doors, told, found.content, spoken.language)
    _answer(found, day.date(), spoken, breaks, as_json=as_json)
    if found.changed is not None:
        return int(bool(found.changed))
    return int(found.standing.broken_count > 0 or not found.standing.closes)


@dataclass(frozen=True, slots=True)
class _Found:
    """The day that was asked for. `content`: its canonical document; `close`: whose day it is; `changed`: with --diff, what has since."""

    standing: Standing
    content: bytes
    close: Close | None = None
    changed: Mapping[str, pl.DataFrame] | None = None


def _found(doors: Doors, day: date, psp: str | None, *, as_signed: bool, diff: bool) -> _Found:
    from assets.reconciliation.standing.document import as_bytes, difference
    from pipelines.standing.day_standing import as_signed as read_signed

    close = _signed(doors, day, psp) if as_signed or diff else None
    if close is not None and as_signed:
        return _Found(*read_signed(doors.store, close), close)
    now = _known_now(doors, day, psp)
    changed = difference(read_signed(doors.store, close)[0], now) if close is not None else None
    return _Found(now, as_bytes(now), close, changed)


def _answer(found: _Found, day: date, spoken: Voice, breaks: int, *, as_json: bool) -> None:
    from pipelines.console import answer, answer_json
    from pipelines.reports.terminal.closes import told_close
    from pipelines.reports.terminal.day import told_day, told_difference

    if found.changed is not None and as_json:
        answer_json({name: frame.to_dicts() for name, frame in found.changed.items()})
    elif found.changed is not None:
        for line in told_difference(found.changed, day, spoken):
            answer(line)
    elif as_json:
        answer(found.content.decode().rstrip("\n"))
    else:
        for line in (*(told_close(found.close, spoken) if found.close else ()), *told_day(found.standing, spoken, breaks)):
            answer(line)


def _signed(doors: Doors, day: date, psp: str | None) -> Close:
    from transactional.db.unit_of_work import UnitOfWork
    from transactional.reconciliation.closes import last_signed
    from transactional.reconciliation.closing import Closes
    from transactional.vocabulary.errors import InputRejected, Refused

    if psp is None:
        raise InputRejected("say which PSP with --psp: a close is one PSP's", code="missing_argument")
    with UnitOfWork(doors.app) as work:
        close = last_signed(Closes(work.connection).of(psp, day))
    if close is None:
        raise Refused(f"{day} of {psp} was never signed by two people: `countroom close {day} --psp {psp}`", code="not_signed")
    return close


def _write(told: DayReport, spoken: Language, forms: Sequence[str], out: Path, html: Path | None) -> None:
    from pipelines.console import tell
    from pipelines.reports.day_report import rendered

    for name, made in rendered(told, forms, spoken).items():
        _place(out / name, made)
        tell(f"written: {out / name}")
    if html is not None:
        _place(html, *rendered(told, ["html"], spoken).values())


def _place(path: Path, content: bytes) -> None:
    from pipelines.resources.whole_files import write_whole
    from transactional.vocabulary.errors import Transient

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
    except OSError as error:
        raise Transient(f"{path} cannot be written: {error.strerror}", code="file_not_written") from error


def _keep(doors: Doors, told: DayReport, content: bytes, spoken: Language) -> None:
    from pipelines.console import tell
    from pipelines.reports.bundling import keep_bundle, log_of_run
    from transactional.settings import load_settings

    kept = keep_bundle(doors.warehouse, doors.store, told, content, log_of_run(load_settings(), told), [spoken])
    tell(f"bundle {'kept' if kept.is_new else 'is there already'}: {kept.object_key}, {kept.member_count} members, {kept.size_bytes} bytes")


def _known_now(doors: Doors, day: date, psp: str | None) -> Standing:
    from pipelines.standing.day_standing import as_known_at, known_by
    from transactional.db.unit_of_work import UnitOfWork
    from transactional.reconciliation.closes import closed_days
    from transactional.reconciliation.closing import Closes

    moment = known_by(doors.warehouse)
    with UnitOfWork(doors.app) as work:
        closed = closed_days(Closes(work.connection).of(known_by=moment))
    return as_known_at(doors.warehouse, day, psp, moment, closed)
