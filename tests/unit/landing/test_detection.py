"""By folder and by content: which file is what, and what a folder full of files is."""

from __future__ import annotations

from pathlib import Path, PurePath

import pytest

from assets.landing.detection import FileKind, FolderHints, check_promise, detect, files_under
from assets.landing.doors import parse_file
from tests.conftest import REPOSITORY
from transactional.vocabulary.errors import ContractBroken


@pytest.mark.parametrize(
    ("path", "source", "account"),
    [
        ("/in/psp/adyen/CountroomEU/a.csv", "adyen", "CountroomEU"),
        ("bank/a.xml", "bank", None),
        ("/x/fx/e.csv", "fx", None),
        ("/data/bank/camt/a.xml", None, None),
        ("/psp/a.csv", None, None),
        ("a.csv", None, None),
    ],
)
def test_only_the_exact_layout_is_a_promise(path: str, source: str | None, account: str | None) -> None:
    hints = FolderHints.of(PurePath(path))
    assert (hints.source, hints.account) == (source, account)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b'<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">', FileKind.CAMT),
        (b'\xef\xbb\xbf<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.04">', FileKind.CAMT),
        ('<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">'.encode("utf-16"), FileKind.CAMT),
        (b"ABNANL2A\r\n940\r\n:20:X\r\n", FileKind.MT940),
        (b"Date,USD,JPY,\n", FileKind.ECB_RATES),
        (b"Company Account,Merchant Account\n", FileKind.PSP_REPORT),
        (b"PK\x03\x04 damaged", FileKind.PSP_REPORT),
    ],
)
def test_content_decides_and_the_extension_does_not(content: bytes, kind: FileKind) -> None:
    assert detect(content, "file.whatever") is kind


@pytest.mark.parametrize("content", [b"", b" \n\t\r\n", b"\xef\xbb\xbf", b"\x00\x00"])
def test_an_empty_file_is_said_to_be_empty(content: bytes) -> None:
    with pytest.raises(ContractBroken, match=r"a\.csv: the file is empty"):
        detect(content, "a.csv")


def test_other_xml_is_named_as_such() -> None:
    with pytest.raises(ContractBroken, match=r"a\.xml, line 1: XML, but not camt"):
        detect(b"<html></html>", "a.xml")


def test_a_file_in_another_source_s_folder_is_refused() -> None:
    with pytest.raises(ContractBroken, match="lies in the folder of 'adyen'"):
        check_promise(FolderHints("psp/adyen/X", "adyen", "X"), FileKind.CAMT, "bank", "a.xml")


def test_a_report_without_a_line_is_of_the_account_in_whose_folder_it_lies() -> None:
    # the trap: a day on which nothing happened, reported so, and held to be missing because the report names nobody
    header = next((REPOSITORY / "tests/data/psps/adyen").glob("payments_accounting_report_*.csv")).read_bytes().splitlines()[0]
    parsed = parse_file(header + b"\n", "payments_accounting_report_2026_01_29.csv", FolderHints("psp/adyen/Ours", "adyen", "Ours"))
    assert (parsed.account, sum(frame.rows.height for frame in parsed.frames)) == ("Ours", 0)


def test_a_world_s_answer_key_is_not_landed_with_its_files(tmp_path: Path) -> None:
    for name in ("world.json", "answer_key.parquet", "bank/b.xml", "psp/adyen/A/1.csv", "fx/.hidden.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [path.name for path in files_under(tmp_path)] == ["b.xml", "1.csv"]
    assert [path.name for path in files_under(tmp_path / "bank")] == ["b.xml"]
    assert files_under(tmp_path / "world.json") == [tmp_path / "world.json"]
