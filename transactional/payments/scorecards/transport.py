"""How a router in another process fetches the card: one HTTP GET with the standard library, for ScorecardClient.

The traps: a poll without a time-out, which holds the thread for as long as the other side likes; an endless answer (cut); a redirect that carries the key to
another host (refused, as is whatever is not 200 or 304: the client keeps its card).
Source: reference RT §5.5.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import urlsplit

from transactional.payments.scorecards.client import Fetched
from transactional.vocabulary.errors import ContractBroken, InputRejected

_PATH = "/v1/scorecards/current"
_LARGEST = 256 * 1024 * 1024  # a card of 100,000 rows has 38 MB


def http_fetch(base_url: str, key: str, *, timeout_seconds: float = 2.0) -> Callable[[str | None], Fetched]:
    """A transport for the API at `base_url` with an API key of scope scorecards:read. Raises: InputRejected (`base_url`); each fetch raises OSError."""
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputRejected("the address of the API begins with http:// or https:// and names a host", code="base_url")
    host, port, connect = parts.hostname, parts.port, HTTPSConnection if parts.scheme == "https" else HTTPConnection

    def fetch(etag: str | None) -> Fetched:
        connection = connect(host, port, timeout=timeout_seconds)
        try:
            headers = {"Authorization": f"Bearer {key}", "Accept-Encoding": "gzip", "Accept": "application/json"}
            connection.request("GET", parts.path.rstrip("/") + _PATH, headers=headers | ({"If-None-Match": etag} if etag else {}))
            answer = connection.getresponse()
            body = answer.read(_LARGEST)
            zipped = answer.status == 200 and answer.headers.get("Content-Encoding", "").lower() == "gzip"
            return Fetched(answer.status, answer.headers.get("ETag"), _unzipped(body) if zipped else body)
        finally:
            connection.close()

    return fetch


def _unzipped(body: bytes) -> bytes:
    """Raises: ContractBroken (`unreadable`) for what is no gzip, or unpacks to more than a card can be."""
    unpacking = zlib.decompressobj(wbits=31)
    try:
        plain = unpacking.decompress(body, _LARGEST)
    except zlib.error as error:
        raise ContractBroken("scorecard: the answer is no gzip", code="unreadable") from error
    if not unpacking.eof:
        raise ContractBroken("scorecard: the answer is cut, or too large", code="unreadable")
    return plain
