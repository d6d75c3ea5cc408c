"""PostgreSQL's 64-bit transaction id as a column type: which transaction wrote a row.

For the landing watermark: no row is lost when commits are out of order.

The trap: SQLAlchemy does not know xid8, so reflection warns and autogenerate sees a difference that is none.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import UserDefinedType


class Xid8(UserDefinedType[int]):
    """xid8; comes back as int."""

    cache_ok = True

    def get_col_spec(self, **_options: Any) -> str:
        return "xid8"

    def result_processor(self, _dialect: Any, _coltype: object) -> Any:
        return lambda value: None if value is None else int(value)


ischema_names["xid8"] = Xid8


def txid_column() -> sa.Column[int]:
    """`txid`: the writing transaction, by default. Every table of facts that is landed has one, indexed."""
    return sa.Column("txid", Xid8(), nullable=False, server_default=sa.text("pg_current_xact_id()"))
