"""The typed door to the warehouse: read a table or query as a frame, append rows, replace a partition. For assets; they never see a driver.

Two drivers, each for what it does best (reference/performance.md C): ADBC reads (Arrow, about 1.5 million rows a second), psycopg COPY writes.
COPY and not ADBC for writing, because a file's rows and its registry row must be one transaction, and because COPY text knows every column type
(jsonb, uuid, numeric). Measured on a busy machine, 500,000 rows of 12 columns, checks included: 0.26 million rows a second, ADBC ingest 0.32.

The traps: a `replace` that deletes and then fails half way (one transaction), a text that ends the COPY early (`\\.` on a line of its own, CSV
format, servers before 18: text format with every backslash escaped has no such line), `sum(bigint)` read as text (it is numeric: cast it).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from io import BytesIO
from typing import TYPE_CHECKING, Any, LiteralString, cast

import polars as pl
import psycopg
from psycopg import sql

from pipelines.resources.frames import conform, polars_schema
from transactional.vocabulary.errors import ContractBroken, InvariantBroken, Transient
from transactional.vocabulary.tables import ColumnType, Table

if TYPE_CHECKING:
    from adbc_driver_manager import AdbcDatabase

_SLICE_ROWS = 50_000  # memory of one write: some tens of megabytes
_READ_AS_TEXT = (ColumnType.UUID, ColumnType.JSONB, ColumnType.NUMERIC)
_LOCK_TIMEOUT_MS = 60_000  # two processes landing the same file: the second waits for the first
_STATEMENT_TIMEOUT_MS = 600_000


class Warehouse:
    """One warehouse. Connections are opened per call or per `transaction`; nothing is kept open between them."""

    def __init__(self, url: str, *, role: str | None = None) -> None:
        self._url = url
        self._role = role

    def __repr__(self) -> str:
        return f"Warehouse({psycopg.conninfo.conninfo_to_dict(self._url).get('dbname', '?')})"

    def connect(self) -> psycopg.Connection[Any]:
        """A connection with our timeouts, in UTC. Raises: Transient when the server cannot be reached."""
        try:
            return psycopg.connect(self._url, options=self._options(), application_name="countroom warehouse", connect_timeout=10)
        except psycopg.OperationalError as error:
            raise Transient("the warehouse cannot be reached", code="warehouse_unreachable") from error

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection whose writes become true together at the end of the block, or not at all."""
        with self.connect() as connection:
            yield connection

    def read(self, what: Table | LiteralString, parameters: Sequence[object] = ()) -> pl.DataFrame:
        """A whole table in the types of its contract, or a query's result ($1, $2 for parameters).

        In a query cast numeric to bigint or text, and uuid and jsonb to text: Arrow has no exact type for them.
        """
        query = _select(what) if isinstance(what, Table) else what
        frame = self._fetch(query, parameters)
        return frame.cast(polars_schema(what)) if isinstance(what, Table) else frame

    def append(self, table: Table, frame: pl.DataFrame) -> int:
        """Add rows. Returns how many. Raises: what `conform` raises."""
        with self.transaction() as connection:
            return append(connection, table, frame)

    def replace(self, table: Table, frame: pl.DataFrame, partition: object = None) -> int:
        """Put `frame` in the place of one partition's rows (of all rows for a table without partition), in one transaction."""
        with self.transaction() as connection:
            return replace(connection, table, frame, partition)

    def _fetch(self, query: str, parameters: Sequence[object]) -> pl.DataFrame:
        import adbc_driver_manager
        from adbc_driver_manager.dbapi import Connection

        try:
            connected = adbc_driver_manager.AdbcConnection(self._catalogue)
            with Connection(cast(Any, _Kept()), connected, autocommit=True) as connection, connection.cursor() as cursor:
                cursor.execute(query, tuple(parameters) or None)
                return cast(pl.DataFrame, pl.from_arrow(cursor.fetch_arrow_table()))
        except adbc_driver_manager.OperationalError as error:  # not reached, or lost in the middle of the answer
            raise Transient("the warehouse cannot be reached, or its connection was lost", code="warehouse_unreachable") from error

    @cached_property
    def _catalogue(self) -> AdbcDatabase:
        """What ADBC has to know of the server's types before it can read. Holds no connection; asking for it at every read costs 0.1 s each."""
        import adbc_driver_postgresql

        catalogue: AdbcDatabase = adbc_driver_postgresql.connect(psycopg.conninfo.make_conninfo(self._url, options=self._options()))
        return catalogue

    def _options(self) -> str:
        role = f" -c role={self._role}" if self._role else ""
        return f"-c timezone=UTC -c lock_timeout={_LOCK_TIMEOUT_MS} -c statement_timeout={_STATEMENT_TIMEOUT_MS}{role}"


