"""The size of a request is counted as it comes, whatever its headers say."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from transactional.http.limits import BodyLimit

LARGEST = 10


async def _echo(_scope: Scope, receive: Receive, send: Send) -> None:
    message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": message["body"]})


def _answer(chunks: list[bytes], headers: list[tuple[bytes, bytes]]) -> tuple[int, bytes]:
    sent: list[Any] = []
    messages: list[Message] = [{"type": "http.request", "body": chunk, "more_body": i < len(chunks) - 1} for i, chunk in enumerate(chunks)]

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    asyncio.run(BodyLimit(_echo, LARGEST)(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)


def test_a_body_in_chunks_reaches_the_application_whole() -> None:
    assert _answer([b"12345", b"67890"], []) == (200, b"1234567890")


@pytest.mark.parametrize("headers", [[], [(b"content-length", b"3")]])
def test_a_body_that_grows_past_its_declared_length_is_stopped(headers: list[tuple[bytes, bytes]]) -> None:
    status, body = _answer([b"12345", b"678901"], headers)
    assert status == 413
    assert b"too_large" in body


@pytest.mark.parametrize(("declared", "status"), [(b"11", 413), (b"9" * 5_000, 413), (b"-1", 400), (b"ten", 400), (b"1e9", 400)])
def test_a_declared_length_that_is_too_large_or_no_number_is_refused_unread(declared: bytes, status: int) -> None:
    assert _answer([b"x"], [(b"content-length", declared)])[0] == status
