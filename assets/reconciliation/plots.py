"""What does a month of reconciliation look like: cases matched, open and broken by day, as a picture on the asset's page.

The trap: matplotlib in every process that loads the definitions. It is imported when a picture is drawn, and only its figure and its Agg canvas.
"""

from __future__ import annotations

import base64
import io

import polars as pl

_MATCHED, _OPEN, _BROKEN = "#3a7d44", "#c9a227", "#b3261e"
_LAST_DAYS = 62
_SHOWN_ON_THE_PAGE = 1_000


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
    """The bars as a PNG in a markdown image. Matched is drawn on its own scale: a few breaks beside thousands of matches would not be seen."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    days = [day.isoformat() for day in by_day["event_date"]]
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    matched, broken = figure.subplots(2, 1, sharex=True)
    matched.bar(days, by_day["matched"].to_list(), color=_MATCHED)
    matched.set_ylabel("matched cases")
    open_bars = by_day["open"].to_list()
    broken.bar(days, open_bars, color=_OPEN, label="open, inside the expected lag")
    broken.bar(days, by_day["broken"].to_list(), bottom=open_bars, color=_BROKEN, label="broken")
    broken.set_ylabel("not matched")
    broken.legend(loc="upper left", frameon=False)
    broken.tick_params(axis="x", rotation=90, labelsize=7)
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(buffer, format="png")
    return f"![cases by day](data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()})"


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
