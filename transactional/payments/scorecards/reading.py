"""What the API serves: the champion or one version, as bytes that are made once. Reads schema `serve` and nothing else, as the routing service's own role.

The traps: a megabyte read, put together and compressed for every poll of every router (contents never change, so each is kept, with its gzip); one ETag for
two documents. The tag is of content, version and status: an older content published again is another document, and so is a version that was withdrawn.
Source: reference RT §5.5; RFC 9110 §8.8, §13.1.
"""

from __future__ import annotations

import gzip
import json
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import ProgrammingError

from transactional.payments.scorecards.client import Fetched
from transactional.payments.scorecards.document import Manifest, Status, document_bytes
from transactional.vocabulary.errors import Refused

_CHAMPION = text("select * from serve.scorecard_versions where status = 'champion'")
_VERSION = text("select * from serve.scorecard_versions where version = :version")
_CONTENT = text("select content from serve.scorecard_contents where content_sha256 = :sha")
_KEPT = 4
_NOT_OF_THE_MANIFEST = {"origin", "status_reason", "status_by", "status_at"}


@dataclass(frozen=True, slots=True)
class Bodies:
    """A document, as it is and compressed."""

    plain: bytes
    zipped: bytes


@dataclass(frozen=True, slots=True)
class Served:
    """A version that may be asked for. `etag` without quotes."""

    manifest: Manifest
    etag: str


class ScorecardShelf:
    """The documents of one warehouse; the last few are kept in memory. Safe to use from several threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: OrderedDict[str, Bodies] = OrderedDict()
        self._lock = Lock()

    def current(self) -> Served:
        """The champion. Raises: Refused (`no_scorecard`) before the first one is published."""
        with self._engine.connect() as connection:
            return _served(connection, _CHAMPION, {}, "no scorecard has been published yet", "no_scorecard")

    def version(self, number: int) -> Served:
        """One version. Raises: Refused (`unknown_version`)."""
        with self._engine.connect() as connection:
            return _served(connection, _VERSION, {"version": number}, f"there is no version {number} of the scorecard", "unknown_version")

    def bodies(self, served: Served) -> Bodies:
        """The bytes of a version's document."""
        with self._lock:
            if served.etag in self._kept:
                self._kept.move_to_end(served.etag)
                return self._kept[served.etag]
        with self._engine.connect() as connection:
            content: str = connection.execute(_CONTENT, {"sha": served.manifest.content_sha256}).scalar_one()
        plain = document_bytes(served.manifest, content.encode())
        made = Bodies(plain, gzip.compress(plain, compresslevel=6, mtime=0))
        with self._lock:
            self._kept[served.etag] = made
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return made

    def fetch(self, etag: str | None) -> Fetched:
        """The transport of a client in this very process: what an HTTP client would be answered."""
        served = self.current()
        if etag == served.etag:
            return Fetched(304)
        return Fetched(200, served.etag, self.bodies(served).plain)


def _served(connection: Connection, query: Any, parameters: dict[str, object], words: str, code: str) -> Served:
    try:
        row = connection.execute(query, parameters).mappings().first()
    except ProgrammingError as error:  # the warehouse has not been built yet, so nobody may look into what is not there
        raise Refused(words, code=code) from error
    if row is None:
        raise Refused(words, code=code)
    values = {name: value for name, value in row.items() if name not in _NOT_OF_THE_MANIFEST}
    values |= {"params": json.loads(row["params"]), "ope": None if row["ope"] is None else json.loads(row["ope"]), "status": Status(row["status"])}
    manifest = Manifest(**values)
    return Served(manifest, f"{manifest.content_sha256}-{manifest.version}-{manifest.status.value}")
