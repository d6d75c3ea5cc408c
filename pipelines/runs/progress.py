"""How does a run tell a person how far it is: a Dagster logger that says one line per step, on the real stderr. For the command line.

The trap: Dagster's own console logger says some six hundred lines per run; the events are all kept, and the UI shows them.
"""

from __future__ import annotations

import logging
import os
import time
from typing import Any

import dagster as dg

_CONSEQUENCE = "Dependencies for step"  # each step after a failed one says so: the failure was said
_BEGINS, _ENDS = "STEP_START", {"STEP_SUCCESS": "done", "STEP_FAILURE": "FAILED", "STEP_UP_FOR_RETRY": "failed, will be tried again"}


class _StepLines(logging.Handler):
    def __init__(self) -> None:
        super().__init__(level=logging.DEBUG)
        # a step's stderr is captured for the UI: this one is the terminal. Not a file object, and never closed: whoever configures logging anew
        # (a library's dictConfig) closes every handler there is, in the middle of a run
        self._terminal = os.dup(2)
        self._began: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        meta: dict[str, Any] = getattr(record, "dagster_meta", {})
        event = meta.get("dagster_event")
        if event is None:
            said = str(meta.get("orig_message", record.getMessage()))
            if record.levelno >= logging.WARNING and not said.startswith(_CONSEQUENCE):
                self._say(f"  {record.levelname.lower()}: {said}")
        elif event.event_type_value == _BEGINS:
            self._began[event.step_key] = time.monotonic()
        elif event.event_type_value in _ENDS:
            seconds = time.monotonic() - self._began.get(event.step_key, time.monotonic())
            self._say(f"  {event.step_key}: {_ENDS[event.event_type_value]} ({seconds:.1f} s)")

    def _say(self, line: str) -> None:
        os.write(self._terminal, (line + "\n").encode())


@dg.logger({}, "One line per step, for a person at a terminal.")
def progress_logger(_: dg.InitLoggerContext) -> logging.Logger:
    """A logger with the one handler."""
    logger = logging.Logger("countroom.progress", level=logging.DEBUG)
    logger.addHandler(_StepLines())
    return logger
