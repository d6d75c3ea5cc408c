"""What does somebody who unpacks a bundle read first: what each member is, and how to check that it is what was written. For evidence bundles.

The manifest is for programs and in English; this is for an auditor, in the reader's language. The trap: a text that promises members which are not there;
only those of the bundle at hand are told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from pipelines.reports.bundle import FILES, MANIFEST, STANDING
from pipelines.reports.day_report import DayReport
from pipelines.reports.language import Language


def as_readme(report: DayReport, forms: Sequence[str], language: Language) -> tuple[str, bytes]:
    """Its name and its text, UTF-8."""
    return f"README.{language.code}.txt", "\n".join([*_lines(report, forms, language), ""]).encode()


def _lines(report: DayReport, forms: Sequence[str], language: Language) -> Iterator[str]:
    psp, moment = report.standing.facts["psp"], datetime.fromisoformat(str(report.standing.facts["as_of"]))
    yield language("{day}, {psp}", day=report.day, psp=psp) if psp else language("{day}, every PSP", day=report.day)
    yield language("With what was known at {moment}. Amounts are positive towards us.", moment=moment)
    yield ""
    told = list(_members(report, forms, language))
    width = max(len(name) for name, _ in told)
    for name, words in told:
        yield f"{name:<{width}}  {words}"
    yield ""
    yield language(
        "To check it: {command}. Or with any tool: {tool}, and compare with {manifest}.",
        command="countroom audit verify FILE",
        tool="unzip FILE; sha256sum *",
        manifest=MANIFEST,
    )
    yield language(
        "What {manifest} does not name does not belong here. Whether this house made it, only the house can say: {command}.",
        manifest=MANIFEST,
        command="countroom audit verify FILE --in-house",
    )


def _members(report: DayReport, forms: Sequence[str], language: Language) -> Iterator[tuple[str, str]]:
    if report.close:
        yield STANDING, language("the day as it was closed, in the very bytes whose sha256 was signed")
        yield "close.json", language("who closed the day, who signed it, and what was frozen")
    else:
        yield STANDING, language("the day as it is known, as its canonical document")
    yield "certificate.json", language("where every item ended: in = matched + broken + ignored, in count and amount")
    yield FILES, language("every input file with its sha256")
    yield "run_log.json", language("what the run behind it did: steps, tables and checks")
    for form, words in (
        ("html", language("the report, for a browser or paper")),
        ("xlsx", language("the report, as a workbook")),
        ("csv", language("the tables of the report, for programs; the names of columns are English")),
        ("parquet", language("the tables of the report, for programs; the names of columns are English")),
    ):
        if form in forms:
            yield f"*.{form}", words
    yield MANIFEST, language("the name, sha256 and size of every member")
