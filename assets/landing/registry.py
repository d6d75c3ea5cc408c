"""Has this file landed before, and which version of its name is it: the file registry. For the door only.

A file is its bytes and, where they do not say it, what its name says (assets/landing/reports/named.py). Everything here runs inside the door's one
transaction per file. The traps: two processes that land the same bytes at once (an advisory lock on the content: the second finds the first), two
different files of one name at once (a lock on the name: their versions differ), and a refused file that can never be mended (it may be offered
again; a landed one never changes).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import polars as pl
import psycopg

from assets.landing.parsed import CONTENT_LIMIT, ParsedFile, RejectedRow
from assets.landing.reports.named import may_be_named, said_by_name
from assets.landing.tables import REJECTED_ROWS
from pipelines.resources.object_store import original_key
from pipelines.resources.warehouse import append
from transactional.vocabulary.ids import uuid7


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file as it was offered: its name and folder, what its bytes are and, once it was read, what only its name says (`said`)."""

    name: str
    folder: str
    sha256: str
    size_bytes: int
    at: datetime
    said: str | None = None

    @classmethod
    def of(cls, content: bytes, name: str, folder: str, at: datetime) -> Arrival:
        return cls(name, folder, hashlib.sha256(content).hexdigest(), len(content), at)

    @property
    def file_id(self) -> UUID:
        """The first 128 bits of the hash, of the bytes or of that hash with what the name says: the same file has the same id everywhere."""
        if self.said is None:
            return UUID(hex=self.sha256[:32])
        return UUID(hex=hashlib.sha256(f"{self.sha256}\x1f{self.said}".encode()).hexdigest()[:32])

    @property
    def object_key(self) -> str:
        return original_key(self.sha256)


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of a file's rows. Grain: one file. rows_in = landed + rejected + duplicate, always."""

    landed: int = 0
    rejected: int = 0
    duplicate: int = 0

    @property
    def rows_in(self) -> int:
        return self.landed + self.rejected + self.duplicate


@dataclass(frozen=True, slots=True)
class Known:
    """A file that has landed."""

    file_id: UUID
    name: str
    source: str
    report: str
    account: str | None
    version: int
    rows_in: int

    @property
    def said(self) -> str | None:
        """What only its name says; worked out, because files that landed before revision 0031 do not have it."""
        return self.said_under(self.name, self.account)

    def said_under(self, name: str, account: str | None) -> str | None:
        """What its name would say, if it came under this one and for this account."""
        return said_by_name(self.source, self.report, account, name, rows_in=self.rows_in)


_INSERT = """
insert into raw.source_files (file_id, sha256, said_by_name, name, folder, source, report, account, version, size_bytes, received_at, object_key, state,
                              rows_in, rows_landed, rows_rejected, rows_duplicate, refusal)
values (%(file_id)s, %(sha256)s, %(said)s, %(name)s, %(folder)s, %(source)s, %(report)s, %(account)s, %(version)s, %(size_bytes)s, %(at)s, %(object_key)s,
        %(state)s, %(rows_in)s, %(landed)s, %(rejected)s, %(duplicate)s, %(refusal)s)
on conflict (file_id) do update set
    name = excluded.name, folder = excluded.folder, source = excluded.source, report = excluded.report, account = excluded.account,
    version = excluded.version, received_at = excluded.received_at, state = excluded.state, rows_in = excluded.rows_in,
    rows_landed = excluded.rows_landed, rows_rejected = excluded.rows_rejected, rows_duplicate = excluded.rows_duplicate, refusal = excluded.refusal
where source_files.state = 'refused'
"""


def wait_for_turn(connection: psycopg.Connection[Any], *names: str | None) -> None:
    """Hold a lock of that name until the transaction ends; whoever asks for it meanwhile waits."""
    key = "\x1f".join(name or "" for name in names)
    connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 20261125))", [key])


def find_seen(connection: psycopg.Connection[Any], arrival: Arrival, account: str | None) -> Known | None:
    """The registry's row of this file, if it is certain before reading it that it has landed. `account` is what its folder says, if it does."""
    for known in _landed_with(connection, arrival.sha256):
        said = known.said_under(arrival.name, account or known.account)
        if said == known.said and not may_be_named(known.source, known.report, arrival.name):
            return known
    return None


