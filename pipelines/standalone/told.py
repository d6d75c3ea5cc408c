"""The comparison of two tables as lines of text: what agrees, what does not by class, the certificate, and breaks in words with their lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from assets.reconciliation.standalone.comparison import Comparison
from assets.reconciliation.standalone.words import exponent, gloss, money
from pipelines.standing.text import aligned
from transactional.vocabulary.money import format_minor

_REFUSED_SHOWN = 20
_MEMBERS_SHOWN = 6


def told(found: Comparison, longest: int) -> Iterator[str]:
    """The lines, at most `longest` breaks in words."""
    yield f"{found.names.left} against {found.names.right}, as of {found.as_of.isoformat(timespec='seconds')}"
    yield ""
    yield from aligned([("side", "table", "", "rows", "read", "refused"), *_tables(found)])
    yield ""
    yield from aligned([("", "ccy", "", "cases", "amount"), *_summary(found)])
    yield ""
    yield from _certificate(found)
    yield from _breaks(found, longest)
    if found.refused:
        yield ""
        for row in found.refused[:_REFUSED_SHOWN]:
            column = f", column '{row.column}'" if row.column else ""
            yield f"refused: {row.file_name}, line {row.line_no}{column}: {row.why}"
        if len(found.refused) > _REFUSED_SHOWN:
            yield f"refused: and {len(found.refused) - _REFUSED_SHOWN:,} more rows"


def by_class(found: Comparison) -> pl.DataFrame:
    """Breaks and waiting rows by class and currency: break_class, counts_as_break, currency, case_count, amount_minor."""
    grouped = found.breaks.group_by("break_class", "counts_as_break", "currency").agg(pl.len().alias("case_count"), pl.col("amount_minor").sum())
    return grouped.sort("counts_as_break", "break_class", "currency")


def plain(minor: int, currency: str) -> str:
    """An amount without its currency and thousands marks, for a machine or a column of its own."""
    return format_minor(minor, exponent(currency))


def _tables(found: Comparison) -> Iterator[Sequence[str]]:
    for reading in found.readings:
        counts = (reading.rows_in, reading.rows.height, len(reading.refused))
        yield (reading.side.value, reading.file_name, "", *(f"{count:,}" for count in counts))


def _summary(found: Comparison) -> Iterator[Sequence[str]]:
    for row in found.matched.iter_rows(named=True):
        yield ("matched", row["currency"], "", f"{row['case_count']:,}", _amount(row))
    for row in by_class(found).iter_rows(named=True):
        yield (row["break_class"], row["currency"], gloss(row["break_class"], found.names), f"{row['case_count']:,}", _amount(row))
    if not found.matched.height and not found.breaks.height:
        yield ("nothing", "", "no row has an amount", "0", "")


def _amount(row: dict[str, object]) -> str:
    return money(int(str(row["amount_minor"])), str(row["currency"])).rsplit(" ", 1)[0]


def _certificate(found: Comparison) -> Iterator[str]:
    yield f"certificate {found.run_id or 'of nothing'}: rows that were read = matched + broken + ignored, per side and currency"
    rows: list[Sequence[str]] = [("side", "ccy", "", "in", "amount", "matched", "amount", "broken", "amount", "ignored", "amount", "closes")]
    for row in found.certificate.iter_rows(named=True):
        cells: list[str] = [row["side"], row["currency"], ""]
        for name in ("in", "matched", "broken", "ignored"):
            cells += [f"{row[f'{name}_count']:,}", money(row[f"{name}_minor"], row["currency"]).rsplit(" ", 1)[0]]
        rows.append([*cells, "yes" if row["closes"] else "NO"])
    yield from aligned(rows)


def _breaks(found: Comparison, longest: int) -> Iterator[str]:
    broken = found.breaks.filter("counts_as_break")
    if not broken.height:
        return
    yield ""
    members = found.rows.filter(pl.col("break_id").is_in(broken.head(longest)["break_id"].to_list())).partition_by("break_id", as_dict=True)
    for row in broken.head(longest).iter_rows(named=True):
        yield f"{row['break_class']}: {row['explanation']}"
        lines = members.get((row["break_id"],))
        if lines is not None:
            shown = [f"{line['file_name']}:{line['line_no']}" for line in lines.head(_MEMBERS_SHOWN).iter_rows(named=True)]
            yield f"    {row['break_id']}  {', '.join(shown)}{f' and {lines.height - _MEMBERS_SHOWN} more' if lines.height > _MEMBERS_SHOWN else ''}"
    if broken.height > longest:
        yield f"and {broken.height - longest:,} more: --breaks {broken.height}, or --out DIR for files"
