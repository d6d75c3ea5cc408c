"""Work with a connection beside the requests, on a thread: how is it ended without tearing the connection out of its hands? For the tasks of a process.

The trap: a cancelled task leaves its thread running; the engine is disposed under it, and the connection it opens afterwards is closed by nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from fastapi.concurrency import run_in_threadpool

P = ParamSpec("P")
T = TypeVar("T")


async def to_its_end(function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Run it on a thread. A cancellation is passed on when the thread has ended, and not before."""
    running = asyncio.ensure_future(run_in_threadpool(function, *arguments, **named))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
