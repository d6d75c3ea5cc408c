"""What happens when files arrive (a run, once they are whole) and when a close is asked for (the close job). For the daemon.

The traps: a file that is still being copied (it must look the same in two evaluations), a file copied in with an old date (what is there is
compared, not what is newer than a watermark), and a run per file (one run lands all that is there).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg

from pipelines.jobs import CLOSES, RUN
from pipelines.resources.close_desk import CloseDesk
from pipelines.resources.places import Inbox

Look = Mapping[str, tuple[int, int]]
"""Path in the inbox → size and time of last change (ns)."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What the last evaluation saw, and what has been asked for. Kept as the sensor's cursor; files that are gone are forgotten."""

    seen: Look
    requested: Look

    @classmethod
    def from_cursor(cls, cursor: str | None) -> Arrivals:
        kept = json.loads(cursor) if cursor else {"seen": {}, "requested": {}}
        return cls(*({path: (look[0], look[1]) for path, look in kept[part].items()} for part in ("seen", "requested")))

    def to_cursor(self) -> str:
        return json.dumps({"seen": self.seen, "requested": self.requested}, sort_keys=True)

    def evaluate(self, present: Look) -> tuple[tuple[str, ...], Arrivals]:
        """The files that are whole and not asked for yet, and what to remember."""
        ready = tuple(sorted(path for path, look in present.items() if self.seen.get(path) == look and self.requested.get(path) != look))
        requested = {path: look for path, look in self.requested.items() if path in present} | {path: present[path] for path in ready}
        return ready, Arrivals(dict(present), requested)


def look_into(inbox: Inbox) -> Look:
    """Every file in the inbox as it is now; hidden ones are not for us."""
    folder = inbox.arriving
    files = [path for path in folder.rglob("*") if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    return {str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


@dg.sensor(
    name="reconciliation_run_sensor",
    job=RUN,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Files in the inbox that stayed the same between two looks: one run lands them all.",
)
def arriving_files(context: dg.SensorEvaluationContext, inbox: dg.ResourceParam[Inbox]) -> dg.SensorResult | dg.SkipReason:
    """One run request per set of files."""
    ready, arrivals = Arrivals.from_cursor(context.cursor).evaluate(look_into(inbox))
    context.update_cursor(arrivals.to_cursor())
    if not ready:
        return dg.SkipReason(f"{len(arrivals.seen)} files in {inbox.arriving}, none of them new and whole")
    run_key = hashlib.sha256(json.dumps([(path, arrivals.seen[path]) for path in ready]).encode()).hexdigest()
    return dg.SensorResult([dg.RunRequest(run_key=run_key, tags={"countroom/files": str(len(ready))})])


@dg.sensor(
    name="reconciliation_close_sensor",
    job=CLOSES,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Closes that were asked for over HTTP: tried once, and once more after each run while the day is not over for what was known.",
)
def requested_closes(close_desk: dg.ResourceParam[CloseDesk]) -> dg.SensorResult | dg.SkipReason:
    """One run request for what can be tried now."""
    key = close_desk.due()
    return dg.SensorResult([dg.RunRequest(run_key=key)]) if key else dg.SkipReason("no close is asked for")


SENSORS = [arriving_files, requested_closes]
