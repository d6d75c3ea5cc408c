"""A day as one HTML page: what agrees and what does not, hop by hop, ages, every break with its evidence, certificate, who signed. For finance, auditors.

The same Standing gives the same page, so what was signed can be printed again. The trap: a break told without its lines. Each opens to the file and the
line, or the entry of our books, behind every amount.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from html import escape
from typing import Any

import polars as pl

from assets.reconciliation.standing.day import Standing
from pipelines.reports.day_report import DayReport
from pipelines.reports.day_text import figure
from pipelines.reports.language import Language
from pipelines.reports.page import bar, document, table
from transactional.reconciliation.closes import Close

_BREAKS_SHOWN = 2_000
_LINES_SHOWN = 50


def as_page(report: DayReport, language: Language) -> bytes:
    """The page."""
    title = f"{report.day}, {report.standing.facts['psp'] or 'every PSP'}"
    return document(title, _body(title, report.standing, report.close, report.changed), language.code).encode()


def _body(title: str, standing: Standing, close: Close | None, changed: Mapping[str, pl.DataFrame] | None) -> Iterator[str]:
    day = date.fromisoformat(str(standing.facts["day"]))
    known = _instant(datetime.fromisoformat(str(standing.facts["as_of"])))
    yield f'<h1>{escape(title)}</h1><p class="soft">With what was known at {known}. Amounts positive towards us.</p>'
    yield _verdict(standing)
    yield from _signed(close) if close else ()
    yield from _changes(changed, day) if changed is not None else ()
    narrow = 0 if standing.facts["psp"] is None else 1  # of one PSP, its name in every row is a column less for a phone

    def told(head: Sequence[str], rows: Iterator[Sequence[str]], figures: int) -> str:
        return table(head[narrow:], (row[narrow:] for row in rows), figures=figures)

    yield "<h2>Cases that began on the day or before</h2>" + told(_SUMMARY, _summary(standing, day), figures=6)
    if standing.by_class.height:
        yield "<h2>By class</h2>" + told(("psp", "account", "class", "", "currency", "cases", "amount"), _classes(standing, day), figures=2)
    yield "<h2>Hop by hop</h2>" + told(("psp", "currency", "hop", "", "items", "amount"), _funnel(standing, day), figures=2)
    if standing.ageing.height:
        head = ("psp", "currency", "days at the end of the day", "", "breaks", "amount")
        yield "<h2>Age of breaks</h2>" + told(head, _ages(standing, day), figures=2)
    yield from _breaks(standing, day, counted=True)
    yield from _breaks(standing, day, counted=False)
    yield "<h2>Certificate</h2>" + _run(standing) + table(_CERTIFICATE, _certificate(standing, day), figures=8)
    yield "<h2>Gates</h2>" + table(("gate", "a failure is", "", "failed"), _gates(standing), figures=1)


_SUMMARY = ("psp", "account", "currency", "matched", "amount", "broken", "amount", "open", "amount")
_CERTIFICATE = ("source", "currency", "", "in", "amount", "matched", "amount", "broken or open", "amount", "ignored", "amount")


def _verdict(standing: Standing) -> str:
    matched, waiting = int(standing.summary["matched_count"].sum()), standing.breaks.height - standing.broken_count
    kind = "bad" if standing.broken_count else "good"
    parts = [f'<span class="good">{matched:,} matched</span>', f'<span class="{kind}">{standing.broken_count:,} broken</span>']
    parts += [f'<span class="wait">{waiting:,} open</span>'] if waiting else []
    parts += [] if standing.closes else ['<span class="bad">the certificate does not close</span>']
    return f'<p class="verdict">{" · ".join(parts)}</p>'


def _signed(close: Close) -> Iterator[str]:
    frozen = close.frozen
    events = [
        ("frozen", close.opened_by),
        *(("signed", each) for each in close.signatures),
        *([("re-opened", close.reopened)] if close.reopened else []),
    ]
    rows = ((word, each.actor, _instant(each.recorded_at), each.reason or "") for word, each in events)
    yield f"<h2>Close no. {close.generation}: {escape(close.state.value)}</h2>" + table(("", "who", "when", "reason"), rows, figures=0)
    yield f'<p class="soft">Standing sha256 <code>{escape(frozen.checksum)}</code>, rules of {escape(frozen.rule_set)}, '
    yield f"terms <code>{escape(frozen.config_hash[:12])}</code>, close <code>{close.close_id}</code>.</p>"


def _instant(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _changes(changed: Mapping[str, pl.DataFrame], day: date) -> Iterator[str]:
    yield "<h2>What has changed since it was signed</h2>"
    breaks = changed.get("breaks")
    if breaks is None:
        yield '<p class="good">No break has come or gone.</p>'
        return
    words = {"before": "gone", "after": "new"}
    rows = (
        (
            words[row["told"]],
            row["break_class"].replace("_", " "),
            row["explanation"],
            row["currency"],
            figure(row["amount_minor"], row["currency"], day),
        )
        for row in breaks.iter_rows(named=True)
    )
    yield table(("", "class", "", "currency", "amount"), rows, figures=1)


def _summary(standing: Standing, day: date) -> Iterator[Sequence[str]]:
    for row in standing.summary.iter_rows(named=True):
        cells = [row["psp"], row["account"], row["currency"]]
        for name in ("matched", "broken", "open"):
            cells += [f"{row[f'{name}_count']:,}", figure(row[f"{name}_minor"], row["currency"], day)]
        yield cells


def _classes(standing: Standing, day: date) -> Iterator[Sequence[str]]:
    for row in standing.by_class.iter_rows(named=True):
        kind = "" if row["counts_as_break"] else "no break"
        words = (row["psp"], row["account"], row["break_class"].replace("_", " "), kind, row["currency"])
        yield (*words, f"{row['case_count']:,}", figure(row["amount_minor"], row["currency"], day))


def _funnel(standing: Standing, day: date) -> Iterator[Sequence[str]]:
    widest = dict(
        standing.funnel.group_by("psp", "currency").agg(pl.col("item_count").max()).select(pl.concat_str("psp", "currency"), "item_count").rows()
    )
    for row in standing.funnel.iter_rows(named=True):
        picture = bar(row["item_count"], widest[row["psp"] + row["currency"]])
        yield (row["psp"], row["currency"], row["hop"], picture, f"{row['item_count']:,}", figure(row["amount_minor"], row["currency"], day))


def _ages(standing: Standing, day: date) -> Iterator[Sequence[str]]:
    most = int(standing.ageing["case_count"].max() or 0)  # type: ignore[arg-type]
    for row in standing.ageing.iter_rows(named=True):
        picture = bar(row["case_count"], most, is_bad=True)
        yield (row["psp"], row["currency"], row["bucket"], picture, f"{row['case_count']:,}", figure(row["amount_minor"], row["currency"], day))


def _breaks(standing: Standing, day: date, *, counted: bool) -> Iterator[str]:
    chosen = standing.breaks.filter(pl.col("counts_as_break") == counted)
    if not chosen.height:
        return
    yield f"<h2>{'Breaks' if counted else 'Open, and no break'}</h2>"
    shown = chosen.sort("break_class", "event_date", "break_id").head(_BREAKS_SHOWN)
    lines = standing.evidence.filter(pl.col("break_id").is_in(shown["break_id"].to_list())).partition_by("break_id", as_dict=True)
    for row in shown.iter_rows(named=True):
        yield f'<details><summary>{escape(row["explanation"])} <span class="soft">{escape(row["break_class"].replace("_", " "))}</span></summary>'
        members = lines.get((row["break_id"],))
        if members is not None:
            head = ("source", "file, or item of our books", "line", "reference", "booked on", "currency", "amount")
            yield table(head, (_line(line, day) for line in members.head(_LINES_SHOWN).iter_rows(named=True)), figures=1)
            yield f'<p class="soft">and {members.height - _LINES_SHOWN:,} more lines</p>' if members.height > _LINES_SHOWN else ""
        yield f'<p class="soft"><code>{escape(row["break_id"])}</code></p></details>'
    if chosen.height > _BREAKS_SHOWN:
        yield f'<p class="soft">and {chosen.height - _BREAKS_SHOWN:,} more: --json has them all.</p>'


def _line(row: Mapping[str, Any], day: date) -> Sequence[str]:
    version = f" (version {row['file_version']})" if (row["file_version"] or 1) > 1 else ""
    place = f"{row['file_name']}{version}" if row["file_name"] else row["item_key"]
    words = (row["source"], place, str(row["line_no"] or ""), row["reference"] or "", str(row["booked_on"]), row["currency"])
    return (*words, figure(row["amount_minor"], row["currency"], day))


def _run(standing: Standing) -> str:
    run_id, rules = (escape(str(standing.facts[name])) for name in ("run_id", "rule_set"))
    return f'<p class="soft">Run <code>{run_id}</code>, rules of {rules}: every item booked by the day ended in exactly one place.</p>'


def _certificate(standing: Standing, day: date) -> Iterator[Sequence[str]]:
    for row in standing.certificate.iter_rows(named=True):
        cells = [row["source"], row["currency"], "closes" if row["closes"] else "DOES NOT CLOSE"]
        for name in ("in", "matched", "broken", "ignored"):
            cells += [f"{row[f'{name}_count']:,}", figure(row[f"{name}_minor"], row["currency"], day)]
        yield cells


def _gates(standing: Standing) -> Iterator[Sequence[str]]:
    for row in standing.gates.iter_rows(named=True):
        yield (row["gate"], row["break_class"].replace("_", " "), "passed" if row["passed"] else "failed", f"{row['failed_count']:,}")
