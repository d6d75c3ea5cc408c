"""`countroom funds`: is every player's money there, line by line, and why do the books and the banks differ."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from pipelines.options import Spoken

app = typer.Typer()


@app.command()
def funds(
    day: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], metavar="DATE", help="The end of which day, as 2026-01-31.")],
    known_at: Annotated[
        datetime | None,
        typer.Option(
            "--known-at", formats=["%Y-%m-%dT%H:%M:%S"], metavar="INSTANT", help="With what was known then (UTC). Default: by the last run."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as one JSON document, amounts in minor units.")] = False,
    language: Spoken = "en",
) -> int:
    """Prove player funds: what is owed to players, by component and currency, against segregated bank balances, PSP receivables, reserves and payouts
    in transit of the accounts that are designated for players; and each difference between the books and what banks and PSPs say, with its cause.

    Exit code 0: covered in the reporting currency, and nothing unexplained; 1: a shortfall, a currency without a rate, or something unexplained;
    2: nothing to prove.
    """
    from pipelines.console import answer, answer_json
    from pipelines.reports.terminal.funds import told_funds
    from pipelines.reports.terminal.voice import voice_of
    from pipelines.standing.day_standing import known_by
    from pipelines.standing.funds_standing import as_document, funds_as_known_at
    from pipelines.standing.house import doors_of
    from transactional.settings import load_settings
    from transactional.vocabulary.errors import InputRejected

    spoken = voice_of(language)
    with doors_of(load_settings()) as doors:
        last = known_by(doors.warehouse)
        moment = known_at.replace(tzinfo=UTC) if known_at else last
        if moment > last:
            raise InputRejected(f"the last run knows everything until {last:%Y-%m-%dT%H:%M:%S}: nothing later can be asked", code="not_known_yet")
        proof = funds_as_known_at(doors.warehouse, day.date(), moment)
    if as_json:
        answer_json(as_document(proof))
    else:
        for line in told_funds(proof, spoken):
            answer(line)
    return int(not proof.is_covered)
