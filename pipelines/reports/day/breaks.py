"""The breaks of a day, told so that somebody can act: by class, each with its chain of evidence, whose it is and by when. For the page of a day.

The trap: a break told without its lines. Each opens to the file, version and line, or the entry of our books, behind every amount; and a hop that says
nothing of it is named, since that silence is often the break.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

import polars as pl

from assets.reconciliation.items import SOURCES
from pipelines.reports.day_report import DayReport
from pipelines.reports.language import Language
from pipelines.reports.page import heading, links, table
from pipelines.reports.sentences import retold
from pipelines.reports.words import capital, word

_BREAKS_SHOWN = 2_000
_LINES_SHOWN = 50
_OF_A_PAYMENT = ("ledger", "attempt", "activity", "settlement")
_OF_A_PAYOUT = ("ledger", "settlement", "payout", "bank")
_ORDER = {source: place for place, source in enumerate(SOURCES)}


def breaks_of(report: DayReport, language: Language, *, counted: bool) -> Iterator[str]:
    """The breaks (or, not counted, what waits inside its lag), grouped by class; nothing where there are none."""
    chosen = report.standing.breaks.filter(pl.col("counts_as_break") == counted)
    if not chosen.height:
        return
    shown = chosen.sort("break_class", "event_date", "break_id").head(_BREAKS_SHOWN)
    ids = shown["break_id"].to_list()
    lines = report.standing.evidence.filter(pl.col("break_id").is_in(ids)).partition_by("break_id", as_dict=True)
    threads = {row["break_id"]: row for row in report.threads.iter_rows(named=True)} if report.threads is not None else {}
    groups = [(str(name), part) for (name,), part in shown.group_by("break_class", maintain_order=True)]
    counts = [(f"class-{name}", f"{capital(word('class', name, language), language)} ({language.count(part.height)})") for name, part in groups]
    yield links(language("Classes"), counts) if len(groups) > 1 else ""
    for (anchor, text), (_, part) in zip(counts, groups, strict=True):
        yield heading(text, anchor, 3)
        for row in part.iter_rows(named=True):
            yield from _break(row, lines.get((row["break_id"],)), threads.get(row["break_id"]), report, language)
    if chosen.height > shown.height:
        more = language("{count} more are not shown here: the workbook, CSV and JSON have them all.", count=chosen.height - shown.height)
        yield f'<p class="soft">{escape(more)}</p>'


def _break(
    row: Mapping[str, Any], lines: pl.DataFrame | None, thread: Mapping[str, Any] | None, report: DayReport, language: Language
) -> Iterator[str]:
    yield f'<details id="{escape(row["break_id"])}"><summary>{escape(retold(row, language))}</summary>'
    yield f'<p class="soft">{escape(_told(row, language))}</p>'
    yield _worked(thread, language) if thread else ""
    if lines is not None:
        ordered = lines.sort(pl.col("source").replace_strict(_ORDER, default=len(_ORDER)), "booked_on", "item_key")
        yield _chain(ordered["source"].to_list(), language)
        rows = (_line(line, report, language) for line in ordered.head(_LINES_SHOWN).iter_rows(named=True))
        yield table(_head(language), rows, figures=1, label=language("Evidence"))
        if ordered.height > _LINES_SHOWN:
            yield f'<p class="soft">{escape(language("{count} more lines are not shown here.", count=ordered.height - _LINES_SHOWN))}</p>'
    yield f'<p class="soft"><code>{escape(row["break_id"])}</code></p></details>'


def _told(row: Mapping[str, Any], language: Language) -> str:
    facts = [language("began on {day}", day=row["event_date"]), language("known since {moment}", moment=row["first_known_at"])]
    facts += [language("due by {day}", day=row["due_on"])] if row["due_on"] else []
    facts += [language("batch {text}", text=row["batch_id"])] if row["batch_id"] else []
    facts += {"owed_to_us": [language("owed to us")], "owed_by_us": [language("owed by us")]}.get(row["exposure"], [])
    return capital("; ".join(facts), language) + "."


def _worked(thread: Mapping[str, Any], language: Language) -> str:
    owner = language("{state}, with {owner}", owner=thread["owner"], state=word("work", thread["state"], language)) if thread["owner"] else None
    facts = [owner or language("{state}, with nobody", state=word("work", thread["state"], language))]
    cause = thread["root_cause"]
    facts += [language("root cause: {cause}", cause=word("root cause", cause, language))] if cause else []
    facts += [language("notes: {count}", count=thread["note_count"])] if thread["note_count"] else []
    facts += [language("evidence files: {count}", count=thread["evidence_count"])] if thread["evidence_count"] else []
    facts += [language("due at {moment}", moment=thread["due_at"])] if thread["due_at"] else []
    late = f' <strong class="bad">{escape(language("overdue"))}</strong>' if thread["is_overdue"] else ""
    return f"<p>{escape(capital('; '.join(facts), language))}{late}</p>"


def _chain(sources: Sequence[str], language: Language) -> str:
    """The hops money goes through, and which of them tell of this case."""
    whole = _OF_A_PAYOUT if {"payout", "bank"} & set(sources) else _OF_A_PAYMENT
    told = []
    for hop in sorted({*whole, *sources}, key=lambda each: _ORDER.get(each, len(_ORDER))):
        name = escape(word("hop", hop, language))
        told.append(name if hop in sources else f'<span class="lacks">{escape(language("no {hop}", hop="{0}")).format(name)}</span>')
    return f'<p class="chain">{" → ".join(told)}</p>'


def _head(language: Language) -> Sequence[str]:
    place = (language("hop"), language("file, or item of our books"), language("line"), language("reference"))
    return (*place, language("booked on"), language("currency"), language("amount"))


def _line(row: Mapping[str, Any], report: DayReport, language: Language) -> Sequence[str]:
    place = row["file_name"] or row["item_key"]
    if (row["file_version"] or 1) > 1:
        place = language("{file} (version {number})", file=place, number=row["file_version"])
    words = (word("hop", row["source"], language), place, str(row["line_no"] or ""), row["reference"] or "", language.date(row["booked_on"]))
    return (*words, row["currency"], language.amount(row["amount_minor"], row["currency"], report.day))
