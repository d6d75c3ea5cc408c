"""Files made to harm, offered together: each is refused with its reason, within bounds of memory, and the good one among them lands.

The sizes are those of the bounds themselves. What each blocks was seen: two cells in a 1.5 KB xlsx aborted the process, 60 KB of zip took minutes.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from assets.landing.bounds import Bounds
from assets.landing.tabular import read_sheet
from tests.conftest import REPOSITORY
from tests.integration.landing.offers import HISTORY, STATEMENT, Land
from transactional.vocabulary.errors import ContractBroken

MEMORY_BYTES = 1_500_000_000  # of the landing process; a spreadsheet's child has a bound of its own

# `countroom ingest` with a bound on its memory, which also says on stderr what the largest was. VmHWM and not ru_maxrss: that one begins at what the
# process that started it held, which is this worker with whatever worlds it has built
CHILD = f"""
import sys
from pipelines.cli import run
code = run(sys.argv[1:])
peak = next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
print("peak", peak, file=sys.stderr)
sys.exit(code if peak < {MEMORY_BYTES} else 9)
"""

_CAMT = b'<?xml version="1.0"?>%s<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02">%s</Document>'
_SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1"><v>1</v></c></row>'
    '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
)


def spreadsheet(sheet: str = _SHEET) -> bytes:
    """The least that is an xlsx; by default with one cell in each corner of the largest sheet there can be."""
    types, relations = "http://schemas.openxmlformats.org/package/2006", "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    main = "application/vnd.openxmlformats-officedocument.spreadsheetml"

    def related(kind: str, target: str) -> str:
        one = f'<Relationship Id="r1" Type="{relations}/{kind}" Target="{target}"/>'
        return f'<Relationships xmlns="{types}/relationships">{one}</Relationships>'

    parts = {
        "[Content_Types].xml": f'<Types xmlns="{types}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{main}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{main}.worksheet+xml"/></Types>',
        "_rels/.rels": related("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="{relations}">'
        '<sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": related("worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": sheet,
    }
    return zipped(parts)


def zipped(parts: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def laughs() -> bytes:
    """Nine entities, each ten times the one before."""
    entities = "".join(f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefghi", "bcdefghij", strict=True))
    return _CAMT % (f'<!DOCTYPE d [<!ENTITY a "ha">{entities}]>'.encode(), b"&j;")


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "corners.xlsx": (spreadsheet, "cannot be read within 4 GB of memory"),
    "bomb.xlsx": (lambda: spreadsheet("<worksheet>" + " " * 300_000_000), "unpacks to 300,0"),
    "bomb.zip": (lambda: zipped({"eurofxref.csv": "Date,USD,\n" + "x\n" * 1_000_001}), "line 1000001: more than 1,000,000 lines"),
    "columns.csv": (lambda: b",".join(b"c%d" % n for n in range(10_000)) + b"\n", "line 1: 10,000 columns; expected at most 2,000"),
    "line.csv": (lambda: b"a," * 600_000, "line 1: a line of more than 1,000,000 characters"),
    "torn.csv": (lambda: b"a,b\n" + b"1\n" * 10_001, "line 10002: more than 10,000 rows with another number of cells than the header's 2"),
    "keys.json": (lambda: json.dumps([{f"k{n}": 1} for n in range(2_001)]).encode(), "line 2001: 2,001 columns"),
    "deep.json": (lambda: b"[" * 1_000_000, "not JSON"),
    "laughs.xml": (laughs, "document type declaration"),
    "deep.xml": (lambda: _CAMT % (b"", b"<a>" * 100_000), "not well-formed XML"),
    "long.sta": (lambda: b":20:S\n:25:D\n:61:2603020302C" + b"1" * 1_000_000 + b"\n", "line 3: a line of more than 10,000 characters"),
    "endless.bai": (lambda: b"01,a,b,260301,0000,1,,,2/\n" + b"88,/\n" * 1_001, "line 1002, column 'record 88': more than 1,000 continuations"),
    "sparse.csv": (lambda: b"", "2,147,483,648 bytes; expected at most"),
}


def test_hostile_files_are_refused_within_bounds_and_stop_no_other(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name, (content, _) in HOSTILE.items():
        (folder / name).write_bytes(content())
    os.truncate(folder / "sparse.csv", 2 * 1024**3)
    (folder / "zz_good.csv").write_bytes(HISTORY)
    environment = os.environ | {"COUNTROOM_DATABASE_URL": database_url, "COUNTROOM_OBJECT_STORE": (tmp_path / "objects").as_uri()}
    command = [sys.executable, "-c", CHILD, "ingest", str(folder), "--json"]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1, done.stderr[-2000:]
    files = {file["name"]: file for file in json.loads(done.stdout)["files"]}
    assert files.pop("zz_good.csv")["status"] == "landed"
    assert {name: file["status"] for name, file in files.items()} == dict.fromkeys(HOSTILE, "refused")
    told = {name: file["errors"][0] for name, file in files.items()}
    assert {name: text for name, text in told.items() if not (text.startswith(name) and HOSTILE[name][1] in text)} == {}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a,b\n" + b"\n" * 100 + b"1,2\n", "line 101: more than 100 lines"),  # blank lines cost time and are in no total
        (b"\n" * 101 + b"a,b\n1,2\n", "line 101: more than 100 lines"),
        (b"a,b\n" + b"1,2\n" * 40, "line 26: more than 50 cells"),
        (b'a,b\n1,"' + b"2\n" * 98 + b'"\n' + b"3,4\n" * 9, "line 101: more than 100 lines"),  # within a quoted cell too
        (b"[" + b",".join([b'{"a":1,"b":2}'] * 26) + b"]", "line 1: more than 50 cells"),
        (json.dumps([{"a": "x" * 400, "b": 2}]).encode(), "characters of JSON; expected at most 400"),
    ],
)
def test_what_is_small_on_disk_and_large_in_memory_is_counted_as_it_is_read(content: bytes, expected: str) -> None:
    with pytest.raises(ContractBroken) as refused:
        read_sheet(content, "f", bounds=Bounds(lines=100, cells=50, json_characters=400))
    assert expected in str(refused.value)


def test_amounts_that_fit_and_sums_that_do_not_are_a_refused_statement_with_its_entries_landed(land: Land) -> None:
    # the trap: an error of the frame library in the middle of a run, and the other files of the day wait for it
    entry = b":61:2603020302C999999999999999,00NTRFREF\n"
    statement = STATEMENT.split(b":61:")[0] + entry * 100 + b":62F:C260302EUR113,50\n-\n"
    landed = land(statement, "s.sta")
    assert (landed.status, landed.counts.landed, landed.counts.rejected) == ("landed", 100, 1)
    assert "sums fit 64 bits" in landed.errors[0]
