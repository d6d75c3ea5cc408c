"""The comparison of two tables as one HTML page. The look and the tables are those of all our pages (pipelines/reports/page.py).

The trap: a key out of a file that is markup; every text is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

import polars as pl

from assets.reconciliation.standalone.comparison import Comparison
from assets.reconciliation.standalone.words import gloss, money
from pipelines.reports.page import document, table
from pipelines.standalone.told import by_class

_BREAKS_SHOWN = 2_000
_LINES_SHOWN = 50
_REFUSED_SHOWN = 500


def as_html(found: Comparison) -> dict[str, bytes]:
    """The page."""
    return {"reconciliation.html": document(_title(found), _page(found)).encode()}


def _title(found: Comparison) -> str:
    return f"{found.names.left} against {found.names.right}"


def _page(found: Comparison) -> Iterator[str]:
    yield f'<h1>{escape(_title(found))}</h1><p class="soft">As of {escape(found.as_of.isoformat(timespec="seconds"))}. Amounts positive towards us.</p>'
    yield _verdict(found)
    yield "<h2>What agrees and what does not</h2>" + table(("", "meaning", "currency", "cases", "amount"), _summary(found), figures=2)
    yield from _breaks(found, counted=True)
    yield from _breaks(found, counted=False)
    yield "<h2>What was read</h2>" + table(("side", "table", "rows", "read", "refused"), _tables(found), figures=3)
    yield from _refused(found)
    yield "<h2>Certificate</h2>"
    yield f'<p class="soft">Run <code>{escape(found.run_id or "of nothing")}</code>, rules of {escape(found.rule_set)}. '
    yield "Every row that was read ended in exactly one place; counts and amounts add up per side and currency.</p>"
    head = ("side", "currency", "", "in", "amount", "matched", "amount", "broken", "amount", "ignored", "amount")
    yield table(head, _certificate(found), figures=8)


def _verdict(found: Comparison) -> str:
    broken, waiting = found.breaks.filter("counts_as_break").height, found.breaks.filter(~pl.col("counts_as_break")).height
    matched = int(found.matched["case_count"].sum() or 0)
    parts = [f'<span class="good">{matched:,} matched</span>', f'<span class="{"bad" if broken else "good"}">{broken:,} broken</span>']
    parts += [f'<span class="wait">{waiting:,} waiting</span>'] if waiting else []
    parts += [f'<span class="bad">{len(found.refused):,} not readable</span>'] if found.refused else []
    return f'<p class="verdict">{" · ".join(parts)}</p>'


def _summary(found: Comparison) -> Iterator[Sequence[str]]:
    for row in found.matched.iter_rows(named=True):
        yield (
            "matched",
            "on both sides, to the minor unit",
            row["currency"],
            f"{row['case_count']:,}",
            _figure(row["amount_minor"], row["currency"]),
        )
    for row in by_class(found).iter_rows(named=True):
        words = (row["break_class"].replace("_", " "), gloss(row["break_class"], found.names), row["currency"])
        yield (*words, f"{row['case_count']:,}", _figure(row["amount_minor"], row["currency"]))


def _breaks(found: Comparison, *, counted: bool) -> Iterator[str]:
    shown = found.breaks.filter(pl.col("counts_as_break") == counted)
    if not shown.height:
        return
    yield f"<h2>{'Breaks' if counted else 'Waiting'}</h2>"
    head = shown.head(_BREAKS_SHOWN)
    members = found.rows.filter(pl.col("break_id").is_in(head["break_id"].to_list())).partition_by("break_id", as_dict=True)
    for row in head.iter_rows(named=True):
        lines = members.get((row["break_id"],))
        yield f'<details><summary>{escape(row["explanation"])} <span class="soft">{escape(row["break_class"].replace("_", " "))}</span></summary>'
        if lines is not None:
            columns = ("side", "table", "line", "key", "kind", "date", "currency", "amount")
            yield table(columns, (_line(line) for line in lines.head(_LINES_SHOWN).iter_rows(named=True)), figures=1)
            yield f'<p class="soft">and {lines.height - _LINES_SHOWN:,} more rows</p>' if lines.height > _LINES_SHOWN else ""
        yield f'<p class="soft"><code>{escape(row["break_id"])}</code></p></details>'
    if shown.height > _BREAKS_SHOWN:
        yield f'<p class="soft">and {shown.height - _BREAKS_SHOWN:,} more: the xlsx, CSV and JSON files have them all.</p>'


def _line(row: dict[str, Any]) -> Sequence[str]:
    place = (row["side"], row["file_name"], str(row["line_no"]), row["key"], row["kind"].replace("_", " "), str(row["booked_on"]))
    return (*place, row["currency"], _figure(row["amount_minor"], row["currency"]))


def _tables(found: Comparison) -> Iterator[Sequence[str]]:
    for each in found.readings:
        yield (each.side.value, each.file_name, f"{each.rows_in:,}", f"{each.rows.height:,}", f"{len(each.refused):,}")


def _refused(found: Comparison) -> Iterator[str]:
    if found.refused:
        shown = found.refused[:_REFUSED_SHOWN]
        yield "<h2>Rows that could not be read</h2>"
        yield table(
            ("side", "table", "line", "column", "why"), ((r.side.value, r.file_name, str(r.line_no), r.column, r.why) for r in shown), figures=0
        )
        if len(found.refused) > len(shown):
            yield f'<p class="soft">and {len(found.refused) - len(shown):,} more: the CSV and JSON files have them all.</p>'


def _certificate(found: Comparison) -> Iterator[Sequence[str]]:
    for row in found.certificate.iter_rows(named=True):
        cells = [row["side"], row["currency"], "closes" if row["closes"] else "DOES NOT CLOSE"]
        for name in ("in", "matched", "broken", "ignored"):
            cells += [f"{row[f'{name}_count']:,}", _figure(row[f"{name}_minor"], row["currency"])]
        yield cells


def _figure(minor: int, currency: str) -> str:
    return money(minor, currency).rsplit(" ", 1)[0]
