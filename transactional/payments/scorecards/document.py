"""The scorecard as a document: rows, lookup order and manifest in JSON, its content hash, and a reader that believes nothing. For publisher, API and client.

Pure. The content is lookup, columns and rows in one canonical spelling (keys and rows sorted, no blanks, UTF-8): the same figures are the same bytes and
the same hash, whoever computed them in whatever order. The manifest says when and from what, and is not part of the hash: an older content can be
published again under a new version.

The traps: a card read although half of it is missing (the hash), or although it speaks a language we do not know (the major version); money as float.
Source: reference RT §5.2, §5.3.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any

import orjson

from transactional.payments.scorecards.cells import KEYS, LEVELS, Level
from transactional.payments.scorecards.columns import NAMES
from transactional.payments.scorecards.rows import ScoreRow, canonical_row, row_key, row_of
from transactional.vocabulary.errors import ContractBroken

SCHEMA_VERSION = "1.0.0"
"""Semantic: a new column is a minor version, and old readers read on; anything else is a major one, which they refuse."""

_READS_MAJOR = "1"


class Status(StrEnum):
    """What a version is used for. `shadow`: computed and compared; `challenger`: also evaluated against the champion; `champion`: routes."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"
    SHADOW = "shadow"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a version is: made when, from what, valid until when. Instants are UTC. `interval_seconds`: a newer one is due after so long."""

    version: int
    content_sha256: str
    policy_id: str
    params: Mapping[str, object]
    data_watermark: datetime
    published_at: datetime
    valid_until: datetime
    expires_at: datetime
    interval_seconds: int
    row_count: int
    status: Status
    parent_version: int | None = None
    git_commit: str | None = None
    ope: Mapping[str, object] | None = None
    schema_version: str = SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class Document:
    """A scorecard that was read and checked."""

    manifest: Manifest
    rows: tuple[ScoreRow, ...]
    lookup: tuple[Level, ...] = field(default=LEVELS)


def content(rows: Iterable[ScoreRow], lookup: Sequence[Level] = LEVELS) -> bytes:
    """The canonical bytes of a card's content, in whatever order its rows come.

    Raises: ContractBroken (`score_value`; `score_key` when a PSP stands twice in a cell).
    """
    ordered = sorted(rows, key=row_key)
    for one, next_one in pairwise(ordered):
        if row_key(one) == row_key(next_one):
            raise ContractBroken(f"scorecard: {row_key(one)} stands twice; grain: one row per direction, cell and PSP", code="score_key")
    return _canonical([_level(level) for level in lookup], NAMES, [canonical_row(row) for row in ordered])


def content_hash(content_bytes: bytes) -> str:
    """SHA-256 of a content, in hexadecimal."""
    return hashlib.sha256(content_bytes).hexdigest()


def document_bytes(manifest: Manifest, content_bytes: bytes) -> bytes:
    """The whole document: a manifest and the content it names. Raises: ContractBroken (`content_hash`) when it names another."""
    if content_hash(content_bytes) != manifest.content_sha256:
        raise ContractBroken(f"scorecard {manifest.version}: the content is not the one its manifest names", code="content_hash")
    return b'{"manifest":' + manifest_bytes(manifest) + b"," + content_bytes.removeprefix(b"{")


def manifest_bytes(manifest: Manifest) -> bytes:
    """A manifest in its one spelling."""
    return orjson.dumps(manifest_values(manifest), option=orjson.OPT_SORT_KEYS)


def manifest_values(manifest: Manifest) -> dict[str, object]:
    """A manifest as JSON has it: instants as text."""
    values = {each.name: getattr(manifest, each.name) for each in fields(Manifest)}
    return {name: instant_text(value) if isinstance(value, datetime) else value for name, value in values.items()}


def parse(body: bytes) -> Document:
    """A document as it came over the wire or from a file.

    Raises: ContractBroken (`unreadable`; `schema_version` for another major version; `content_hash` when a byte of the content is not as published).
    """
    try:
        read = orjson.loads(body)
        manifest = manifest_of(read["manifest"])
        lookup = tuple(Level(each["name"], tuple(each["keys"]), each["parent"]) for each in read["lookup"])
        names: list[str] = [*read["columns"]]
        rows: list[Any] = read["rows"]
    except ContractBroken:
        raise
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise ContractBroken(f"scorecard: this is no document of one ({type(error).__name__})", code="unreadable") from error
    if content_hash(_canonical(read["lookup"], names, rows)) != manifest.content_sha256:
        raise ContractBroken(f"scorecard {manifest.version}: the content is not the one its manifest names", code="content_hash")
    try:
        shared: dict[object, object] = {}
        for place, values in enumerate(rows):  # in the place of the values: a large card is not in memory twice
            rows[place] = row_of(values, names, shared)
        document = Document(manifest, tuple(rows), lookup)
    except (KeyError, TypeError, ValueError) as error:
        raise ContractBroken(f"scorecard {manifest.version}: a row lacks columns ({error})", code="unreadable") from error
    _refuse_unknown_levels(document)
    return document


def manifest_of(values: Mapping[str, Any]) -> Manifest:
    """A manifest from JSON. What a newer minor version adds is left alone. Raises: ContractBroken (`schema_version`), KeyError, ValueError."""
    schema_version = str(values["schema_version"])
    if schema_version.partition(".")[0] != _READS_MAJOR:
        raise ContractBroken(f"scorecard: schema {schema_version} is not one we read ({_READS_MAJOR}.x)", code="schema_version")
    known: dict[str, Any] = {each.name: values[each.name] for each in fields(Manifest) if each.name in values}
    for name in ("data_watermark", "published_at", "valid_until", "expires_at"):
        known[name] = instant_of(known[name])
    known["status"] = Status(known["status"])
    known["version"], known["interval_seconds"] = int(known["version"]), int(known["interval_seconds"])
    return Manifest(**known)


def instant_text(instant: datetime) -> str:
    """An instant in UTC with microseconds: one spelling, which sorts as the instants do."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def instant_of(text: str) -> datetime:
    """Raises: ValueError for a text that is no instant or names no zone."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"'{text}' names no zone")
    return instant.astimezone(UTC)


def _refuse_unknown_levels(document: Document) -> None:
    known = {level.name for level in document.lookup}
    strange = {row.level for row in document.rows} - known | {key for level in document.lookup for key in level.keys} - set(KEYS)
    if strange:
        raise ContractBroken(f"scorecard {document.manifest.version}: levels or keys that cannot be looked up: {sorted(strange)}", code="unreadable")


def _level(level: Level) -> dict[str, object]:
    return {"name": level.name, "keys": list(level.keys), "parent": level.parent}


def _canonical(lookup: object, names: Sequence[str], rows: Sequence[object]) -> bytes:
    return orjson.dumps({"columns": list(names), "lookup": lookup, "rows": rows}, option=orjson.OPT_SORT_KEYS)
