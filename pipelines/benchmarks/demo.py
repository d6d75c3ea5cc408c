"""Where does the time of `countroom demo` go? For `countroom bench demo`: its own progress lines, slowest first.

A demo in a new home, so that nothing is there before. Units: seconds by the clock, as the demo itself says them; steps within the run are part of it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from transactional.vocabulary.errors import Transient

_PHASE = re.compile(r"^(?P<name>\S.*): (?P<seconds>[0-9.]+) s$")
_STEP = re.compile(r"^  (?P<name>\S+): done \((?P<seconds>[0-9.]+) s\)$")


@dataclass(frozen=True, slots=True)
class Timed:
    """One phase of the demo, or one step of its run (`is_step`)."""

    name: str
    seconds: float
    is_step: bool


def measure(home: Path) -> list[Timed]:
    """Phases and steps, slowest first. Raises: Transient when the demo fails."""
    command = [sys.executable, "-m", "pipelines.cli", "demo"]
    made = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"COUNTROOM_HOME": str(home)})
    if made.returncode != 0:
        raise Transient(f"the demo ended with {made.returncode}: {made.stderr[-600:]}", code="bench")
    return sorted(timed(made.stderr), key=lambda each: -each.seconds)


def timed(progress: str) -> list[Timed]:
    """What the progress of a demo says of times, in its order."""
    found = []
    for line in progress.splitlines():
        for pattern in (_PHASE, _STEP):
            if told := pattern.match(line):
                found.append(Timed(told["name"], float(told["seconds"]), pattern is _STEP))
    return found
