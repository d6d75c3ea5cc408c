"""`countroom ingest`: files and folders, one bad one stops no other, exit codes 0, 1 and 2."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli import run
from pipelines.resources.warehouse import Warehouse
from tests.integration.landing.offers import HISTORY, STATEMENT

Ingest = Callable[..., tuple[int, dict[str, Any]]]
CLEAN = STATEMENT.replace(b"260230", b"260302")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in {"bank/s.sta": CLEAN, "fx/h.csv": HISTORY, "psp/adyen/X/empty.csv": b"", "psp/adyen/X/s.sta": CLEAN + b"\n"}.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(content)
    return tmp_path / "in"


def test_a_folder_lands_and_its_bad_files_stop_no_other(ingest: Ingest, folder: Path, warehouse: Warehouse) -> None:
    code, outcome = ingest(folder)
    assert code == 1
    assert {file["name"]: file["status"] for file in outcome["files"] if file["source"] != "adyen"} == {"s.sta": "landed", "h.csv": "landed"}
    refused = [file["errors"][0] for file in outcome["files"] if file["status"] == "refused"]
    assert refused == [
        "empty.csv: the file is empty; expected a PSP report, a bank statement or ECB rates",
        "s.sta: lies in the folder of 'adyen', but its content is mt940 of 'bank'",
    ]
    assert outcome["totals"] == {
        "files_landed": 2,
        "files_duplicate": 0,
        "files_refused": 2,
        "rows_in": 7,
        "rows_landed": 7,
        "rows_rejected": 0,
        "rows_duplicate": 0,
    }
    assert warehouse.read("select count(*) from raw.bank__statement_lines").item() == 2


def test_again_is_all_duplicates_and_exit_code_0(ingest: Ingest, folder: Path) -> None:
    files = [folder / "bank", folder / "fx" / "h.csv"]
    assert ingest(*files)[0] == 0
    code, outcome = ingest(*files)
    assert code == 0
    assert (outcome["totals"]["files_duplicate"], outcome["totals"]["rows_landed"], outcome["totals"]["rows_duplicate"]) == (2, 0, 7)


def test_a_rejected_row_is_something_found(ingest: Ingest, tmp_path: Path) -> None:
    (tmp_path / "s.sta").write_bytes(STATEMENT)
    code, outcome = ingest(tmp_path / "s.sta")
    assert (code, outcome["totals"]["rows_rejected"]) == (1, 1)


def test_the_table_for_people_names_files_counts_and_reasons(configured: None, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ingest", str(folder)]) == 1
    shown = capsys.readouterr()
    assert "refused: empty.csv: the file is empty" in shown.out
    assert "2 files landed, 0 files duplicate, 2 files refused" in shown.out
    assert "[1/4] s.sta" in shown.err


def test_a_file_that_cannot_be_opened_is_named_and_stops_no_other(ingest: Ingest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.read_bytes

    def denied(path: Path) -> bytes:
        if path.name == "h.csv":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", denied)
    code, outcome = ingest(folder / "bank", folder / "fx")
    assert code == 1
    assert [file["errors"] for file in outcome["files"]] == [[], ["h.csv: cannot be read (Permission denied)"]]


def test_a_file_beyond_the_limit_is_refused_without_being_read(ingest: Ingest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assets.landing.doors.LARGEST_FILE_BYTES", 80)
    code, outcome = ingest(folder / "bank", folder / "fx")
    assert code == 1
    assert "expected at most 80" in outcome["files"][0]["errors"][0]


@pytest.mark.parametrize("path", ["nowhere", "empty"])
def test_nothing_to_land_is_could_not(configured: None, tmp_path: Path, path: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert run(["ingest", str(tmp_path / path)]) == 2
    assert path in capsys.readouterr().err


def test_a_database_without_our_schema_is_could_not_and_says_what_to_do(
    empty_database_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COUNTROOM_DATABASE_URL", empty_database_url)
    assert run(["ingest", str(folder)]) == 2
    assert "countroom migrate" in capsys.readouterr().err


def test_the_console_script_prints_one_json_document(configured: None, folder: Path) -> None:
    command = [str(Path(sys.executable).with_name("countroom")), "ingest", str(folder), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert json.loads(done.stdout)["totals"]["files_landed"] == 2
