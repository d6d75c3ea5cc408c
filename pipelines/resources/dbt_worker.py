"""The process that runs dbt: parses once, then builds as often as it is asked. Only module that imports dbt.

A start of dbt costs 4 to 8 s, nearly all of it imports and parsing (reference/performance.md F). Here both are paid once per run, and while Dagster
itself is being imported. The traps: a parsed manifest of yesterday's SQL (the prepared folder carries a fingerprint of the project it was made from), and one
that is half written: each build of dbt writes its manifest anew, in place, while the definitions may be reading it and the process may be killed. So a
parse moves its results into place whole, and builds write into a folder of their own.
Requests: {"prepare": ...} parses if needed; {"build": [arguments]} runs `dbt build`, one reply per event that matters.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from pipelines.resources.worker_process import Reply, serve
from transactional.db.local_server.locks import exclusive
from transactional.garbage import collect_rarely
from transactional.telemetry import switch_off_telemetry

FINGERPRINT, PARSED, MANIFEST = "fingerprint", "partial_parse.msgpack", "manifest.json"
_RESULTS = {"LogModelResult", "LogTestResult", "LogSeedResult", "LogSnapshotResult"}
_NOT_SOURCE = {"target", "logs", "dbt_packages"}
_KEPT = (PARSED, MANIFEST, FINGERPRINT)  # moved into place in this order: the fingerprint vouches for the others
_BUILT, _PARSING = "built", "parsing"
_LONGEST_PARSE_SECONDS = 300


def fingerprint(project: Path, variant: str) -> str:
    """Hash of every source file of the project, and of what else the parse depends on."""
    digest = hashlib.sha256(variant.encode())
    for path in sorted(path for path in project.rglob("*") if path.is_file() and not _NOT_SOURCE & set(path.relative_to(project).parts)):
        digest.update(str(path.relative_to(project)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def is_prepared(project: Path, folder: Path, variant: str) -> bool:
    """Whether the folder's manifest was made from these very sources."""
    recorded = folder / FINGERPRINT
    return all((folder / name).exists() for name in _KEPT) and recorded.read_text() == fingerprint(project, variant)


class DbtWorker:
    """dbt in this process: imported and parsed once, built as often as it is asked."""

    def __init__(self) -> None:
        self._manifest: Any = None

    def handle(self, request: Reply) -> Iterator[Reply]:
        project, folder = Path(request["project"]), Path(request["folder"])
        common = ["--project-dir", str(project), "--profiles-dir", str(project), "--log-path", str(folder / "logs")]
        arguments = [*common, "--target-path", str(folder / _BUILT)]
        if self._manifest is None:
            error = self._prepare(project, folder, request["variant"], common)
            if error is not None:
                yield {"final": False, "error": error}
                return
        if "build" not in request:
            yield {"final": True, "error": None}
            # what dbt only sets up in its first build (validators, adapter, templates), while whoever asked is still busy with something else
            for _ in self._build(["--select", "path:nothing", "--log-level-file", "none", *arguments]):
                pass
            return
        yield from self._build([*request["build"], *arguments])
        # a build leaves marks in it: an ephemeral model would not be written into its reader a second time (a retry). Read again now, not when asked
        self._manifest = None
        self._prepare(project, folder, request["variant"], common)

    def _prepare(self, project: Path, folder: Path, variant: str, common: list[str]) -> str | None:
        from dbt.contracts.graph.manifest import Manifest

        folder.mkdir(parents=True, exist_ok=True)
        with exclusive(folder / "parse.lock", timeout_seconds=_LONGEST_PARSE_SECONDS):  # whoever waited finds it parsed
            if not is_prepared(project, folder, variant):
                return self._parse(project, folder, variant, common)
            parsed = (folder / PARSED).read_bytes()
        self._manifest = Manifest.from_msgpack(parsed)
        self._manifest.build_flat_graph()
        return None

    def _parse(self, project: Path, folder: Path, variant: str, common: list[str]) -> str | None:
        from dbt.cli.main import dbtRunner

        fresh = folder / _PARSING
        shutil.rmtree(fresh, ignore_errors=True)  # what a killed parse left
        made_from = fingerprint(project, variant)
        outcome = dbtRunner().invoke(["--quiet", "parse", "--no-partial-parse", *common, "--target-path", str(fresh)])
        if not outcome.success:
            return f"dbt cannot parse its project: {outcome.exception or 'see the log'}"
        self._manifest = outcome.result
        (fresh / FINGERPRINT).write_text(made_from)
        (folder / FINGERPRINT).unlink(missing_ok=True)
        for name in _KEPT:
            (fresh / name).replace(folder / name)
        return None

    def _build(self, arguments: list[str]) -> Iterator[Reply]:
        """Replies while dbt runs: it works in a thread and its events come through a queue."""
        from dbt.cli.main import dbtRunner
        from dbt_common.events.functions import msg_to_dict

        replies: SimpleQueue[Reply | None] = SimpleQueue()

        def hear(message: Any) -> None:
            if message.info.name in _RESULTS or message.info.level == "error":
                replies.put({"event": msg_to_dict(message)})

        def run() -> None:
            outcome = dbtRunner(manifest=self._manifest, callbacks=[hear]).invoke(["--quiet", "build", *arguments])
            replies.put({"final": bool(outcome.success), "error": str(outcome.exception) if outcome.exception else None})
            replies.put(None)

        thread = threading.Thread(target=run, name="dbt build")
        thread.start()
        while (reply := replies.get()) is not None:
            yield reply
        thread.join()


def main() -> None:
    """Serve until stdin ends."""
    switch_off_telemetry()
    collect_rarely()
    os.environ.setdefault("DBT_LOG_CACHE_EVENTS", "false")
    os.environ.setdefault("DBT_LOG_LEVEL_FILE", "info")  # a fifth of a build was spent writing debug lines; a failed node tells its own SQL
    import dbt.cli.main  # the slow part, now and not at the first request

    assert dbt.cli.main is not None
    serve(DbtWorker().handle)
    os._exit(0)  # taking down what was imported takes a second, and the run waits for it


if __name__ == "__main__":
    main()
