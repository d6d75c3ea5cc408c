"""How is a day told to a person: aligned text, amounts in major units; and what changed in it. For `countroom close` and `countroom report`.

The trap: an amount in minor units of nobody knows which currency. Decimals are those the currency had on the day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import polars as pl

from assets.reconciliation.standing.day import Standing
from pipelines.standing.text import Cells, aligned
from transactional.reconciliation.closes import Close
from transactional.vocabulary.currencies import PERIODS, exponent_of
from transactional.vocabulary.money import format_minor

_WORDS = {"before": "signed", "after": "now"}


def told_day(standing: Standing, longest: int = 20) -> Iterator[str]:
    """Summary, hops, ages, breaks in words, certificate."""
    day = date.fromisoformat(str(standing.facts["day"]))
    yield f"{day} of {standing.facts['psp'] or 'every PSP'}, with what was known at {standing.facts['as_of']}"
    yield ""
    yield from _table(standing.summary, day, "cases that began on the day or before (amounts of broken cases without their signs)")
    if standing.by_class.height:
        yield ""
        yield from _table(standing.by_class, day, "breaks by class, and what waits inside its lag")
    yield ""
    yield from _table(standing.funnel, day, "hop by hop")
    if standing.ageing.height:
        yield ""
        yield from _table(standing.ageing, day, "age of breaks in days at the end of the day")
    yield ""
    yield _certificate(standing)
    broken = standing.breaks.filter("counts_as_break")
    if broken.height:
        yield ""
    for row in broken.head(longest).iter_rows(named=True):
        yield f"{row['break_id']}  {row['break_class']}: {row['explanation']}"
    if broken.height > longest:
        yield f"and {broken.height - longest} more: --breaks {broken.height}"


def told_close(close: Close) -> Iterator[str]:
    """Who closed the day, with what, and who signed."""
    frozen = close.frozen
    reason = f", although: {close.opened_by.reason}" if close.opened_by.reason else ""
    yield f"close {close.close_id} of {close.business_date}, {close.psp}, no. {close.generation}: {close.state.value}"
    yield f"  frozen by {close.opened_by.actor} at {close.opened_by.recorded_at.isoformat(timespec='seconds')}{reason}"
    yield f"  knows what was told by {frozen.watermark_at.isoformat()}, rule set {frozen.rule_set}, terms {frozen.config_hash[:12]}"
    yield f"  standing sha256 {frozen.checksum} in {frozen.object_key}"
    for signature in close.signatures:
        yield f"  signed by {signature.actor} at {signature.recorded_at.isoformat(timespec='seconds')}"
    if close.reopened:
        yield f"  re-opened by {close.reopened.actor} at {close.reopened.recorded_at.isoformat(timespec='seconds')}: {close.reopened.reason}"


def told_difference(changed: Mapping[str, pl.DataFrame], day: date) -> Iterator[str]:
    """Row by row what was signed and what is known now."""
    if not changed:
        yield "nothing has changed since it was signed"
    for number, (name, frame) in enumerate(changed.items()):
        if number:
            yield ""
        yield from _table(
            frame.with_columns(pl.col("told").replace_strict(_WORDS)), day, f"{name.replace('_', ' ')}: what was signed and what is known now"
        )


def _table(frame: pl.DataFrame, day: date, title: str) -> Iterator[str]:
    yield title
    columns = [name for name in frame.columns if not name.endswith("_at")]
    left = next((number for number, name in enumerate(columns) if frame.schema[name].is_numeric()), len(columns))
    rows: list[Cells] = [[name.removesuffix("_minor").replace("_", " ") for name in columns]]
    rows += [[_cell(row, name, day) for name in columns] for row in frame.iter_rows(named=True)]
    yield from aligned(rows, left=left)


def _cell(row: Mapping[str, Any], name: str, day: date) -> str:
    value = row[name]
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name.endswith("_minor"):
        return figure(value, row["currency"], day)
    return f"{value:,}" if isinstance(value, int) else str(value)


def figure(minor: int, currency: str, day: date) -> str:
    """An amount in major units with thousands marks; in minor units where the currency is unknown."""
    if currency not in PERIODS:
        return f"{minor:,} minor"
    whole, mark, fraction = format_minor(abs(minor), exponent_of(currency, day)).partition(".")
    return f"{'-' if minor < 0 else ''}{int(whole):,}{mark}{fraction}"


def _certificate(standing: Standing) -> str:
    sums = standing.certificate.select(pl.col(f"{name}_count").sum() for name in ("in", "matched", "broken", "ignored")).row(0)
    verdict = "closes" if standing.closes else "DOES NOT CLOSE"
    parts = f"{sums[1]:,} matched + {sums[2]:,} in breaks or open + {sums[3]:,} ignored with a reason"
    return f"certificate of run {standing.facts['run_id']}: {verdict}; {sums[0]:,} items booked by the day = {parts}"
