"""The comparison of two tables for programs: JSON with integer minor units, and CSV that a spreadsheet may open without running it.

The trap: a key such as `=cmd|...` that a spreadsheet takes for a formula. A text that begins like one gets an apostrophe before it; amounts are written
as plain numbers with the decimals of their currency.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from assets.reconciliation.standalone.comparison import Comparison
from pipelines.reports.files.flat import safe_text
from pipelines.standalone.told import by_class, plain


def as_dict(found: Comparison) -> dict[str, Any]:
    """Everything, amounts in minor units."""
    lines: dict[str, list[dict[str, Any]]] = {}
    for row in found.rows.filter(pl.col("break_id").is_not_null()).drop("disposition", "group_id", "reason").iter_rows(named=True):
        lines.setdefault(row.pop("break_id"), []).append(row)
    return {
        "left": found.names.left,
        "right": found.names.right,
        "as_of": found.as_of.isoformat(),
        "run_id": found.run_id,
        "rule_set": found.rule_set,
        "is_clean": found.is_clean,
        "tables": [
            {"side": each.side.value, "name": each.file_name, "rows_in": each.rows_in, "read": each.rows.height, "refused": len(each.refused)}
            for each in found.readings
        ],
        "matched": found.matched.to_dicts(),
        "by_class": by_class(found).to_dicts(),
        "breaks": [row | {"rows": lines.get(row["break_id"], [])} for row in found.breaks.to_dicts()],
        "certificate": found.certificate.to_dicts(),
        "gates": found.gates.to_dicts(),
        "refused": [
            {"side": row.side.value, "file_name": row.file_name, "line_no": row.line_no, "column": row.column, "why": row.why}
            for row in found.refused
        ],
    }


def as_json(found: Comparison) -> dict[str, bytes]:
    """One document."""
    return {"reconciliation.json": (json.dumps(as_dict(found), indent=2, default=str, ensure_ascii=False) + "\n").encode()}


def as_csv(found: Comparison) -> dict[str, bytes]:
    """breaks.csv: one row per row of a break, with the break's words; rows.csv: every row and where it ended; refused.csv."""
    sentences = {row["break_id"]: row for row in found.breaks.iter_rows(named=True)}
    broken = found.rows.filter(pl.col("break_id").is_not_null()).sort("break_id", "side", "file_name", "line_no")
    head = ("break_id", "break_class", "counts_as_break", "break_currency", "break_amount", "explanation")
    told = ("side", "file_name", "line_no", "line_id", "key", "kind", "booked_on", "currency", "amount")
    breaks = []
    for row in broken.iter_rows(named=True):
        of = sentences[row["break_id"]]
        amount = plain(of["amount_minor"], of["currency"])
        breaks.append((row["break_id"], of["break_class"], of["counts_as_break"], of["currency"], amount, safe_text(of["explanation"]), *_cells(row)))
    rows = (
        (*_cells(row), row["disposition"], row["group_id"] or row["break_id"] or "", row["reason"] or "") for row in found.rows.iter_rows(named=True)
    )
    refused = ((row.side.value, safe_text(row.file_name), row.line_no, safe_text(row.column), safe_text(row.why)) for row in found.refused)
    return {
        "breaks.csv": _csv((*head, *told), breaks),
        "rows.csv": _csv((*told, "disposition", "group_or_break_id", "reason"), rows),
        "refused.csv": _csv(("side", "file_name", "line_no", "column", "why"), refused),
    }


def _cells(row: dict[str, Any]) -> tuple[object, ...]:
    named = (row["side"], safe_text(row["file_name"]), row["line_no"], safe_text(row["line_id"] or ""), safe_text(row["key"]), row["kind"])
    return (*named, row["booked_on"], row["currency"], plain(row["amount_minor"], row["currency"]))


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode()
