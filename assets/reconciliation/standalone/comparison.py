"""Do two sides agree, row by row, to the minor unit: the engine's answer told in words of two tables. Pure; for the command line and tests.

`compare` goes through the same ladder and certificate as the warehouse's run: left rows as our books, right rows as a settlement report, under terms
that expect nothing else of them (no payment attempts, no activity report, no batch, no bank). The trap: a second, easier matcher for "just two files",
which would agree where the first one does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from assets.reconciliation.context import RunContext, Terms
from assets.reconciliation.matching import RULE_SET, Outcome, reconcile
from assets.reconciliation.standalone.mapping import Side, TableMap, TwoSidedMap
from assets.reconciliation.standalone.rows import SOURCES, Reading, RefusedRow, TextTable, read_rows
from assets.reconciliation.standalone.words import Names, explained
from transactional.vocabulary.errors import ContractBroken


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came out. Units: minor units of the row's or break's currency, positive towards us.

    `rows`: one per row read (ROW_SCHEMA of rows.py), with disposition, group_id, break_id, reason.
    `breaks`: one per break or waiting row: break_id, break_class, sub_class, counts_as_break, currency, amount_minor, event_date, due_on, row_count, key,
    explanation. `matched`: currency, case_count, amount_minor. `certificate`: per side and currency in = matched + broken + ignored, and whether it closes.
    """

    names: Names
    as_of: datetime
    run_id: str
    rule_set: str
    readings: tuple[Reading, ...]
    rows: pl.DataFrame
    breaks: pl.DataFrame
    matched: pl.DataFrame
    certificate: pl.DataFrame
    gates: pl.DataFrame

    @property
    def refused(self) -> tuple[RefusedRow, ...]:
        """Rows that could not be read, in the order of their tables."""
        return tuple(row for reading in self.readings for row in reading.refused)

    @property
    def is_clean(self) -> bool:
        """Nothing broken, nothing refused, and the certificate closes. A row inside its waiting time is no break."""
        return not self.breaks["counts_as_break"].any() and not self.refused and bool(self.certificate["closes"].all())


def compare(two: TwoSidedMap, left: Sequence[TextTable], right: Sequence[TextTable], as_of: datetime) -> Comparison:
    """The tables of both sides under their maps, as known at `as_of`.

    Raises: ContractBroken naming file, column and what was expected.
    """
    sides = ((Side.LEFT, left, two.left), (Side.RIGHT, right, two.right))
    right_name = _called(right, two.right)
    # a row without a date was due before today, whatever the day is
    undated = as_of.date() - timedelta(days=1)
    readings = tuple(
        read_rows(table, rule, side, right_name, as_of, undated) for side, tables, rules in sides for table, rule in _paired(side, tables, rules)
    )
    items = pl.concat([reading.items for reading in readings])
    outcome = reconcile(items, _context(two, right_name, as_of))
    rows = _placed(pl.concat([reading.rows for reading in readings]), outcome)
    names = Names(
        _called(left, two.left),
        right_name,
        tells_kinds=any(rule.kinds.are_told for rule in (*two.left, *two.right)),
        tells_dates=all(reading.has_dates for reading in readings if reading.side is Side.LEFT),
    )
    return Comparison(
        names=names,
        as_of=as_of,
        run_id=str(outcome.certificate["run_id"][0]) if outcome.certificate.height else "",
        rule_set=RULE_SET,
        readings=readings,
        rows=rows,
        breaks=explained(outcome.breaks, rows, names),
        matched=outcome.groups.group_by("currency").agg(pl.len().alias("case_count"), pl.col("amount_minor").sum()).sort("currency"),
        certificate=_certificate(outcome),
        gates=outcome.gates.filter(pl.col("gate").is_in(["G4", "G7"]) & ~(pl.col("subject").str.contains(", line "))),
    )


def _paired(side: Side, tables: Sequence[TextTable], rules: Sequence[TableMap]) -> list[tuple[TextTable, TableMap]]:
    """Each table with its map: one for all, or one each."""
    if len(rules) not in (1, len(tables)):
        message = f"the map describes {len(rules)} tables of the {side.value} side, but {len(tables)} were given"
        raise ContractBroken(message, code="tables_and_maps")
    doubled = sorted({table.name for table in tables if [each.name for each in tables].count(table.name) > 1})
    if doubled:
        raise ContractBroken(f"{', '.join(doubled)} is given more than once on the {side.value} side", code="same_table_twice")
    return list(zip(tables, rules if len(rules) == len(tables) else [*rules] * len(tables), strict=True))


def _called(tables: Sequence[TextTable], rules: Sequence[TableMap]) -> str:
    """What a side is called: the names in the map, else those of its tables."""
    told = [rule.name for rule in rules if rule.name]
    return ", ".join(dict.fromkeys(told)) if told else ", ".join(table.name for table in tables)


def _context(two: TwoSidedMap, right_name: str, as_of: datetime) -> RunContext:
    terms = Terms(settles_after_days=0, settlement_grace_days=two.wait_days, has_activity_reports=False, has_attempts=False)
    return RunContext(as_of=as_of, psp_terms={right_name: terms}, composite_window_days=two.reference_window_days)


def _placed(rows: pl.DataFrame, outcome: Outcome) -> pl.DataFrame:
    """Each row and where it ended."""
    ended = outcome.dispositions.select("item_key", "disposition", "group_id", "break_id", "reason")
    return rows.join(ended, on="item_key", how="left", validate="1:1").sort("side", "file_name", "line_no")


def _certificate(outcome: Outcome) -> pl.DataFrame:
    """The engine's certificate, its days added up, per side and currency."""
    measures = [f"{name}_{unit}" for name in ("in", "matched", "broken", "ignored") for unit in ("count", "minor")]
    side = pl.col("source").replace({source: side.value for side, source in SOURCES.items()}).alias("side")
    return (
        outcome.certificate.group_by(side, "currency")
        .agg(*(pl.col(name).sum() for name in measures), pl.col("closes").all())
        .sort("side", "currency")
    )
