"""What was published: the champion, the rows a new card is compared with, the versions and their statuses. For the publisher and the command line.

On a connection of the caller, in its transaction. The trap: the champion is the version whose LAST status is champion; one that was champion once is not.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from assets.payments.scorecards.gates import Champion
from assets.payments.scorecards.measures import measures_of_calls
from transactional.payments.scorecards.cells import KEYS
from transactional.payments.scorecards.document import Manifest, Status
from transactional.vocabulary.errors import Refused

Connection = psycopg.Connection[Any]

ROLLED_BACK = "rollback"
_SHARES = ("direction", "level", *KEYS, "psp", "share_target")
_VERSIONS = """
select v.*, s.status, s.reason, s.decided_by, s.decided_at
from derived.payments__scorecard_versions as v
inner join lateral (
    select e.status, e.reason, e.decided_by, e.decided_at from derived.payments__scorecard_statuses as e
    where e.version = v.version order by e.event_no desc limit 1
) as s on true
"""
_BEFORE = """
select max(s.version) from derived.payments__scorecard_statuses as s
inner join derived.payments__scorecard_versions as v on s.version = v.version
where s.status = 'champion' and v.data_watermark < %s
"""
_CALLS = """
select direction, country, method, psp, latency_ms, is_timeout from intermediate.int_payments__calls_timed where asked_at > %s and asked_at <= %s
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A version as it stands now. `stated`: its row of SCORECARD_VERSIONS."""

    stated: dict[str, Any]
    status: Status
    reason: str
    decided_by: str
    decided_at: datetime

    @property
    def version(self) -> int:
        return int(self.stated["version"])

    def manifest(self) -> Manifest:
        """As the document has it."""
        stated = {name: value for name, value in self.stated.items() if name != "origin"}
        ope = None if stated["ope"] is None else json.loads(stated["ope"])
        return Manifest(**{**stated, "params": json.loads(stated["params"]), "ope": ope, "status": self.status})


def versions(connection: Connection, limit: int = 50) -> list[Kept]:
    """The newest versions, the newest first."""
    return _kept(connection, _VERSIONS + " order by v.version desc limit %s", [limit])


def version(connection: Connection, number: int) -> Kept:
    """One version. Raises: Refused (`unknown_version`)."""
    found = _kept(connection, _VERSIONS + " where v.version = %s", [number])
    if not found:
        raise Refused(f"there is no version {number} of the scorecard", code="unknown_version")
    return found[0]


def champion(connection: Connection) -> Kept | None:
    """The version that leads; None before the first."""
    found = _kept(connection, _VERSIONS + " where s.status = 'champion' order by v.version desc limit 1", [])
    return found[0] if found else None


def content_of(connection: Connection, content_sha256: str) -> bytes:
    """The canonical bytes of a content."""
    row = connection.execute("select content from derived.payments__scorecard_contents where content_sha256 = %s", [content_sha256]).fetchone()
    if row is None:
        raise Refused(f"there is no content {content_sha256}", code="unknown_version")
    return str(row[0]).encode()


def shares_before(connection: Connection, as_of: datetime) -> pl.DataFrame | None:
    """The shares of the champion that a card of that moment follows: the last one of an earlier watermark, so that a repeated run follows the same."""
    row = connection.execute(_BEFORE, [as_of]).fetchone()
    return None if row is None or row[0] is None else shares_of(connection, row[0])


def compared_with(connection: Connection, leading: Kept | None) -> Champion | None:
    """What the gates compare a new card with."""
    if leading is None:
        return None
    params = json.loads(leading.stated["params"])
    params.pop("kappas", None)
    rows, newest = shares_of(connection, leading.version), versions(connection, 1)[0]
    last = rows if newest.version == leading.version else shares_of(connection, newest.version)
    return Champion(rows, last, leading.stated["policy_id"], params, leading.stated["origin"] == ROLLED_BACK)


def shares_of(connection: Connection, number: int) -> pl.DataFrame:
    """Key and share of a version's rows."""
    columns = sql.SQL(", ").join(map(sql.Identifier, _SHARES))
    query = sql.SQL("select {} from derived.payments__scorecard_rows where version = %s").format(columns)
    schema = {name: pl.Float64() if name == "share_target" else pl.String() for name in _SHARES}
    return pl.DataFrame(connection.execute(query, [number]).fetchall(), schema=schema, orient="row")


def measures_before(connection: Connection, as_of: datetime, window_seconds: int) -> pl.DataFrame:
    """What was measured in the window, as far as it has landed; nothing where the warehouse was never built."""
    built = connection.execute("select to_regclass('intermediate.int_payments__calls_timed') is not null").fetchone()
    schema = {name: pl.String() for name in ("direction", "country", "method", "psp")} | {"latency_ms": pl.Int64(), "is_timeout": pl.Boolean()}
    if built is None or not built[0]:
        return measures_of_calls(pl.DataFrame(schema=schema))
    rows = connection.execute(_CALLS, [as_of - timedelta(seconds=window_seconds), as_of]).fetchall()
    return measures_of_calls(pl.DataFrame(rows, schema=schema, orient="row"))


def _kept(connection: Connection, query: str, parameters: list[object]) -> list[Kept]:
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(sql.SQL(query), parameters).fetchall()
    states = ("status", "reason", "decided_by", "decided_at")
    return [
        Kept(
            {name: value for name, value in row.items() if name not in states},
            Status(row["status"]),
            row["reason"],
            row["decided_by"],
            row["decided_at"],
        )
        for row in rows
    ]
