"""A picture of counts by day: bars, one over the other. For pages; figures stand in a table beside it, for whoever cannot see it.

Plain SVG in the page, coloured by its style in the light and in the dark. The trap: a chart that only eyes can read, and one whose tallest bar hides
the three that matter; so what differs by a hundred times is drawn in two charts, each to its own scale.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from pipelines.reports.language import Language
from pipelines.reports.page import table

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 400, 170, 4, 16, 18


@dataclass(frozen=True, slots=True)
class Series:
    """One colour of a chart. `kind` is the class of its style: matched, broken or open. Shape: by day, a count."""

    kind: str
    name: str
    counts: Mapping[date, int]


def chart(anchor: str, title: str, days: Sequence[date], series: Sequence[Series], language: Language) -> Iterator[str]:
    """A figure: title, bars by day in the order given, key and table; nothing without a day."""
    if not days:
        return
    sums = [sum(each.counts.get(day, 0) for each in series) for day in days]
    most, last = max(sums, default=0), sums[-1] if sums else 0
    words = language("{first} to {last}; at most {most} on a day, {count} on the last.", first=days[0], last=days[-1], most=most, count=last)
    yield f"<figure><figcaption>{escape(title)}</figcaption>"
    yield f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="{anchor}-title {anchor}-desc">'
    yield f'<title id="{anchor}-title">{escape(title)}</title><desc id="{anchor}-desc">{escape(words)}</desc>'
    yield from _axes(days, most, language)
    yield from _bars(days, series, max(most, 1), language)
    yield "</svg>"
    if len(series) > 1:
        yield f'<p class="key">{"".join(f"<i class={each.kind}></i>{escape(each.name)}" for each in series)}</p>'
    rows = ([language.date(day), *(language.count(each.counts.get(day, 0)) for each in series)] for day in days)
    figures = table([language("day"), *(each.name for each in series)], rows, figures=len(series))
    yield f'<details class="plain"><summary class="soft">{escape(language("Figures"))}</summary>{figures}</details></figure>'


def _axes(days: Sequence[date], most: int, language: Language) -> Iterator[str]:
    base = _HEIGHT - _BOTTOM
    yield f'<line x1="0" x2="{_WIDTH}" y1="{base}" y2="{base}"/><line x1="0" x2="{_WIDTH}" y1="{_TOP}" y2="{_TOP}"/>'
    yield f'<text x="{_LEFT}" y="{_TOP - 4}">{language.count(most)}</text>'
    yield f'<text x="{_LEFT}" y="{_HEIGHT - 5}">{escape(language.date(days[0]))}</text>'
    if len(days) > 1:
        yield f'<text x="{_WIDTH - _LEFT}" y="{_HEIGHT - 5}" text-anchor="end">{escape(language.date(days[-1]))}</text>'


def _bars(days: Sequence[date], series: Sequence[Series], most: int, language: Language) -> Iterator[str]:
    step, room = (_WIDTH - 2 * _LEFT) / max(len(days), 7), _HEIGHT - _BOTTOM - _TOP
    for number, day in enumerate(days):
        floor = float(_HEIGHT - _BOTTOM)
        for each in series:
            count = each.counts.get(day, 0)
            if count:
                height = max(room * count / most, 1.0)
                floor -= height
                told = escape(f"{language.date(day)}: {each.name} {language.count(count)}")
                place = f'x="{_LEFT + number * step:.1f}" y="{floor:.1f}" width="{step * 0.8:.1f}" height="{height:.1f}"'
                yield f'<rect class="{each.kind}" {place}><title>{told}</title></rect>'
