"""A spreadsheet as rows of text, read in a process of its own. For tabular.py.

The readers of xlsx and xls are native code that believes the file: two cells in opposite corners make them ask for 400 GB, and a process that cannot have
it is aborted, with the run and everything else in it. So a child reads, within bounds of memory and time, and whatever happens to it is one refused file.
Costs half a second a file; spreadsheets are few. Units: `line` is the row of the sheet, from 1.
"""

from __future__ import annotations

import io
import resource
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from transactional.vocabulary.errors import ContractBroken, Place

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LARGEST_UNPACKED = 256 * 1024 * 1024  # a sheet of a million rows of 20 columns; as the door's own bound on what came unpacked
_LARGEST_ANSWER = 512 * 1024 * 1024
_MEMORY_BYTES = 4 * 1024**3
_CPU_SECONDS, _LONGEST_SECONDS = 60, 180
_READ, _NOT_READABLE = 0, 3


def spreadsheet_rows(content: bytes, name: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of the first sheet, blank cells as blank text. Raises: ContractBroken (`not_a_table`, `too_large`)."""
    if content.startswith(ZIP):
        _check_archive(content, name)
    answer = _ask_child(content, name)
    columns = [series.fill_null("").to_list() for series in pl.read_ipc(io.BytesIO(answer))]
    return ((line, list(row)) for line, row in enumerate(zip(*columns, strict=True), 1))


def _check_archive(content: bytes, name: str) -> None:
    try:
        members = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except (zipfile.BadZipFile, RuntimeError, ValueError, OSError, EOFError) as error:
        raise ContractBroken("a damaged archive; expected an xlsx", code="not_a_table", place=Place(name)) from error
    if not any(member.filename.startswith("xl/") for member in members):
        raise ContractBroken("an archive that is not an xlsx; unpack it first", code="not_a_table", place=Place(name))
    unpacked = sum(member.file_size for member in members)
    if unpacked > _LARGEST_UNPACKED:  # what the archive says of itself; one that lies meets the child's bounds
        message = f"unpacks to {unpacked:,} bytes; expected at most {_LARGEST_UNPACKED:,}"
        raise ContractBroken(message, code="too_large", place=Place(name))


def _ask_child(content: bytes, name: str) -> bytes:
    command = [sys.executable, "-m", "assets.landing.reports.spreadsheets"]
    try:
        done = subprocess.run(command, input=content, capture_output=True, cwd=Path(__file__).parents[3], timeout=_LONGEST_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        done = None
    if done is not None and done.returncode == _READ:
        return done.stdout
    if done is not None and done.returncode == _NOT_READABLE:
        raise ContractBroken("not a readable spreadsheet", code="not_a_table", place=Place(name))
    message = f"a spreadsheet that cannot be read within {_MEMORY_BYTES // 1024**3} GB of memory and {_CPU_SECONDS} seconds; export it as CSV"
    raise ContractBroken(message, code="too_large", place=Place(name))


def main() -> int:
    """The child: a spreadsheet on stdin, its first sheet as text on stdout in Arrow's file format."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    import fastexcel

    try:
        sheet = fastexcel.read_excel(sys.stdin.buffer.read()).load_sheet(0, header_row=None, skip_rows=0, dtypes="string")
    except fastexcel.FastExcelError:
        return _NOT_READABLE
    answer = io.BytesIO()
    sheet.to_polars().write_ipc(answer)
    if answer.tell() > _LARGEST_ANSWER:
        return _READ + 1
    sys.stdout.buffer.write(answer.getbuffer())
    return _READ


if __name__ == "__main__":
    sys.exit(main())
