"""Idempotency keys as PSPs honour them. For the PSP servers; what is kept and what is said differs by PSP and stands there.

The trap: a simulator kinder than the PSP. Stripe keeps a 5xx and repeats it for ever (RT §4.21); a key that is being worked on is an error of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from transactional.simulation.psp_servers.http import Outgoing


@dataclass(slots=True)
class Turn:
    """One request under a key. `first`: what the first one was answered. `is_other`: the key came with another body before. `keep` the answer to repeat it."""

    first: Outgoing | None = None
    is_busy: bool = False
    is_other: bool = False
    keep: Outgoing | None = None


@dataclass(slots=True)
class Keys:
    """The keys a PSP has seen, each with the request it came with."""

    _answers: dict[str, tuple[bytes, Outgoing]] = field(default_factory=dict)
    _busy: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def turn(self, key: str | None, request: bytes) -> Iterator[Turn]:
        """Work on a request; without a key there is nothing to remember."""
        if key is None:
            yield Turn()
            return
        with self._lock:
            known, is_busy = self._answers.get(key), key in self._busy
            if known is None and not is_busy:
                self._busy.add(key)
        if known is not None or is_busy:
            yield Turn(known[1] if known else None, is_busy and known is None, known is not None and known[0] != request)
            return
        turn = Turn()
        try:
            yield turn
        finally:
            with self._lock:
                self._busy.discard(key)
                if turn.keep is not None:
                    self._answers[key] = (request, turn.keep)
