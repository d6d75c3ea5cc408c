"""How much may one request send. An ASGI layer before anything parses.

The trap: a Content-Length that lies or is absent (chunked bodies). Bytes are counted as they come, and counting stops the request.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from transactional.http.problems import problem_response

LARGEST_BODY_BYTES = 1_000_000  # the largest webhook of either PSP is under 64 KiB; a batch of 1,000 transfers is about 300 KiB
_MOST_DIGITS = 20  # Python itself refuses to read a number of more than 4,300


class BodyLimit:
    """Refuses (413) a request whose body is larger than `largest` bytes, declared or counted."""

    def __init__(self, app: ASGIApp, largest: int = LARGEST_BODY_BYTES) -> None:
        self._app = app
        self._largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit():
            await problem_response(400, "bad_request", "Content-Length must be a number of bytes")(scope, receive, send)
            return
        if len(declared) > _MOST_DIGITS or int(declared) > self._largest:
            await self._too_large(scope, receive, send)
            return
        body, complete = await self._read(receive)
        if not complete:
            await self._too_large(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)

    async def _read(self, receive: Receive) -> tuple[bytes, bool]:
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return b"", True
            part = message.get("body", b"")
            size += len(part)
            if size > self._largest:
                return b"", False
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts), True

    async def _too_large(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = problem_response(413, "too_large", f"a request body may have at most {self._largest} bytes")
        await response(scope, receive, send)


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body once, then whatever the server says next (a disconnect)."""
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
