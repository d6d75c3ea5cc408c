"""How many rows and how much money does a table hold: what every materialisation tells. For Python assets and dbt marts alike.

The trap: one sum over several currencies. Totals are by currency, in minor units, exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import psycopg
from psycopg import sql

_PAIRS = (("amount_minor", "currency"), ("net_minor", "net_currency"))
_MOST_MEASURES = 8


@dataclass(frozen=True, slots=True)
class Totals:
    """Rows of a table, and the sum of each measure by currency."""

    row_count: int
    measures: tuple[str, ...] = ()
    by_currency: tuple[tuple[str, int, tuple[int, ...]], ...] = field(default=())

    def as_metadata(self) -> dict[str, dg.MetadataValue]:
        """Row count, and a small table of money when there is money."""
        metadata: dict[str, dg.MetadataValue] = {"dagster/row_count": dg.MetadataValue.int(self.row_count)}
        if self.by_currency:
            lines = ["| currency | rows | " + " | ".join(self.measures) + " |", "|---" * (len(self.measures) + 2) + "|"]
            lines += [f"| {currency} | {rows:,} | " + " | ".join(f"{minor:,}" for minor in sums) + " |" for currency, rows, sums in self.by_currency]
            metadata["money (minor units)"] = dg.MetadataValue.md("\n".join(lines))
        return metadata


def measures_of(columns: Sequence[str]) -> tuple[tuple[str, ...], str | None]:
    """Which columns to add up, and the column their currency is in: the amount where there is one, else every measure of a table with a currency."""
    for measure, currency in _PAIRS:
        if measure in columns and currency in columns:
            return (measure,), currency
    found = tuple(name for name in columns if name.endswith("_minor"))[:_MOST_MEASURES]
    return (found, "currency") if found and "currency" in columns else ((), None)


def totals_of(connection: psycopg.Connection[Any], schema: str, relation: str, columns: Sequence[str]) -> Totals:
    """Count and add up one table."""
    measures, currency = measures_of(columns)
    table = sql.Identifier(schema, relation)
    if currency is None:
        row = connection.execute(sql.SQL("select count(*) from {}").format(table)).fetchone()
        return Totals(int(row[0]) if row else 0)
    sums = sql.SQL(", ").join(sql.SQL("coalesce(sum({}), 0)::bigint").format(sql.Identifier(name)) for name in measures)
    query = sql.SQL("select {0}, count(*), {1} from {2} where {0} is not null group by {0} order by {0}")
    rows = connection.execute(query.format(sql.Identifier(currency), sums, table)).fetchall()
    everything = connection.execute(sql.SQL("select count(*) from {}").format(table)).fetchone()
    by_currency = tuple((str(row[0]), int(row[1]), tuple(int(minor) for minor in row[2:])) for row in rows)
    return Totals(int(everything[0]) if everything else 0, measures, by_currency)
