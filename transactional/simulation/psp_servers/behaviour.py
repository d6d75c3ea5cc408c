"""What a simulated PSP does with the next request: by a script of the test, or by a dice of the world. For every PSP server.

The trap: a simulator that goes wrong in one way only. What it did and what it says of it are two things here: an error before doing it and an error
after doing it look the same on the wire, and that is the point.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Fault = Literal[
    "none",
    "hang_before",
    "hang_after",
    "error_before",
    "error_after",
    "drop_before",
    "drop_after",
    "malformed",
    "other_shape",
    "html",
    "redirect",
    "limited",
]
NOT_DONE: frozenset[Fault] = frozenset({"hang_before", "drop_before"})
HANGS: frozenset[Fault] = frozenset({"hang_before", "hang_after"})
DROPS: frozenset[Fault] = frozenset({"drop_before", "drop_after"})


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One answer. `decline` is a code of the PSP's own; `three_ds` a step the payer must take (challenge) or does not notice (frictionless).

    `fault`: `*_before` did nothing, `*_after` did it; `malformed` (broken JSON), `other_shape` (JSON, and not an object), `html` and `redirect` (to the
    same place) did it and garble the answer; `limited` is a 429. `is_slow_to_finish`: accepted, and the end comes by webhook where the PSP works so.
    """

    decline: str | None = None
    network_code: str | None = None
    advice_code: str | None = None
    three_ds: Literal["none", "challenge", "frictionless"] = "none"
    fault: Fault = "none"
    latency_ms: int = 0
    is_slow_to_finish: bool = False


PLAIN = Behaviour()


class Script:
    """The behaviours to come, by call; when a call's are used up, `otherwise` decides."""

    def __init__(self, otherwise: Callable[[str], Behaviour] = lambda _call: PLAIN) -> None:
        self.otherwise = otherwise
        self._planned: defaultdict[str, deque[Behaviour]] = defaultdict(deque)
        self._lock = threading.Lock()

    def plan(self, call: str, *behaviours: Behaviour) -> None:
        """The next requests of a call (authorise, complete, capture, cancel, refund, payout, query) behave so, one by one."""
        with self._lock:
            self._planned[call].extend(behaviours)

    def next(self, call: str) -> Behaviour:
        """What the request that just arrived gets."""
        with self._lock:
            planned = self._planned[call]
            return planned.popleft() if planned else self.otherwise(call)
