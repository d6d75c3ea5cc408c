"""The typed door to dbt: where the project is, which warehouse it builds in, what it has been parsed to, and a build. For the warehouse assets.

dbt itself runs in a worker process (dbt_worker). The traps: parsing at every import of the definitions (a parse is kept, with a fingerprint of the
sources it was made from), and a password in a profile or a command line (environment variables; dbt hides those that begin with DBT_ENV_SECRET_).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from psycopg.conninfo import conninfo_to_dict

from pipelines.resources.dbt_worker import MANIFEST, is_prepared
from pipelines.resources.worker_process import WorkerProcess
from transactional.vocabulary.errors import ContractBroken

ROOT = Path(__file__).parents[2]


def project_folder() -> Path:
    """The dbt project: beside our packages in a checkout; the package `countroom_dbt` in an installed wheel."""
    beside = ROOT / "dbt_project"
    return beside if beside.exists() else ROOT / "countroom_dbt"


@dataclass(frozen=True, slots=True)
class DbtTarget:
    """A warehouse as dbt's profile reads it. `environment` holds the password: `repr` does not show it."""

    name: str
    environment: Mapping[str, str] = field(repr=False)

    @classmethod
    def postgres(cls, url: str, role: str | None = None) -> Self:
        """The target for a postgresql:// URL; dbt acts as `role` when one is given."""
        parts = {key: str(value) for key, value in conninfo_to_dict(url).items()}
        return cls(
            parts.get("dbname", "countroom"),
            {
                "COUNTROOM_DBT_TARGET": "postgres",
                "COUNTROOM_DBT_HOST": parts.get("host", "127.0.0.1"),
                "COUNTROOM_DBT_PORT": parts.get("port", "5432"),
                "COUNTROOM_DBT_USER": parts.get("user", ""),
                "DBT_ENV_SECRET_COUNTROOM_PASSWORD": parts.get("password", ""),
                "COUNTROOM_DBT_DATABASE": parts.get("dbname", ""),
                "COUNTROOM_DBT_SSLMODE": parts.get("sslmode", "prefer"),
                "COUNTROOM_DBT_ROLE": role or "",
            },
        )

    @classmethod
    def nowhere(cls, database: str) -> Self:
        """A target to parse for without a server: only the database's name is in a manifest."""
        return cls(database, {"COUNTROOM_DBT_TARGET": "postgres", "COUNTROOM_DBT_DATABASE": database})

    @classmethod
    def duckdb(cls, path: Path) -> Self:
        """The target for a DuckDB file."""
        return cls(path.stem, {"COUNTROOM_DBT_TARGET": "duckdb", "COUNTROOM_DBT_DUCKDB": str(path)})

    @property
    def variant(self) -> str:
        """What a parsed manifest depends on beside the sources: the engine and the name of the database."""
        return f"{self.environment['COUNTROOM_DBT_TARGET']}-{self.name}"


class Dbt:
    """One dbt project on one target. Use as a context manager, or `close` it: it holds a process."""

    def __init__(self, target: DbtTarget, home: Path) -> None:
        self._target = target
        self._home = home
        self._worker: WorkerProcess | None = None

    @property
    def folder(self) -> Path:
        """Where the parsed project and dbt's own artifacts of this target are."""
        return self._home / "dbt" / self._target.variant

    @property
    def manifest_path(self) -> Path:
        return self.folder / MANIFEST

    def start(self) -> None:
        """Start the worker now, so that it imports while the caller does something else. A second call changes nothing."""
        if self._worker is None:
            self._worker = WorkerProcess("pipelines.resources.dbt_worker", self._target.environment, self._home / "logs" / "dbt_worker.log")

    def prepare(self) -> Path:
        """The manifest, parsed anew if the project changed; a worker that was started has it at hand then. Raises: ContractBroken if dbt cannot parse it."""
        if self._worker is not None or not is_prepared(project_folder(), self.folder, self._target.variant):
            for _ in self._ask({}):
                pass
        return self.manifest_path

    def build(self, arguments: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        """`dbt build` with these arguments: its events (as dbt logs them in JSON) while it runs.

        Raises: ContractBroken after the last event, naming what failed, when a model or a test did.
        """
        failed: list[str] = []
        yield from self._ask({"build": list(arguments)}, failed)
        if failed:
            raise ContractBroken("dbt build failed: " + "; ".join(failed[:10]), code="dbt_build", detail={"failed": len(failed)})

    def close(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, request: dict[str, Any], failed: list[str] | None = None) -> Iterator[Mapping[str, Any]]:
        self.start()
        assert self._worker is not None
        request |= {"project": str(project_folder()), "folder": str(self.folder), "variant": self._target.variant}
        for reply in self._worker.ask(request):
            if "event" in reply:
                yield reply["event"]
                _note_failure(reply["event"], failed)
            elif not reply["final"]:
                if failed is None or reply["error"]:
                    raise ContractBroken(f"dbt: {reply['error'] or 'could not do it'}", code="dbt")
                if not failed:
                    failed.append("see the log of dbt")


def _note_failure(event: Mapping[str, Any], failed: list[str] | None) -> None:
    node = event.get("data", {}).get("node_info") or {}
    if failed is not None and node.get("node_status") in {"error", "fail", "runtime error"} and event["info"]["name"].endswith("Result"):
        failed.append(f"{node['node_name']} ({node['node_status']})")
