"""One stand-alone reconciliation: sources from the command line or the map, the comparison, and files of the answer. For pipelines/commands/reconcile.py.

The trap: a file given on the command line for the left and read under the map's idea of the right. What the command line names replaces what the map
names, side by side, and the numbers of tables and maps must agree.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from assets.reconciliation.standalone.comparison import Comparison, compare
from assets.reconciliation.standalone.map_file import read_map
from assets.reconciliation.standalone.mapping import TableMap
from assets.reconciliation.standalone.rows import TextTable
from pipelines.resources.whole_files import write_whole
from pipelines.standalone.sources import read_file, read_query
from transactional.vocabulary.errors import ContractBroken, InputRejected, Place


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line named for one side: files, then `URL#query` texts."""

    files: Sequence[Path] = ()
    queries: Sequence[str] = ()


def compare_tables(map_path: Path, left: Given, right: Given, as_of: datetime) -> Comparison:
    """Read the map and both sides, and compare. Raises: what cannot be read, with its place."""
    two = read_map(_text_of(map_path), str(map_path))
    return compare(two, _tables(left, two.left, "left", map_path), _tables(right, two.right, "right", map_path), as_of)


def moment(printed: str | None, now: datetime) -> datetime:
    """The knowledge time of a run: now, or the end of a given day (UTC), or a given instant. Raises: InputRejected."""
    if printed is None:
        return now
    try:
        if len(printed) == len("2026-01-31"):
            return datetime.combine(date.fromisoformat(printed), time(23, 59, 59), tzinfo=UTC)
        told = datetime.fromisoformat(printed)
    except ValueError as error:
        raise InputRejected(
            f"--as-of '{printed[:40]}' is neither a day like 2026-01-31 nor a time like 2026-01-31T12:00:00Z", code="as_of"
        ) from error
    if told.tzinfo is None:
        raise InputRejected("--as-of has no zone; write 2026-01-31T12:00:00Z", code="as_of")
    return told.astimezone(UTC)


def known_formats(told: str | None, out: Path | None) -> list[str]:
    """The formats asked for, before anything is read. Raises: InputRejected for one that nobody writes, or for formats without a folder."""
    if told is None:
        return ["html", "xlsx"] if out else []
    if out is None:
        raise InputRejected("--format needs --out: into which folder?", code="missing_argument")
    formats = list(dict.fromkeys(name.strip() for name in told.split(",")))
    unknown = [name for name in formats if name not in _writers()]
    if unknown:
        raise InputRejected(f"--format '{unknown[0]}' is not known; expected some of {', '.join(_writers())}", code="format")
    return formats


def write_files(found: Comparison, folder: Path, formats: Sequence[str]) -> list[Path]:
    """The answer as files in a folder, which is made. Raises: InputRejected when the folder cannot be written."""
    writers = _writers()
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in formats:
            for file_name, content in writers[name](found).items():
                path = folder / file_name
                write_whole(path, content)
                written.append(path)
    except OSError as error:
        raise InputRejected(f"{folder} cannot be written: {error.strerror}", code="out") from error
    return written


def _writers() -> dict[str, Callable[[Comparison], dict[str, bytes]]]:
    """What each format makes: file names and contents."""
    from pipelines.standalone.machine import as_csv, as_json
    from pipelines.standalone.page import as_html
    from pipelines.standalone.workbook import as_xlsx

    return {"html": as_html, "xlsx": as_xlsx, "csv": as_csv, "json": as_json}


def _text_of(map_path: Path) -> str:
    try:
        return map_path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputRejected(f"the map {map_path} cannot be read: {error.strerror}", code="no_such_path") from error
    except UnicodeDecodeError as error:
        raise ContractBroken("not UTF-8; expected a map in YAML", code="map", place=Place(str(map_path))) from error


def _tables(given: Given, rules: Sequence[TableMap], side: str, map_path: Path) -> list[TextTable]:
    if given.files or given.queries:
        names = _names(given.files)
        tables = [read_file(path, names[path]) for path in given.files]
        return tables + [_queried(text, f"{side} query{f' {number}' if number > 1 else ''}") for number, text in enumerate(given.queries, 1)]
    homeless = [rule for rule in rules if rule.file is None and rule.url is None]
    if homeless:
        message = f"no table for the {side} side: give --{side} FILE or --{side}-sql URL#QUERY, or name `file` or `url` and `query` in {map_path}"
        raise InputRejected(message, code="missing_argument")
    paths = [map_path.parent / rule.file for rule in rules if rule.file]
    names = _names(paths)
    tables = []
    for number, rule in enumerate(rules, 1):
        if rule.file is not None:
            path = map_path.parent / rule.file
            tables.append(read_file(path, names[path]))
        else:
            tables.append(read_query(_url(rule.url or ""), rule.query or "", rule.name or f"{side} query {number}"))
    return tables


def _queried(text: str, name: str) -> TextTable:
    url, mark, query = text.partition("#")
    if not mark or not query.strip():
        raise InputRejected(f"the {name} is not of the form URL#QUERY", code="query")
    return read_query(_url(url), query, name)


def _url(text: str) -> str:
    """The URL, or the content of the environment variable that `$NAME` names: a map or a shell's history is no place for a password."""
    if not text.startswith("$"):
        return text
    value = os.environ.get(text[1:].strip("{}"))
    if value is None:
        raise InputRejected(f"the environment has no variable {text[1:].strip('{}')}, which should hold a database's URL", code="database_url")
    return value


def _names(paths: Sequence[Path]) -> dict[Path, str]:
    """A file is called by its name, or by its whole path where two have one name."""
    short = [path.name for path in paths]
    return {path: path.name if short.count(path.name) == 1 else str(path) for path in paths}