def find_landed(connection: psycopg.Connection[Any], arrival: Arrival) -> Known | None:
    """The registry's row of this file, which was read, if it has landed."""
    found = _landed_with(connection, arrival.sha256)
    return next((known for known in found if known.said == arrival.said or known.file_id == arrival.file_id), None)


def _landed_with(connection: psycopg.Connection[Any], sha256: str) -> list[Known]:
    rows = connection.execute(
        """select file_id, name, source, report, account, version, rows_in from raw.source_files
           where sha256 = %s and state = 'landed' order by file_id""",
        [sha256],
    )
    return [Known(*row) for row in rows.fetchall()]


def record_sighting(connection: psycopg.Connection[Any], arrival: Arrival, known: Known) -> None:
    """The same file came again: say so, change no total."""
    connection.execute(
        "insert into raw.file_sightings (sighting_id, file_id, name, folder, rows_duplicate, seen_at) values (%s, %s, %s, %s, %s, %s)",
        [uuid7(arrival.at), known.file_id, arrival.name, arrival.folder, known.rows_in, arrival.at],
    )


def next_version(connection: psycopg.Connection[Any], arrival: Arrival, parsed: ParsedFile) -> int:
    """1 for a new name, n + 1 when it came before with other bytes. Holds the name until the transaction ends."""
    identity = [arrival.name, parsed.source, parsed.report, parsed.account]
    wait_for_turn(connection, "version", *identity)
    row = connection.execute(
        """select coalesce(max(version), 0) + 1 from raw.source_files
           where state = 'landed' and name = %s and source = %s and report = %s and account is not distinct from %s""",
        identity,
    ).fetchone()
    assert row is not None
    return int(row[0])


def record_landed(connection: psycopg.Connection[Any], arrival: Arrival, parsed: ParsedFile, version: int, counts: Counts) -> None:
    """The file's own row, with its counts. Where these bytes were refused before, the refusal was of them and ends: that row becomes this one."""
    if arrival.said is not None:
        connection.execute(
            "update raw.source_files set file_id = %s, said_by_name = %s where file_id = %s and state = 'refused'",
            [arrival.file_id, arrival.said, replace(arrival, said=None).file_id],
        )
    _record(connection, arrival, source=parsed.source, report=parsed.report, account=parsed.account, version=version, counts=counts)


def record_refused(connection: psycopg.Connection[Any], arrival: Arrival, source: str, refusal: str) -> None:
    """A file that could not be read: nothing of it landed, and the reason is kept."""
    _record(connection, arrival, source=source, report="unknown", refusal=refusal)


def record_rejected(connection: psycopg.Connection[Any], arrival: Arrival, rejected: Sequence[RejectedRow]) -> None:
    """The refused rows, each with its reason."""
    frame = pl.DataFrame(
        {
            "file_id": [str(arrival.file_id)] * len(rejected),
            "rejection_no": range(1, len(rejected) + 1),
            "line": [row.line for row in rejected],
            "column_name": pl.Series([row.column for row in rejected], dtype=pl.String),
            "code": [row.code for row in rejected],
            "expected": [_storable(row.expected) for row in rejected],
            "content": [_storable(row.content) for row in rejected],
        }
    )
    frame = frame.with_columns(pl.lit(arrival.at).cast(pl.Datetime("us", "UTC")).alias("rejected_at"))
    append(connection, REJECTED_ROWS, frame)


def _storable(text: str) -> str:
    """PostgreSQL text cannot hold U+0000, nor UTF-8 a lone surrogate: what cannot be kept is shown as U+FFFD; the original has it."""
    return text[:CONTENT_LIMIT].replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _record(
    connection: psycopg.Connection[Any],
    arrival: Arrival,
    *,
    source: str,
    report: str,
    account: str | None = None,
    version: int = 0,
    counts: Counts = Counts(),
    refusal: str | None = None,
) -> None:
    connection.execute(
        _INSERT,
        {
            "file_id": arrival.file_id,
            "sha256": arrival.sha256,
            "said": arrival.said,
            "name": arrival.name,
            "folder": arrival.folder,
            "source": source,
            "report": report,
            "account": account,
            "version": version,
            "size_bytes": arrival.size_bytes,
            "at": arrival.at,
            "object_key": arrival.object_key,
            "state": "landed" if refusal is None else "refused",
            "rows_in": counts.rows_in,
            "landed": counts.landed,
            "rejected": counts.rejected,
            "duplicate": counts.duplicate,
            "refusal": _storable(refusal) if refusal is not None else None,
        },
    )