class _Kept:
    """Stands for the catalogue in a connection, which would close it with itself."""

    def close(self) -> None:
        """Nothing: the next read needs it."""


def append(connection: psycopg.Connection[Any], table: Table, frame: pl.DataFrame) -> int:
    """Add rows inside the caller's transaction. Returns how many. Raises: what `conform` raises."""
    right = conform(table, frame)
    if right.height:
        _copy(connection, table, right)
    return right.height


def replace(connection: psycopg.Connection[Any], table: Table, frame: pl.DataFrame, partition: object = None) -> int:
    """`Warehouse.replace` inside the caller's transaction.

    Raises: ContractBroken (code `partition`) when a row belongs to another partition than the one replaced; what `conform` raises.
    """
    right = conform(table, frame)
    target = sql.Identifier(table.schema, table.name)
    if (table.partition is None) != (partition is None):
        raise ContractBroken(f"{table.address}: expected {table.partition or 'no partition'}, got {partition!r}", code="partition")
    if table.partition is None:
        connection.execute(sql.SQL("delete from {}").format(target))
    else:
        if right.height and right[table.partition].unique().to_list() != [partition]:
            raise ContractBroken(f"{table.address}: rows outside the partition {table.partition} = {partition!r}", code="partition")
        connection.execute(sql.SQL("delete from {} where {} = %s").format(target, sql.Identifier(table.partition)), [partition])
    if right.height:
        _copy(connection, table, right)
    return right.height


def _copy(connection: psycopg.Connection[Any], table: Table, frame: pl.DataFrame) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, table.column_names()))
    statement = sql.SQL("copy {} ({}) from stdin").format(sql.Identifier(table.schema, table.name), columns)
    with connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for part in frame.iter_slices(_SLICE_ROWS):
                copy.write(_copy_text(part))
        if cursor.rowcount != frame.height:
            raise InvariantBroken(f"{table.address}: sent {frame.height} rows, the server took {cursor.rowcount}")


def _copy_text(frame: pl.DataFrame) -> bytes:
    """COPY text format: tab separated, null is \\N, and backslash, tab and line ends in values escaped."""
    escaped = frame.with_columns(
        pl.col(pl.String)
        .str.replace_all("\\", "\\\\", literal=True)
        .str.replace_all("\t", "\\t", literal=True)
        .str.replace_all("\n", "\\n", literal=True)
        .str.replace_all("\r", "\\r", literal=True)
    )
    buffer = BytesIO()
    escaped.write_csv(buffer, include_header=False, separator="\t", quote_style="never", null_value="\\N")
    return buffer.getvalue()


def _select(table: Table) -> str:
    quoted = {column.name: '"' + column.name.replace('"', '""') + '"' for column in table.columns}
    columns = ", ".join(
        f"{quoted[column.name]}::text as {quoted[column.name]}" if column.type in _READ_AS_TEXT else quoted[column.name] for column in table.columns
    )
    return f'select {columns} from "{table.schema}"."{table.name}"'  # noqa: S608 - names come from the contract, in quotes
