"""How does a run use a library that is slow to import: a process of its own, started early, spoken to in JSON lines. For dbt and expectations.

Importing dbt costs 3 to 5 s of CPU and great-expectations 7 to 9 s; on a second core that passes while files land. It also keeps their global
state (flags, loggers, adapters) out of the process that runs Dagster. The traps: a library that prints to stdout breaks the protocol (the worker
speaks on a descriptor of its own, see `serve`), and a worker left behind by a killed run, that goes on rebuilding tables under the next one: when its
stdin ends it ends, in the middle of a request too.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from transactional.vocabulary.errors import InvariantBroken

Reply = dict[str, Any]
_FINAL = "final"
_TAIL_CHARACTERS = 2_000
_ABANDONED = 75


class WorkerProcess:
    """The other end of `serve`: one Python module in a process of its own. One request at a time."""

    def __init__(self, module: str, environment: Mapping[str, str], log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self._name = module
        self._log = log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, **environment},
                cwd=Path(__file__).parents[2],
            )

    def ask(self, request: Reply) -> Iterator[Reply]:
        """Send one request and yield the replies as they come; the last one has the key `final`.

        Raises: InvariantBroken, with the end of the worker's log, when the worker ended without a final reply.
        """
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise self._died() from None
        for line in process.stdout:
            reply: Reply = json.loads(line)
            yield reply
            if _FINAL in reply:
                return
        raise self._died()

    def close(self) -> None:
        """End the worker: its input ends, and it is given a moment before it is killed."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _died(self) -> InvariantBroken:
        code = self._process.wait()
        tail = self._log.read_text(errors="replace")[-_TAIL_CHARACTERS:] if self._log.exists() else ""
        return InvariantBroken(f"the worker {self._name} ended with exit code {code}: {tail}", code="worker_died")


def serve(handle: Callable[[Reply], Iterator[Reply]]) -> None:
    """The loop of a worker: a request per line of stdin, its replies as lines on the real stdout. Whatever libraries print goes to stderr.

    Does not return when stdin ends while a request is being handled: nobody would hear the reply, and what was begun must not go on.
    """
    busy, unheard = threading.Event(), threading.Event()
    threading.Thread(target=_end_unheard, args=(busy, unheard), name="end unheard", daemon=True).start()
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as replies:
        os.dup2(2, 1)
        for line in sys.stdin:
            busy.set()
            if unheard.is_set():
                return
            for reply in handle(json.loads(line)):
                replies.write(json.dumps(reply, default=str) + "\n")
                replies.flush()
            busy.clear()


def _end_unheard(busy: threading.Event, unheard: threading.Event) -> None:
    """End the process when the other end of stdin closes during a request. Between requests the end of stdin is seen where it is read."""
    hang_up = select.poll()
    hang_up.register(0, 0)
    hang_up.poll()
    unheard.set()
    if busy.is_set():
        os._exit(_ABANDONED)  # not sys.exit: the threads of the library would be waited for
