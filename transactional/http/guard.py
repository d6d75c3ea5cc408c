"""What happens when we have a bug: the caller gets a problem without its cause, the log gets where it happened without what it was about.

The trap: the text of an exception. Of a database error it holds the statement's parameters and the failing row, which are personal data; and the
framework, left alone, raises the exception again for the server to print. It ends here.
"""

from __future__ import annotations

import logging
import traceback

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from transactional.http.problems import problem_response

log = logging.getLogger(__name__)

_DEEPEST = 8  # frames in the log, the innermost last


class NoTraces:
    """Answers 500 to what no handler expected."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def sending(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            log.error("unexpected %s: %s", type(error).__name__, where(error))
            if scope["type"] != "http":
                raise
            if has_begun:
                raise ConnectionAbortedError("the answer had begun when something unexpected happened") from None
            await problem_response(500, "internal", "something is wrong on our side")(scope, receive, send)


def where(error: BaseException) -> str:
    """Our own innermost frames, as file:line function; no message, no values. With the SQLSTATE if the database said it."""
    every = traceback.extract_tb(error.__traceback__)
    frames = ([frame for frame in every if "site-packages" not in frame.filename] or every)[-_DEEPEST:]
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    return (f"SQLSTATE {state}, " if state else "") + " > ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
