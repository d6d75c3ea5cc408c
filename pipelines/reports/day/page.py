"""A day as one HTML page: what agrees and what does not, hop by hop, ages and trend, every break with its evidence, certificate, who signed.
For finance and auditors.

The same DayReport gives the same page, so what was signed can be printed again. The trap: words put together from halves, which no other language can
say; each sentence is whole, with its places, in the reader's language.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from html import escape

import polars as pl

from assets.reconciliation.standing.day import NO_PSP
from pipelines.reports.day.breaks import breaks_of
from pipelines.reports.day.charts import Series, chart
from pipelines.reports.day_report import DayReport
from pipelines.reports.funds_section import section
from pipelines.reports.language import Language
from pipelines.reports.page import Markup, bar, document, heading, links, table
from pipelines.reports.sentences import retold
from pipelines.reports.words import GATES, capital, word
from transactional.reconciliation.closes import Close

_DAYS_SHOWN = 31


def as_page(report: DayReport, language: Language) -> bytes:
    """The page."""
    psp = report.standing.facts["psp"]
    title = language("{day}, {psp}", day=report.day, psp=psp) if psp else language("{day}, every PSP", day=report.day)
    parts = [(anchor, text, "".join(body)) for anchor, text, body in _parts(report, language)]
    shown = [(anchor, text, body) for anchor, text, body in parts if body]
    top = links(language("Contents"), [(anchor, text) for anchor, text, _ in shown])
    sections = (f"<section>{heading(text, anchor)}{body}</section>" for anchor, text, body in shown)
    return document(title, [*_opening(title, report, language), top, *sections], language.code).encode()


def _opening(title: str, report: DayReport, language: Language) -> Iterator[str]:
    known = language("With what was known at {moment}. Amounts are positive towards us.", moment=_moment(report))
    yield f'<h1>{escape(title)}</h1><p class="soft">{escape(known)}</p>'
    yield _verdict(report, language)


def _moment(report: DayReport) -> datetime:
    return datetime.fromisoformat(str(report.standing.facts["as_of"]))


def _parts(report: DayReport, language: Language) -> Iterator[tuple[str, str, Iterator[str]]]:
    close = report.close
    if close:
        number = language("Close no. {number}: {state}", number=close.generation, state=word("close", close.state.value, language))
        yield "signatures", number, _signed(close, language)
    if report.changed is not None:
        yield "changes", language("What has changed since it was signed"), _changes(report, language)
    yield "summary", language("Cases that began on the day or before"), _summary(report, language)
    yield "trend", language("Trend"), _trend(report, language)
    yield "classes", language("By class"), _classes(report, language)
    yield "hops", language("Hop by hop"), _funnel(report, language)
    yield "ages", language("Age of breaks"), _ages(report, language)
    yield "breaks", language("Breaks"), breaks_of(report, language, counted=True)
    yield "open", language("Open, and no break"), breaks_of(report, language, counted=False)
    yield "certificate", language("Certificate"), _certificate(report, language)
    yield "gates", language("Gates"), _gates(report, language)
    if report.funds:
        yield "funds", language("Player funds"), section(report.funds, language)


def _verdict(report: DayReport, language: Language) -> str:
    standing = report.standing
    matched, waiting = int(standing.summary["matched_count"].sum()), standing.breaks.height - standing.broken_count
    parts = [("good", language("{count} matched", count=matched))]
    parts += [("bad" if standing.broken_count else "good", language("{count} broken", count=standing.broken_count))]
    parts += [("wait", language("{count} open", count=waiting))] if waiting else []
    parts += [] if standing.closes else [("bad", language("the certificate does not close"))]
    return f'<p class="verdict">{" · ".join(f"<span class={kind}>{escape(text)}</span>" for kind, text in parts)}</p>'


def _signed(close: Close, language: Language) -> Iterator[str]:
    frozen = close.frozen
    events = [close.opened_by, *close.signatures, *([close.reopened] if close.reopened else [])]
    rows = ((word("close", each.kind.value, language), each.actor, language.instant(each.recorded_at), each.reason or "") for each in events)
    yield table((language("deed"), language("who"), language("when"), language("reason")), rows, figures=0, label=language("Signatures"))
    told = language(
        "Standing sha256 {checksum}, rules of {rules}, terms {terms}, close {close}.", checksum="{0}", rules="{1}", terms="{2}", close="{3}"
    )
    codes = (frozen.checksum, frozen.rule_set, frozen.config_hash[:12], str(close.close_id))
    yield f'<p class="soft">{escape(told).format(*(f"<code>{escape(code)}</code>" for code in codes))}</p>'


def _changes(report: DayReport, language: Language) -> Iterator[str]:
    breaks = report.changed.get("breaks") if report.changed else None
    if breaks is None:
        yield f'<p class="good">{escape(language("No break has come or gone."))}</p>'
        return
    words = {"before": language("gone"), "after": language("new")}
    rows = (
        (
            words[row["told"]],
            word("class", row["break_class"], language),
            retold(row, language),
            row["currency"],
            language.amount(row["amount_minor"], row["currency"], report.day),
        )
        for row in breaks.iter_rows(named=True)
    )
    head = (language("change"), language("class"), language("what it is"), language("currency"), language("amount"))
    yield table(head, rows, figures=1, label=language("What has changed since it was signed"))


def _head(report: DayReport, language: Language, *names: str) -> list[str]:
    """Of one PSP, its name in every row is a column less for a phone."""
    return [*([] if report.standing.facts["psp"] else [language("PSP")]), *names]


def _psp(report: DayReport, name: str, language: Language) -> list[str]:
    return [] if report.standing.facts["psp"] else [_named(name, language)]


def _named(psp: str, language: Language) -> str:
    return language("no PSP") if psp == NO_PSP else psp


def _summary(report: DayReport, language: Language) -> Iterator[str]:
    def row_of(row: dict[str, str | int]) -> Sequence[str]:
        cells = [*_psp(report, str(row["psp"]), language), str(row["account"]), str(row["currency"])]
        for name in ("matched", "broken", "open"):
            cells += [
                language.count(int(row[f"{name}_count"])),
                language.amount(int(row[f"{name}_minor"]), str(row["currency"]), report.day),
            ]
        return cells

    amount = language("amount")
    names = (language("account"), language("currency"), language("matched"), amount, language("broken"), amount, language("open"), amount)
    label = language("Cases that began on the day or before")
    yield table(_head(report, language, *names), map(row_of, report.standing.summary.iter_rows(named=True)), figures=6, label=label)
    yield f'<p class="soft">{escape(language("Amounts of broken cases are told without their signs."))}</p>'


def _trend(report: DayReport, language: Language) -> Iterator[str]:
    if report.trend is None:
        return
    if not report.trend.height:
        yield f'<p class="soft">{escape(language("No end of a day up to this one has been told: reconciliation_day_end_job tells them."))}</p>'
        return
    told = report.trend.sort("day_end_date").tail(_DAYS_SHOWN)
    days = told["day_end_date"].to_list()
    counts = {name: dict(zip(days, told[f"{name}_count"].to_list(), strict=True)) for name in ("matched", "broken", "open")}
    matched, broken, waiting = (
        Series(name, text, counts[name])
        for name, text in (("matched", language("matched")), ("broken", language("broken")), ("open", language("open")))
    )
    yield f'<p class="soft">{escape(language("Each day as its own end told it, and not as it is known now."))}</p><div class="figures">'
    yield from chart("trend-matched", language("Cases matched at the end of each day"), days, [matched], language)
    yield from chart("trend-broken", language("Cases broken and open at the end of each day"), days, [broken, waiting], language)
    yield "</div>"


def _classes(report: DayReport, language: Language) -> Iterator[str]:
    rows = (
        (
            *_psp(report, row["psp"], language),
            row["account"],
            word("class", row["break_class"], language)
            if row["counts_as_break"]
            else language("{name} (no break)", name=word("class", row["break_class"], language)),
            row["currency"],
            language.count(row["case_count"]),
            language.amount(row["amount_minor"], row["currency"], report.day),
            language.date(row["oldest_date"]),
        )
        for row in report.standing.by_class.iter_rows(named=True)
    )
    if report.standing.by_class.height:
        names = (language("account"), language("class"), language("currency"), language("cases"), language("amount"), language("oldest"))
        yield table(_head(report, language, *names), rows, figures=3, label=language("By class"))


def _funnel(report: DayReport, language: Language) -> Iterator[str]:
    """What each hop tells of the same cases; a card for each PSP and currency."""
    head = (language("hop"), Markup(f'<span class="soft">{escape(language("share"))}</span>'), language("items"), language("amount"))
    yield f'<p class="soft">{escape(language("What each hop tells of the same cases, from our books to the bank."))}</p><div class="figures">'
    for (psp, currency), part in report.standing.funnel.group_by("psp", "currency", maintain_order=True):
        widest = max(part["item_count"].to_list())
        name = f"{_named(str(psp), language)}, {currency}" if report.standing.facts["psp"] is None else str(currency)
        rows = (
            (
                word("hop", row["hop"], language),
                bar(row["item_count"], widest),
                language.count(row["item_count"]),
                language.amount(row["amount_minor"], row["currency"], report.day),
            )
            for row in part.iter_rows(named=True)
        )
        yield f"<div><h3>{escape(name)}</h3>{table(head, rows, figures=2, label=name)}</div>"
    yield "</div>"


def _ages(report: DayReport, language: Language) -> Iterator[str]:
    ageing = report.standing.ageing
    if not ageing.height:
        return
    days, series = _began(report, language)
    most = max(ageing["case_count"].to_list())
    rows = (
        (
            *_psp(report, row["psp"], language),
            row["currency"],
            word("age", row["bucket"], language),
            bar(row["case_count"], most, is_bad=True),
            language.count(row["case_count"]),
            language.amount(row["amount_minor"], row["currency"], report.day),
        )
        for row in ageing.iter_rows(named=True)
    )
    names = (
        language("currency"),
        language("days"),
        Markup(f'<span class="soft">{escape(language("share"))}</span>'),
        language("breaks"),
        language("amount"),
    )
    yield f'<p class="soft">{escape(language("Days from the first hop to the end of the day."))}</p><div class="figures"><div>'
    yield table(_head(report, language, *names), rows, figures=2, label=language("Age of breaks")) + "</div>"
    yield from chart("ages-began", language("Breaks and open cases by the day they began"), days, series, language)
    earlier = report.standing.breaks.filter(pl.col("event_date") < days[0]).height
    yield f'<p class="soft">{escape(language("{count} more began earlier.", count=earlier))}</p>' if earlier else ""
    yield "</div>"


def _began(report: DayReport, language: Language) -> tuple[list[date], list[Series]]:
    counted = {flag: dict(part.group_by("event_date").len().iter_rows()) for (flag,), part in report.standing.breaks.group_by("counts_as_break")}
    last = max(report.standing.breaks["event_date"].to_list())
    first = max(min(report.standing.breaks["event_date"].to_list()), last - timedelta(days=_DAYS_SHOWN - 1))
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]  # a day without a break has its place too
    broken, waiting = counted.get(True, {}), counted.get(False, {})
    return days, [Series("broken", language("broken"), broken), Series("open", language("open"), waiting)]


def _certificate(report: DayReport, language: Language) -> Iterator[str]:
    facts = report.standing.facts
    told = language("Run {run}, rules of {rules}: every item booked by the day ended in exactly one place.", run="{0}", rules="{1}")
    codes = (f"<code>{escape(str(facts['run_id']))}</code>", escape(str(facts["rule_set"])))
    yield f'<p class="soft">{escape(told).format(*codes)}</p>'
    amount = language("amount")
    names = (language("in"), language("matched"), language("broken or open"), language("ignored"))
    head = [language("source"), language("currency"), language("verdict"), *(text for name in names for text in (name, amount))]
    yield table(head, _endings(report, language), figures=8, label=language("Certificate"))


def _endings(report: DayReport, language: Language) -> Iterator[Sequence[str]]:
    for row in report.standing.certificate.iter_rows(named=True):
        verdict = language("closes") if row["closes"] else Markup(f'<strong class="bad">{escape(language("DOES NOT CLOSE"))}</strong>')
        cells = [word("hop", row["source"], language), row["currency"], verdict]
        for name in ("in", "matched", "broken", "ignored"):
            cells += [language.count(row[f"{name}_count"]), language.amount(row[f"{name}_minor"], row["currency"], report.day)]
        yield cells


def _gates(report: DayReport, language: Language) -> Iterator[str]:
    rows = (
        (
            row["gate"],
            capital(word("gate", GATES.get(row["gate"], row["break_class"]), language), language),
            Markup(
                f'<span class="{"good" if row["passed"] else "bad"}">{escape(language("passed") if row["passed"] else language("failed"))}</span>'
            ),
            language.count(row["failed_count"]),
        )
        for row in report.standing.gates.iter_rows(named=True)
    )
    head = (language("gate"), language("what it checks"), language("verdict"), language("failed"))
    yield table(head, rows, figures=1, label=language("Gates"))
