"""Where do a bundle's members come from, and where is it kept: gathered from the house, written, put into the object store. For `report` and the schedule.

The trap: a bundle made in memory. Each form is rendered, written and let go of; the finished file goes to the store from disk.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.reports.bundle import FILES, STANDING, as_json, manifest_sha256, write_bundle
from pipelines.reports.bundle_readme import as_readme
from pipelines.reports.day_report import FORMS, DayReport, rendered
from pipelines.reports.language import Language
from pipelines.reports.run_log import run_log
from pipelines.resources.object_store import ObjectStore
from pipelines.resources.warehouse import Warehouse
from pipelines.standing.freezing import close_as_dict
from transactional.db.location import locate_databases
from transactional.reconciliation.closes import Close
from transactional.settings import Settings
from transactional.vocabulary.errors import Transient

_FILES = """
select source, report, account, name, version, sha256, size_bytes, received_at, rows_in, rows_landed, rows_rejected, rows_duplicate, object_key
from raw.source_files
where state = 'landed' and received_at <= $1::timestamptz and ($2::text is null or source in ($2, 'bank', 'fx'))
order by source, name, version, sha256
"""
_ORIGINALS = "originals/"


@dataclass(frozen=True, slots=True)
class Kept:
    """A bundle in the store. `is_new`: False when the very same one was there."""

    object_key: str
    sha256: str
    manifest_sha256: str
    size_bytes: int
    member_count: int
    is_new: bool


def keep_bundle(
    warehouse: Warehouse,
    store: ObjectStore,
    report: DayReport,
    standing: bytes,
    log: Mapping[str, Any] | None,
    languages: Sequence[Language],
    forms: Sequence[str] = FORMS,
) -> Kept:
    """Write the bundle of a report and keep it under bundles/<day>/<sha256>.zip. `standing`: its canonical document.

    Raises: Transient where the disk for temporary files, or the store, does not take it.
    """
    facts = report.standing.facts
    files = input_files(warehouse, store, str(facts["as_of"]), facts["psp"])
    members = _members(report, standing, files, log, languages, forms)
    with tempfile.TemporaryDirectory(prefix="countroom-bundle-") as folder:
        path = Path(folder) / "bundle.zip"
        count = _Counted(members)
        try:
            sha256 = write_bundle(path, _facts(report), count)
        except OSError as error:
            raise Transient(f"writing the bundle in {tempfile.gettempdir()}: {error.strerror}", code="file_not_written") from error
        key = f"bundles/{report.day}/{sha256}.zip"
        is_new = store.put_new_file(key, path)
        return Kept(key, sha256, manifest_sha256(path), path.stat().st_size, count.seen, is_new)


def log_of_run(settings: Settings, report: DayReport) -> dict[str, Any] | None:
    """What the run behind a report did: the last one, or the last before the day was closed; None where Dagster kept none."""
    from pipelines.dagster_home import prepare_dagster_home

    prepare_dagster_home(settings.home, locate_databases(settings).app_url)
    import dagster as dg

    with dg.DagsterInstance.get() as instance:
        return run_log(instance, report.close.opened_by.recorded_at if report.close else None)


def input_files(warehouse: Warehouse, store: ObjectStore, known_by: str, psp: str | None) -> pl.DataFrame:
    """The files behind a day: those of its PSP, the banks and the rates that had landed by a moment, and whether the store has the original."""
    files = warehouse.read(_FILES, [known_by, psp])
    named = set(files["object_key"])
    held = [key for key in store.keys(_ORIGINALS) if key in named]
    return files.with_columns(original_is_kept=pl.col("object_key").is_in(held))


def _facts(report: DayReport) -> dict[str, Any]:
    standing = report.standing
    return {
        "day": str(report.day),
        "psp": standing.facts["psp"],
        "watermark_at": standing.facts["as_of"],
        **{name: standing.facts[name] for name in ("rule_set", "config_hash", "run_id", "cases_sha256")},
        "certificate_closes": standing.closes,
        "broken_count": standing.broken_count,
        "close": _close(report.close) if report.close else None,
    }


def _close(close: Close) -> dict[str, Any]:
    told = close_as_dict(close)
    return {name: told[name] for name in ("close_id", "generation", "state", "frozen_by", "signatures", "watermark_at", "checksum", "object_key")}


def _members(
    report: DayReport, standing_bytes: bytes, files: pl.DataFrame, log: Mapping[str, Any] | None, languages: Sequence[Language], forms: Sequence[str]
) -> Iterator[tuple[str, bytes]]:
    standing = report.standing
    yield STANDING, standing_bytes
    yield "certificate.json", as_json({"facts": dict(standing.facts), "closes": standing.closes, "lines": standing.certificate.to_dicts()})
    if report.close:
        yield "close.json", as_json(close_as_dict(report.close))
    yield FILES, as_json(files.to_dicts())
    yield "run_log.json", as_json(log)
    yield from (as_readme(report, forms, language) for language in languages)
    written: set[str] = set()
    for form in forms:
        if form == "json":
            continue  # it is the standing, which is there under a name that does not depend on the day
        for language in languages:
            for name, content in rendered(report, [form], language).items():
                if name not in written:  # a form of no language has one name in all of them
                    yield name, content
                written.add(name)


class _Counted:
    """Members as they pass, and how many did."""

    def __init__(self, members: Iterator[tuple[str, bytes]]) -> None:
        self._members, self.seen = members, 0

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        for member in self._members:
            self.seen += 1
            yield member
