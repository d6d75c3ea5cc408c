"""How do commands speak: results on stdout (text or JSON), progress on stderr. For pipelines.commands.

The trap: progress mixed into a result that a script parses. `--json` prints exactly one JSON document on stdout.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


def answer(text: str) -> None:
    """A line of the result."""
    print(text, flush=True)


def answer_json(value: object) -> None:
    """The whole result as one JSON document."""
    print(json.dumps(value, indent=2, default=str, ensure_ascii=False), flush=True)


def tell(text: str) -> None:
    """A line about what is going on, for a person."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Say what begins, and how long it took when it ends."""
    tell(f"{title} ...")
    begin = time.monotonic()
    yield
    tell(f"{title}: {time.monotonic() - begin:.1f} s")
