"""Land every original of one warehouse into another: what today's parsers make of the same bytes. For `countroom ingest --originals-of`.

What landed never changes, so a mapping that was wrong is mended by a new warehouse beside the old one. The traps: files in another order (their
versions would differ) and the moment of rebuilding taken for the moment of knowing (every as-of answer of the past would be empty).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

import psycopg

from assets.landing.detection import FolderHints
from assets.landing.doors import LandedFile, land_file
from pipelines.resources.object_store import ObjectStore
from transactional.vocabulary.errors import Refused

# Files of one run may share their moment; of one name, the older version came first.
_IN_ORDER = "select name, folder, object_key, received_at from raw.source_files order by received_at, version, folder, name, sha256"


@dataclass(frozen=True, slots=True)
class Original:
    """A file as it once arrived."""

    name: str
    folder: str
    object_key: str
    received_at: datetime


def originals_of(old: psycopg.Connection[Any]) -> list[Original]:
    """Everything a warehouse was ever offered, landed or refused, in the order it came."""
    return [Original(*row) for row in old.execute(_IN_ORDER).fetchall()]


def land_again(originals: list[Original], connection: psycopg.Connection[Any], store: ObjectStore) -> Iterator[LandedFile]:
    """Land them as if it were then. The connection must be idle.

    Raises: Refused (`warehouse_not_empty`) when files have landed there by another way; one that was left half-way goes on.
    """
    with connection.transaction():
        known = {row[0] for row in connection.execute("select object_key from raw.source_files").fetchall()}
    if known - {original.object_key for original in originals}:
        raise Refused("the new warehouse holds files that the old one does not know: begin with an empty one", code="warehouse_not_empty")
    for original in originals:
        hints = FolderHints.of(PurePosixPath(original.folder) / original.name) if original.folder else FolderHints()
        yield land_file(store.get(original.object_key), original.name, hints, connection, store, now=original.received_at)
