"""What does a month of reconciliation look like: cases matched, open and broken by day, as a picture on the asset's page.

Written as SVG by hand. The trap: a plotting library, whose import and first figure cost each run two seconds for a few dozen bars.
"""

from __future__ import annotations

import base64

import polars as pl

_MATCHED, _OPEN, _BROKEN = "#3a7d44", "#c9a227", "#b3261e"
_LAST_DAYS = 62
_SHOWN_ON_THE_PAGE = 1_000
_WIDTH, _HEIGHT = 940, 170


def cases_by_day(groups: pl.DataFrame, breaks: pl.DataFrame) -> pl.DataFrame:
    """Shape: groups and breaks of a run → event_date, matched, open, broken (cases), sorted, the last two months."""
    cases = pl.concat(
        [
            groups.select("event_date", pl.lit("matched").alias("status")),
            breaks.select("event_date", pl.when("counts_as_break").then(pl.lit("broken")).otherwise(pl.lit("open")).alias("status")),
        ]
    )
    counted = cases.group_by("event_date").agg((pl.col("status") == status).sum().alias(status) for status in ("matched", "open", "broken"))
    return counted.sort("event_date").tail(_LAST_DAYS)


def picture(by_day: pl.DataFrame) -> str:
    """The bars as an SVG in a markdown image, every day with its figures. Matched has its own scale: a few breaks beside thousands of matches
    would not be seen."""
    step = _WIDTH / max(1, by_day.height)
    waiting = by_day["open"] + by_day["broken"]
    parts = [
        _title(14, f"matched cases, at most {_highest(by_day['matched'])} a day"),
        _title(224, f"not matched, at most {_highest(waiting)} a day"),
    ]
    rows = ((by_day["matched"], by_day["matched"], _MATCHED, 200), (waiting, waiting, _OPEN, 400), (by_day["broken"], waiting, _BROKEN, 400))
    for counts, scaled_by, colour, base in rows:
        scale = _HEIGHT / max(1, _highest(scaled_by))
        bars = (
            f'<rect x="{step * number:.1f}" y="{base - count * scale:.1f}" width="{step * 0.8:.1f}" height="{count * scale:.1f}"/>'
            for number, count in enumerate(counts.to_list())
            if count
        )
        parts.append(f'<g fill="{colour}">{"".join(bars)}</g>')
    parts.append(f'<text x="560" y="224" fill="{_OPEN}">open, inside the expected lag</text><text x="780" y="224" fill="{_BROKEN}">broken</text>')
    every = max(1, round(12 / step))
    for number, day in enumerate(by_day["event_date"].to_list()[::every]):
        x = step * (number * every + 0.4)
        parts.append(f'<text font-size="10" text-anchor="end" transform="translate({x + 4:.1f} 410) rotate(-90)">{day}</text>')
    drawn = f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="480" font-family="sans-serif" font-size="13">{"".join(parts)}</svg>'
    return f"![cases by day](data:image/svg+xml;base64,{base64.b64encode(drawn.encode()).decode()})"


def _title(y: int, text: str) -> str:
    return f'<text x="0" y="{y}">{text}</text>'


def sketch(by_day: pl.DataFrame) -> str:
    """The same, small: the UI shows markdown of under a thousand characters on the page itself and hides what is longer behind a link.

    As many of the last days as fit; matched above, not matched below, each on its own scale and with its highest day named.
    """
    for days in range(min(by_day.height, _LAST_DAYS), 0, -1):
        shown = by_day.tail(days)
        image = base64.b64encode(_outlines(shown).encode()).decode()
        matched, waiting = _highest(shown["matched"]), _highest(shown["open"] + shown["broken"])
        legend = f"{shown['event_date'][0]} to {shown['event_date'][-1]}: matched (green, at most {matched} cases a day), "
        legend += f"open in the expected lag (yellow) and broken (red, together at most {waiting})"
        drawn = f"![cases by day](data:image/svg+xml;base64,{image})\n\n{legend}"
        if len(drawn) < _SHOWN_ON_THE_PAGE:
            return drawn
    return "no cases yet"


def _outlines(by_day: pl.DataFrame) -> str:
    """Filled outlines as SVG, a day one unit wide, as short as it can be said. Broken is drawn over open and broken together."""
    waiting = by_day["open"] + by_day["broken"]
    series = ((by_day["matched"], by_day["matched"], _MATCHED, 30), (waiting, waiting, _OPEN, 65), (by_day["broken"], waiting, _BROKEN, 65))
    paths = ""
    for counts, scaled_by, colour, base in series:
        scale = max(1, _highest(scaled_by))
        tops = "".join(f"V{base - 30 * int(count) // scale}h1" for count in counts.to_list())
        paths += f'<path d="M0 {base}{tops}V{base}" fill="{colour}"/>' if _highest(counts) else ""
    size = 'width="520" height="130" preserveAspectRatio="none"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {by_day.height} 66">{paths}</svg>'


def _highest(counts: pl.Series) -> int:
    return max((int(count) for count in counts.to_list()), default=0)
