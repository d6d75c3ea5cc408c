"""`countroom close`: freeze a day of a PSP, put a name under it, or let go of it for a reason; and freeze the days that were asked for over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.options import Spoken

if TYPE_CHECKING:
    from pipelines.reports.terminal.voice import Voice
    from transactional.reconciliation.closes import Close

app = typer.Typer()


@app.command()
def close(
    day: Annotated[datetime | None, typer.Argument(formats=["%Y-%m-%d"], metavar="DATE", help="The business date, as 2026-01-31.")] = None,
    psp: Annotated[str | None, typer.Option(help="The PSP whose day it is.")] = None,
    actor: Annotated[str, typer.Option("--as", envvar="USER", help="Who does it: lower-case letters, digits and . _ @ - only.")] = "",
    sign: Annotated[bool, typer.Option("--sign", help="Sign the close of the day. A day is signed when two people have.")] = False,
    reopen: Annotated[str | None, typer.Option(metavar="REASON", help="Let go of the closed day. What was signed stays readable.")] = None,
    despite: Annotated[str | None, typer.Option(metavar="REASON", help="Why the day is closed although something blocks it.")] = None,
    calendar: Annotated[
        bool, typer.Option("--calendar", help="Show instead, per PSP and day, what is closed and what blocks the rest; DATE: up to it.")
    ] = False,
    requested: Annotated[bool, typer.Option("--requested", help="Freeze instead the days that were asked for over HTTP.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the close, the calendar or the requests, as JSON.")] = False,
    language: Spoken = "en",
) -> int:
    """Close a day of a PSP with what the last run knew, sign it, or re-open it. Every step is a fact that stays.

    Frozen are: the moment of knowledge, the day as it stands and its checksum, the files, the rules, the terms and the marts' checksums.
    A day that something blocks (reconciliation.agg_close_calendar) is closed only with --despite. Exit code 0: done; 1: with --calendar, a day that is not
    closed is blocked, with --requested, a day was refused or waits for a run; 2: refused, with the reason.
    """
    from pipelines.console import answer, answer_json
    from pipelines.reports.terminal.closes import told_close
    from pipelines.reports.terminal.voice import voice_of
    from pipelines.standing.freezing import close_as_dict
    from transactional.vocabulary.errors import InputRejected

    spoken = voice_of(language)
    if (calendar or requested) and (sign or reopen is not None or despite is not None or (calendar and requested)):
        raise InputRejected("--calendar shows and --requested freezes what was asked for, and neither does anything else", code="contradiction")
    if calendar:
        return _calendar(psp, day, spoken, as_json=as_json)
    if requested:
        return _requested(spoken, as_json=as_json)
    if sign and reopen is not None:
        raise InputRejected("--sign or --reopen, not both: each is a step of its own", code="contradiction")
    if day is None or psp is None:
        raise InputRejected("say which day and whose: countroom close DATE --psp PSP", code="missing_argument")
    done = _one_step(day.date(), psp, actor, despite, sign=sign, reopen=reopen)
    if as_json:
        answer_json(close_as_dict(done))
    else:
        for line in told_close(done, spoken):
            answer(line)
    return 0


def _one_step(day: date, psp: str, actor: str, despite: str | None, *, sign: bool, reopen: str | None) -> Close:
    from contextlib import ExitStack

    from pipelines.console import tell
    from pipelines.resources.turn import turn
    from pipelines.standing.freezing import freeze_day
    from pipelines.standing.house import doors_of
    from transactional.db.location import locate_databases
    from transactional.db.unit_of_work import UnitOfWork
    from transactional.reconciliation.closing import Closes
    from transactional.settings import load_settings

    settings = load_settings()
    with ExitStack() as stack:
        doors = stack.enter_context(doors_of(settings))
        if not sign and reopen is None:  # what is frozen must not be half of one run and half of the next
            stack.enter_context(turn(locate_databases(settings).warehouse_url, on_wait=tell))
        work = stack.enter_context(UnitOfWork(doors.app))
        closes = Closes(work.connection)
        if sign:
            done = closes.sign(psp, day, actor=actor)
        elif reopen is not None:
            done = closes.reopen(psp, day, actor=actor, reason=reopen)
        else:
            done = freeze_day(doors.warehouse, doors.store, closes, day, psp, actor=actor, despite=despite)
        work.commit()
    return done


def _requested(spoken: Voice, *, as_json: bool) -> int:
    from pipelines.console import answer, answer_json, tell
    from pipelines.reports.terminal.closes import told_request
    from pipelines.standing.close_requests import HouseCloseDesk, request_as_dict
    from transactional.settings import load_settings

    tried = HouseCloseDesk(load_settings()).tried(tell)
    if as_json:
        answer_json([request_as_dict(each) for each in tried])
    else:
        for each in tried:
            answer(told_request(each.request, each.words, spoken))
        answer(spoken("{count} closes were asked for", count=len(tried)))
    return int(any(each.request.state in ("open", "refused") for each in tried))


def _calendar(psp: str | None, until: datetime | None, spoken: Voice, *, as_json: bool) -> int:
    from pipelines.console import answer, answer_json
    from pipelines.reports.terminal.closes import told_calendar
    from pipelines.standing.close_calendar import calendar
    from pipelines.standing.house import doors_of
    from transactional.settings import load_settings

    with doors_of(load_settings()) as doors:
        days = calendar(doors.warehouse, psp, until.date() if until else None)
    if as_json:
        answer_json(days)
    else:
        for line in told_calendar(days, spoken):
            answer(line)
    return int(any(day["is_blocked"] and day["state"] in ("open", "reopened") for day in days))
