"""How do thousands of rows go in with one statement: arrays, unnested by the server. For the services.

The trap: executemany is a round trip per row. A statement with arrays is one, and its text does not depend on the number of rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def insert_rows(
    connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]], *, returning: str = "", unless_known: bool = False
) -> list[Any]:
    """Insert the rows (all with the same columns) in one statement.

    `unless_known`: a row that meets a unique key already there is left out, and is missing among what `returning` (a column list) gives back.
    """
    if not rows:
        return []
    names = list(rows[0])
    arrays = ", ".join(f"cast(:{name} as {table.c[name].type.compile(_DIALECT)}[])" for name in names)
    statement = f"insert into {table.fullname} ({', '.join(names)}) select * from unnest({arrays})"  # noqa: S608 (names are ours)
    statement += " on conflict do nothing" if unless_known else ""
    statement += f" returning {returning}" if returning else ""
    result = connection.execute(sa.text(statement), {name: [_plain(row[name]) for row in rows] for name in names})
    return list(result) if returning else []


def _plain(value: Any) -> Any:
    """psycopg would write an enum by its name."""
    return value.value if isinstance(value, Enum) else value
