"""A day's report: what it is made of, and every form of it. For `countroom report`, the schedule and the evidence bundle; nobody renders anything else.

The same DayReport gives the same bytes, so a signed day can be printed again. The trap: two renderings of one day that disagree; each form is made of
the same Standing, and the JSON is its canonical document, byte for byte what a close signs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from assets.ledger.player_funds import FundsProof
from assets.reconciliation.standing.day import Standing
from assets.reconciliation.standing.document import as_bytes
from pipelines.reports.language import Language, language_of
from transactional.reconciliation.closes import Close
from transactional.vocabulary.errors import InputRejected

FORMS = ("html", "json", "xlsx", "csv", "parquet")


@dataclass(frozen=True, slots=True)
class DayReport:
    """A day to be told. `close`: whose standing it is; `changed`: what is known now and was not when it was signed (document.difference);
    `funds`: the proof of player funds; `trend`: by day end up to the day, what was matched, broken and open (gathering.py);
    `threads`: whose its breaks are, of reconciliation.fct_break_threads.
    """

    standing: Standing
    close: Close | None = None
    changed: Mapping[str, pl.DataFrame] | None = None
    funds: FundsProof | None = None
    trend: pl.DataFrame | None = None
    threads: pl.DataFrame | None = None

    @property
    def day(self) -> date:
        return date.fromisoformat(str(self.standing.facts["day"]))

    @property
    def name(self) -> str:
        """What its files are called: the day and the PSP, safe as a file name."""
        return f"{self.day}-{re.sub(r'[^A-Za-z0-9_]+', '-', self.standing.facts['psp'] or 'every-psp')}"


def rendered(report: DayReport, forms: Iterable[str] = ("html",), language: Language | None = None) -> dict[str, bytes]:
    """File name → content. What a person reads (html, xlsx) is in the language, English where none is given; the others are the same in every language.

    Raises: InputRejected (`unknown_form`).
    """
    from pipelines.reports.day.page import as_page
    from pipelines.reports.files.flat import as_csv, as_parquet
    from pipelines.reports.files.workbook import as_xlsx

    spoken, files = language or language_of("en"), {}
    for form in forms:
        match form:
            case "html":
                files[f"{report.name}.{spoken.code}.html"] = as_page(report, spoken)
            case "json":
                files[f"{report.name}.json"] = as_bytes(report.standing)
            case "xlsx":
                files[f"{report.name}.{spoken.code}.xlsx"] = as_xlsx(report, spoken)
            case "csv":
                files |= {f"{report.name}.{table}.csv": content for table, content in as_csv(report).items()}
            case "parquet":
                files |= {f"{report.name}.{table}.parquet": content for table, content in as_parquet(report).items()}
            case _:
                raise InputRejected(f"no form '{form}': there are {', '.join(FORMS)}", code="unknown_form")
    return files
