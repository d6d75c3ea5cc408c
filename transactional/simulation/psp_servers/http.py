"""A PSP on a local port: requests come in, the PSP answers, and the wire does to the answer what the script says. For the PSP servers.

The traps: a handler that outlives its test (hangs end when the server stops); a client that gave up, which is no error of ours.
"""

from __future__ import annotations

import json
import socketserver
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol, Self
from urllib.parse import parse_qsl, urlsplit

from transactional.simulation.psp_servers.behaviour import DROPS, HANGS, NOT_DONE, Behaviour, Script


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request. Header names are in small letters."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An answer."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


class Psp(Protocol):
    """A simulated PSP. `script` is asked once per request, by the name that `call_of` gives it."""

    script: Script

    def call_of(self, incoming: Incoming) -> str: ...

    def answer(self, incoming: Incoming, behaviour: Behaviour) -> Outgoing: ...


def json_answer(status: int, body: Mapping[str, Any], **headers: str) -> Outgoing:
    """An answer in JSON. Header names are written with `_` for `-`."""
    return Outgoing(status, json.dumps(body).encode(), headers={name.replace("_", "-"): value for name, value in headers.items()})


class PspServer:
    """The PSP's socket on this machine, as a context. `arrived` is every request, in order."""

    def __init__(self, psp: Psp) -> None:
        self.psp, self.arrived = psp, list[Incoming]()
        self._stopped = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Release what hangs and stop listening: from here on connections are refused."""
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def handle(self, incoming: Incoming) -> Outgoing | None:
        """The answer, or None for a connection that ends without one."""
        self.arrived.append(incoming)
        behaviour = self.psp.script.next(self.psp.call_of(incoming))
        said = None if behaviour.fault in NOT_DONE else self.psp.answer(incoming, behaviour)
        if behaviour.fault in HANGS:
            self._stopped.wait(30)
        if said is None or behaviour.fault in HANGS | DROPS:
            return None
        return _garbled(said, behaviour, incoming.path)


def _garbled(said: Outgoing, behaviour: Behaviour, path: str) -> Outgoing:
    match behaviour.fault:
        case "malformed":
            return Outgoing(said.status, said.body[: len(said.body) // 2], said.content_type)
        case "other_shape":
            return Outgoing(said.status, b'["approved"]', said.content_type)
        case "redirect":
            return Outgoing(307, b"", headers={"Location": path})
        case "html":
            return Outgoing(said.status, b"<html><body>Everything is fine</body></html>", "text/html")
    return said


def pause(behaviour: Behaviour) -> None:
    """Take as long as the script says."""
    if behaviour.latency_ms:
        time.sleep(behaviour.latency_ms / 1000)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is what half of the tests are about: nothing is printed."""
        del request, client_address


def _handler_of(server: PspServer) -> type[socketserver.BaseRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            split = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            said = server.handle(Incoming(self.command, split.path, dict(parse_qsl(split.query)), headers, body))
            if said is None:
                self.close_connection = True
                return
            self.send_response(said.status)
            for name, value in {"Content-Type": said.content_type, "Content-Length": str(len(said.body)), **said.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said.body)

        do_GET = do_POST = _serve  # noqa: N815 (http.server's names)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is printed: requests stand in `arrived`."""

    return Handler
