"""How often does Python look for cycles among its objects? Rarely, in a process that loads much and lives shortly. For commands, workers and the tests.

Python 3.11 looks after every 700 new objects; importing dbt or building a world makes millions that stay, and looking at them again and again was a
sixth to a third of a run's CPU. What is not in a cycle is freed at once all the same. The trap: never looking; templates and frames do form cycles.
"""

from __future__ import annotations

import gc

_NEW_OBJECTS, _YOUNG_ROUNDS, _MIDDLE_ROUNDS = 100_000, 20, 50


def collect_rarely() -> None:
    """Raise the collector's thresholds for this process. A server that lives for days keeps Python's own."""
    gc.set_threshold(_NEW_OBJECTS, _YOUNG_ROUNDS, _MIDDLE_ROUNDS)
