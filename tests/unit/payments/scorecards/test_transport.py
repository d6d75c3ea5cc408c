"""The transport speaks HTTP with a server that is not ours: tags, gzip, time-outs and nonsense."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.unit.payments.scorecards.cards import AT, document, row
from transactional.payments.scorecards.client import ScorecardClient
from transactional.payments.scorecards.staleness import Tier
from transactional.payments.scorecards.transport import http_fetch
from transactional.vocabulary.errors import InputRejected

CARD = document([row()])
SECRET = "a-key-of-a-test"


class _Service(BaseHTTPRequestHandler):
    answers: dict[str, tuple[int, bytes]] = {}  # noqa: RUF012 - by the path's first part

    def do_GET(self) -> None:
        status, body = self.answers[self.path.split("/")[1]]
        allowed = self.headers["Authorization"] == f"Bearer {SECRET}" and self.path.endswith("/v1/scorecards/current")
        same = self.headers["If-None-Match"] == '"tag-gzip"'
        self.send_response(403 if not allowed else 304 if same else status)
        self.send_header("ETag", '"tag-gzip"')
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", "0" if same else str(len(body)))
        self.end_headers()
        self.wfile.write(b"" if same else body)

    def log_message(self, *_: object) -> None:
        """Nothing: tests are quiet."""


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    _Service.answers = {"good": (200, gzip.compress(CARD)), "cut": (200, gzip.compress(CARD)[:-40]), "plain": (200, CARD), "moved": (302, b"")}
    with HTTPServer(("127.0.0.1", 0), _Service) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_card_comes_compressed_once_and_then_by_its_tag(service: str) -> None:
    client = ScorecardClient(http_fetch(f"{service}/good/", SECRET))
    first, second = client.poll(AT), client.poll(AT)
    assert (first.tier, first.trouble, second.trouble) == (Tier.NORMAL, None, None)
    assert second.card is first.card


@pytest.mark.parametrize(
    ("place", "key", "trouble"),
    [("cut", SECRET, "unreadable"), ("plain", SECRET, "unreadable"), ("moved", SECRET, "status_302"), ("good", "another", "status_403")],
)
def test_what_is_no_card_leaves_the_client_without_one_and_without_an_exception(service: str, place: str, key: str, trouble: str) -> None:
    standing = ScorecardClient(http_fetch(f"{service}/{place}", key)).poll(AT)
    assert (standing.card, standing.trouble) == (None, trouble)


def test_nobody_there_is_a_trouble_and_no_exception() -> None:
    assert ScorecardClient(http_fetch("http://127.0.0.1:9", SECRET)).poll(AT).trouble == "unreachable"


@pytest.mark.parametrize("address", ["ftp://host", "host:8000", "http://"])
def test_an_address_that_cannot_be_one_is_refused_at_once(address: str) -> None:
    with pytest.raises(InputRejected):
        http_fetch(address, SECRET)
