"""What does a month of reconciliation look like: cases matched, open and broken by day, as a picture on the asset's page.

The trap: matplotlib in every process that loads the definitions. It is imported when a picture is drawn, and only its figure and its Agg canvas.
"""

from __future__ import annotations

import base64
import io

import polars as pl

_MATCHED, _OPEN, _BROKEN = "#3a7d44", "#c9a227", "#b3261e"
_LAST_DAYS = 62


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
