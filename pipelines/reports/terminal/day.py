"""How is a day told on a terminal: what agrees, what does not, and what changed since it was signed. For `countroom report`.

The trap: an amount in minor units of nobody knows which currency. Decimals are those the currency had on the day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

import polars as pl

from assets.reconciliation.standing.day import Standing
from pipelines.reports.terminal.voice import Voice
from pipelines.reports.words import context_of, word
from pipelines.standing.text import Cells, aligned


def told_day(standing: Standing, spoken: Voice, longest: int = 20) -> Iterator[str]:
    """Summary, hops, ages, breaks in words, certificate."""
    day, moment = date.fromisoformat(str(standing.facts["day"])), datetime.fromisoformat(str(standing.facts["as_of"]))
    psp = standing.facts["psp"]
    if psp:
        yield spoken("{day} of {psp}, with what was known at {moment}", day=day, psp=psp, moment=moment)
    else:
        yield spoken("{day} of every PSP, with what was known at {moment}", day=day, moment=moment)
    blocks = (
        (standing.summary, spoken("cases that began on the day or before (amounts of broken cases without their signs)")),
        (standing.by_class, spoken("breaks by class, and what waits inside its lag")),
        (standing.funnel, spoken("hop by hop")),
        (standing.ageing, spoken("age of breaks in days at the end of the day")),
    )
    for frame, title in blocks:
        if frame.height:
            yield ""
            yield from _table(frame, day, title, spoken)
    yield ""
    yield _certificate(standing, spoken)
    yield from _breaks(standing.breaks.filter("counts_as_break"), spoken, longest)


def told_difference(changed: Mapping[str, pl.DataFrame], day: date, spoken: Voice) -> Iterator[str]:
    """Row by row what was signed and what is known now."""
    if not changed:
        yield spoken("nothing has changed since it was signed")
    for number, (name, frame) in enumerate(changed.items()):
        if number:
            yield ""
        title = spoken("{table}: what was signed and what is known now", table=word("sheet", name, spoken.language))
        yield from _table(frame, day, title, spoken)


def _breaks(broken: pl.DataFrame, spoken: Voice, longest: int) -> Iterator[str]:
    if not broken.height:
        return
    yield ""
    for row in broken.head(longest).iter_rows(named=True):
        yield f"{row['break_id']}  {spoken.word('class', row['break_class'])}: {spoken.explanation(row)}"
    if broken.height > longest:
        yield spoken("and {count} more: {option}", count=broken.height - longest, option=f"--breaks {broken.height}")


def _table(frame: pl.DataFrame, day: date, title: str, spoken: Voice) -> Iterator[str]:
    yield title
    columns = [name for name in frame.columns if not name.endswith("_at")]
    left = next((number for number, name in enumerate(columns) if frame.schema[name].is_numeric()), len(columns))
    rows: list[Cells] = [spoken.head(*columns)]
    rows += [[_cell(row, name, day, spoken) for name in columns] for row in frame.iter_rows(named=True)]
    yield from aligned(rows, left=left)


def _cell(row: Mapping[str, Any], name: str, day: date, spoken: Voice) -> str:
    value = row[name]
    context = context_of(name)
    match value:
        case None:
            return ""
        case bool():
            return spoken("yes") if value else spoken("no")
        case int():
            return spoken.amount(value, row["currency"], day) if name.endswith("_minor") else spoken.count(value)
        case date():
            return spoken.day(value)
        case _ if name == "psp":
            return spoken.psp(value)
        case _ if name == "explanation":
            return spoken.explanation(row)
        case _ if name == "told":
            return spoken("signed") if value == "before" else spoken("now")
        case _:
            return spoken.word(context, value) if context else str(value)


def _certificate(standing: Standing, spoken: Voice) -> str:
    names = ("in", "matched", "broken", "ignored")
    sums = dict(zip(names, standing.certificate.select(pl.col(f"{name}_count").sum() for name in names).row(0), strict=True))
    said = {"run": standing.facts["run_id"], "count": sums["in"]} | {name: sums[name] for name in names[1:]}
    if standing.closes:
        return spoken(
            "certificate of run {run}: closes; {count} items booked by the day = {matched} matched + {broken} in breaks or open "
            "+ {ignored} ignored with a reason",
            **said,
        )
    return spoken(
        "certificate of run {run}: DOES NOT CLOSE; {count} items booked by the day = {matched} matched + {broken} in breaks or open "
        "+ {ignored} ignored with a reason",
        **said,
    )
