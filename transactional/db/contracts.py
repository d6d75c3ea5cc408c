"""What does a table contract look like in PostgreSQL: from vocabulary.tables.Table to SQLAlchemy. For migrations, autogenerate and writers.

The trap: two descriptions of one table. The contract is the description; this is only its translation, so a migration that differs from it
shows up as a difference in autogenerate.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

from transactional.vocabulary.tables import Column, ColumnType, Table

SQL_TYPES: dict[ColumnType, TypeEngine[Any]] = {
    ColumnType.TEXT: sa.Text(),
    ColumnType.BIGINT: sa.BigInteger(),
    ColumnType.INTEGER: sa.Integer(),
    ColumnType.BOOLEAN: sa.Boolean(),
    ColumnType.DATE: sa.Date(),
    ColumnType.TIMESTAMPTZ: sa.DateTime(timezone=True),
    ColumnType.NUMERIC: sa.Numeric(),
    ColumnType.DOUBLE: sa.Double(),
    ColumnType.JSONB: postgresql.JSONB(),
    ColumnType.UUID: sa.Uuid(),
}


def sqlalchemy_table(table: Table, metadata: sa.MetaData) -> sa.Table:
    """The contract as a SQLAlchemy table: its key is the primary key, or a unique constraint (nulls not distinct) when a key column may be null."""
    nullable_key = any(column.nullable for column in table.columns if column.name in table.key)
    unique = sa.UniqueConstraint(*table.key, postgresql_nulls_not_distinct=True)
    key = unique if nullable_key else sa.PrimaryKeyConstraint(*table.key)
    indexes = [sa.Index(None, *columns) for columns in table.indexes]  # named by the metadata's convention: ix_<table>_<columns>
    return sa.Table(table.name, metadata, *(_column(column) for column in table.columns), key, *indexes, schema=table.schema)


def _column(column: Column) -> sa.Column[Any]:
    return sa.Column(column.name, SQL_TYPES[column.type], nullable=column.nullable, autoincrement=False)
