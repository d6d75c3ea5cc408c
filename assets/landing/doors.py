"""The one door: a file's bytes become raw rows, once, whole or not at all. For Dagster, the `ingest` command and tests.

In this order: the original goes to the object store (by its hash), the file is parsed without any lock held, then one transaction writes the
registry row, the raw rows and the refused rows together. So a process killed anywhere has landed the file or has not, and running again gives the
same tables. The traps: counting a file twice because it came twice; a file half landed; a bad file that stops the others (it is `refused`, and
says why).

Units: counts are rows. rows_in = landed + rejected + duplicate, always (the table checks it too).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import polars as pl
import psycopg

from assets.landing import registry
from assets.landing.bounds import check_statement_lines, check_statement_size
from assets.landing.detection import BANK_KINDS, FileKind, FolderHints, check_promise, detect
from assets.landing.parsed import LandingFrame, ParsedFile, RejectedRow
from assets.landing.registry import Arrival, Counts, Known
from assets.landing.reports.named import said_by_name
from pipelines.resources.object_store import ObjectStore
from pipelines.resources.warehouse import append
from transactional.vocabulary.errors import ContractBroken, InputRejected, InvariantBroken, Place
from transactional.vocabulary.tables import ColumnType

LARGEST_FILE_BYTES = 256 * 1024 * 1024  # a day of a large PSP is tens of megabytes; parsing needs about ten times the file
_SHOWN_ERRORS = 20
_ESCAPED_NUL = r"(^|[^\\])(\\\\)*\\u0000"

Status = Literal["landed", "duplicate", "refused"]
Step = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class LandedFile:
    """What the door did with one file. `errors` name file, line, column and what was expected; `errors_left_out` were not listed.

    `file_id` is None, and `sha256` empty, for a file that could not even be opened.
    """

    name: str
    sha256: str
    file_id: UUID | None
    status: Status
    source: str
    report: str
    account: str | None
    version: int
    counts: Counts
    errors: tuple[str, ...] = ()
    errors_left_out: int = 0

    @property
    def is_clean(self) -> bool:
        """Nothing in it needs a person."""
        return self.status != "refused" and not self.errors


def land_file(
    content: bytes,
    name: str,
    hints: FolderHints,
    connection: psycopg.Connection[Any],
    store: ObjectStore,
    *,
    now: datetime,
    on_step: Step = lambda step: None,
) -> LandedFile:
    """Land one file. The connection must be idle: the file is a transaction of its own.

    `on_step` hears `stored`, `parsed`, `registered`, `written`, `committed` as they are reached (progress; and where a test kills the process).
    Raises: what the database and the store raise (Transient); never for a bad file, which comes back as `refused`.
    """
    if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
        raise InvariantBroken("land_file needs an idle connection: each file is one transaction of its own")
    arrival = Arrival.of(content, name, hints.folder, now)
    with connection.transaction():
        known = registry.find_seen(connection, arrival, hints.account)
        if known is not None:
            return _seen_again(connection, arrival, known)
    store.put_new(arrival.object_key, content)
    on_step("stored")
    try:
        parsed = parse_file(content, name, hints)
    except (ContractBroken, InputRejected) as error:
        return _refuse(connection, arrival, hints, error)
    on_step("parsed")
    landed = _write(connection, arrival, parsed, on_step)
    on_step("committed")
    return landed


def land_path(path: Path, connection: psycopg.Connection[Any], store: ObjectStore, *, now: datetime) -> LandedFile:
    """Land the file at a path, its folder being its promise. A file that cannot be opened or is too large is refused without being read.

    Raises: as `land_file`.
    """
    hints = FolderHints.of(path)
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= LARGEST_FILE_BYTES else b""
    except OSError as error:
        return _unread(path, hints, f"{Place(path.name)}: cannot be read ({error.strerror})")
    if size > LARGEST_FILE_BYTES:
        return _unread(path, hints, f"{Place(path.name)}: {size:,} bytes; expected at most {LARGEST_FILE_BYTES:,}")
    return land_file(content, path.name, hints, connection, store, now=now)


def _unread(path: Path, hints: FolderHints, message: str) -> LandedFile:
    """Nothing was read, so nothing is registered: the registry knows contents, not names."""
    return LandedFile(path.name, "", None, "refused", hints.source or "unknown", "unknown", hints.account, 0, Counts(), (message,))


def parse_file(content: bytes, name: str, hints: FolderHints) -> ParsedFile:
    """The file's rows, nothing written: for the door, and for reconciling two files without a database.

    Raises: ContractBroken or InputRejected when the file as a whole cannot be read, naming it and what was expected.
    """
    if len(content) > LARGEST_FILE_BYTES:
        raise ContractBroken(f"{len(content):,} bytes; expected at most {LARGEST_FILE_BYTES:,}", code="too_large", place=Place(name))
    parsed = _parse(content, name, hints)
    for frame in parsed.frames:
        _refuse_nul(frame, name)
    return parsed


def _parse(content: bytes, name: str, hints: FolderHints) -> ParsedFile:
    kind = detect(content, name)
    if kind is FileKind.PSP_REPORT:
        return _psp_report(content, name, hints)
    check_promise(hints, kind, "bank" if kind in BANK_KINDS else "fx", name)
    check_statement_size(content, name)
    if kind in (FileKind.BAI2, FileKind.MT940):
        check_statement_lines(content, name)
    if kind is FileKind.CAMT:
        from assets.landing.bank.camt import parse_camt

        return parse_camt(content, name)
    if kind is FileKind.BAI2:
        from assets.landing.bank.bai2 import parse_bai2

        return parse_bai2(content, name)
    if kind is FileKind.MT940:
        from assets.landing.bank.mt940 import parse_mt940

        return parse_mt940(content, name)
    from assets.landing.fx_rates import parse_ecb

    return parse_ecb(content, name)


def _refuse_nul(frame: LandingFrame, name: str) -> None:
    """U+0000 is in no text of the database, nor in its jsonb, where it hides as an escape (`\\u0000` in a JSON report)."""
    texts = [column for column in frame.table.columns if frame.rows.schema.get(column.name) == pl.String]
    patterns = {column.name: _ESCAPED_NUL if column.type is ColumnType.JSONB else "\x00" for column in texts}
    found = {column: pl.col(column).str.contains(pattern, literal=pattern == "\x00") for column, pattern in patterns.items()}
    holds = frame.rows.select(each.any() for each in found.values()).row(0, named=True)
    for column in (column for column, held in holds.items() if held):
        line = frame.rows.filter(found[column])["line_no"][0]
        raise ContractBroken("holds a NUL character; expected text", code="nul_character", place=Place(name, int(line), column))


def _psp_report(content: bytes, name: str, hints: FolderHints) -> ParsedFile:
    from assets.landing.psp_files import parse_psp_file
    from assets.landing.tables import LINES_BY_ROLE

    report = parse_psp_file(content, name, account_hint=hints.account, psp_hint=hints.source)
    frames = (LandingFrame(LINES_BY_ROLE[report.role], report.lines), *([report.statements] if report.statements else []))
    return ParsedFile(
        report.psp,
        report.report,
        report.accounts[0] if len(report.accounts) == 1 else None,
        frames,
        tuple(RejectedRow(row.line, row.column, row.code, row.expected, row.content) for row in report.rejected),
    )


def _seen_again(connection: psycopg.Connection[Any], arrival: Arrival, known: Known) -> LandedFile:
    registry.record_sighting(connection, arrival, known)
    counts = Counts(duplicate=known.rows_in)
    return LandedFile(arrival.name, arrival.sha256, known.file_id, "duplicate", known.source, known.report, known.account, known.version, counts)


def _refuse(connection: psycopg.Connection[Any], arrival: Arrival, hints: FolderHints, error: ContractBroken | InputRejected) -> LandedFile:
    place = replace(error.place, file=error.place.file or arrival.name) if error.place else Place(arrival.name)
    message = f"{place}: {error.message}"
    source = hints.source or "unknown"
    with connection.transaction():
        registry.wait_for_turn(connection, "content", arrival.sha256)
        if registry.find_landed(connection, arrival) is not None:  # as another report: what is refused is this name for it
            arrival = replace(arrival, said=arrival.name)
        registry.record_refused(connection, arrival, source, message)
    return LandedFile(arrival.name, arrival.sha256, arrival.file_id, "refused", source, "unknown", None, 0, Counts(), (message,))


def _write(connection: psycopg.Connection[Any], arrival: Arrival, parsed: ParsedFile, on_step: Step) -> LandedFile:
    """The one transaction of a file. Whoever lands the same bytes meanwhile waits here, and then finds them landed."""
    said = said_by_name(parsed.source, parsed.report, parsed.account, arrival.name, rows_in=parsed.rows_landed + len(parsed.rejected))
    arrival = replace(arrival, said=said)
    with connection.transaction():
        registry.wait_for_turn(connection, "content", arrival.sha256)
        known = registry.find_landed(connection, arrival)
        if known is not None:
            return _seen_again(connection, arrival, known)
        version = registry.next_version(connection, arrival, parsed)
        fresh = _without_known_rates(connection, parsed)
        counts = Counts(fresh.rows_landed, len(parsed.rejected), parsed.rows_landed - fresh.rows_landed)
        registry.record_landed(connection, arrival, parsed, version, counts)
        on_step("registered")
        for frame in fresh.frames:
            append(connection, frame.table, _with_provenance(frame, arrival, version))
        if parsed.rejected:
            registry.record_rejected(connection, arrival, parsed.rejected)
        on_step("written")
    errors = tuple(f"{Place(arrival.name, row.line, row.column)}: {row.expected}" for row in parsed.rejected)
    return LandedFile(
        arrival.name,
        arrival.sha256,
        arrival.file_id,
        "landed",
        parsed.source,
        parsed.report,
        parsed.account,
        version,
        counts,
        errors[:_SHOWN_ERRORS],
        max(0, len(errors) - _SHOWN_ERRORS),
    )


def _without_known_rates(connection: psycopg.Connection[Any], parsed: ParsedFile) -> ParsedFile:
    """An FX history repeats itself every day: only quotations that are new or changed land, the others are duplicates."""
    if parsed.source != "fx":
        return parsed
    from assets.landing.fx_rates import only_news

    return only_news(connection, parsed)


def _with_provenance(frame: LandingFrame, arrival: Arrival, version: int) -> pl.DataFrame:
    return frame.rows.rename({"line_no": "_source_line", "row_hash": "_row_hash"}).with_columns(
        pl.lit(str(arrival.file_id)).alias("_file_id"),
        pl.lit(arrival.name).alias("_source_file"),
        pl.lit(version, dtype=pl.Int32).alias("_file_version"),
        pl.lit(arrival.sha256).alias("_file_sha256"),
        pl.lit(arrival.at).cast(pl.Datetime("us", "UTC")).alias("_loaded_at"),
    )
