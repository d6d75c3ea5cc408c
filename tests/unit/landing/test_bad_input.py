"""Whatever is offered, parsing ends with rows or with a reason that names the file: never with a traceback, never with half a row."""

from __future__ import annotations

import csv
import io
import json
import random
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.landing.detection import FolderHints
from assets.landing.doors import parse_file
from assets.landing.parsed import ParsedFile
from pipelines.resources.frames import polars_schema
from transactional.vocabulary.errors import ContractBroken, InputRejected
from transactional.vocabulary.tables import ColumnType

MT940 = (
    b":20:START\n:25:DE89370400440532013000\n:28C:7/1\n:60F:C260301EUR100,00\n:61:2603020302C12,50NTRFREF//BANK-1\n"
    b":86:166?00GUTSCHRIFT?20EREF+TX1?32ADYEN\n:61:2603020302D1,00NTRFNONREF\n:62F:C260302EUR111,50\n-\n"
)
CAMT = (
    b'<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><Stmt><Id>S</Id><Acct><Id>'
    b"<IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>"
    b'<Ntry><Amt Ccy="EUR">10.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-03-02</Dt></BookgDt></Ntry>'
    b"</Stmt></BkToCstmrStmt></Document>"
)
ECB = b"Date,USD,JPY,BGN,\n2026-03-03,1.0842,161.55,N/A,\n2026-03-02,1.0810,161.2,1.9558,\n"
ADYEN = (
    b"Company Account,Merchant Account,Psp Reference,Merchant Reference,Payment Method,Creation Date,TimeZone,Type,Modification Reference,"
    b"Gross Currency,Gross Debit (GC),Gross Credit (GC),Exchange Rate,Net Currency,Net Debit (NC),Net Credit (NC),Commission (NC),Markup (NC),"
    b"Scheme Fees (NC),Interchange (NC),Batch Number\n"
    b"Co,CountroomEU,P1,M1,visa,2026-03-02 10:00:00,CET,Settled,C1,EUR,,10.00,1,EUR,,9.50,0.50,,,,7\n"
    b"Co,CountroomEU,P2,M2,visa,2026-03-02 11:00:00,CET,Settled,C2,EUR,,20.00,1,EUR,,19.50,0.50,,,,7\n"
)
GOOD = {"s.sta": MT940, "s.xml": CAMT, "e.csv": ECB, "settlement_detail_report_batch_7.csv": ADYEN}


def parse(content: bytes, name: str) -> ParsedFile | ContractBroken | InputRejected:
    try:
        return parse_file(content, name, FolderHints())
    except (ContractBroken, InputRejected) as error:
        return error


def refusal(content: bytes, name: str) -> str:
    outcome = parse(content, name)
    assert isinstance(outcome, ContractBroken), outcome
    return str(outcome)


def check(outcome: ParsedFile | ContractBroken | InputRejected, name: str) -> None:
    """An error has a message; rows have the contract's types, and every rejected row says where and why."""
    if not isinstance(outcome, ParsedFile):
        assert outcome.message
        return
    for frame in outcome.frames:
        schema = polars_schema(frame.table)
        own = {column: dtype for column, dtype in frame.rows.schema.items() if column in schema}
        assert {column: dtype for column, dtype in own.items() if dtype != schema[column] and not schema[column].is_integer()} == {}
        for column in frame.table.columns:
            if column.name in own and not column.nullable:
                assert frame.rows[column.name].null_count() == 0, (name, column.name)
            if column.name in own and column.type is ColumnType.TEXT:
                assert not frame.rows[column.name].str.contains("\x00", literal=True).any()
    assert all(row.line >= 1 and row.code and row.expected for row in outcome.rejected)


@pytest.mark.parametrize("name", GOOD)
def test_the_good_files_are_good(name: str) -> None:
    outcome = parse(GOOD[name], name)
    assert isinstance(outcome, ParsedFile), outcome
    assert outcome.rejected == ()
    check(outcome, name)


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda content: b"", id="empty"),
        pytest.param(lambda content: b"\n \r\n", id="blank"),
        pytest.param(lambda content: random.Random(1).randbytes(2_000), id="binary"),
        pytest.param(lambda content: b"\x89PNG\r\n\x1a\n" + random.Random(3).randbytes(900), id="a picture"),
        pytest.param(lambda content: b"PK\x03\x04" + content, id="a damaged archive"),
        pytest.param(lambda content: b"%PDF-1.7\n" + random.Random(2).randbytes(500), id="a PDF"),
        pytest.param(lambda content: b"<html><body>503 Service Unavailable</body></html>", id="an error page"),
        pytest.param(lambda content: b'{"error": "expired link"}', id="an error document"),
        pytest.param(lambda content: content[: len(content) // 8], id="cut off early"),
    ],
)
def test_what_is_no_report_is_refused_whole_and_by_name(name: str, spoil: Callable[[bytes], bytes]) -> None:
    outcome = parse(spoil(GOOD[name]), name)
    if isinstance(outcome, ParsedFile):  # a cut that falls between two rows leaves a smaller file that is whole
        assert outcome.rows_landed == 0 or spoil(GOOD[name]) == GOOD[name][: len(GOOD[name]) // 8]
    else:
        assert name in str(outcome)


@pytest.mark.parametrize(
    ("old", "new", "code", "column"),
    [
        (b"2026-03-02 10:00:00", b"2026-02-30 10:00:00", "impossible_date", "Creation Date"),
        (b",10.00,", b",10.001,", "too_many_decimals", "Gross Credit (GC)"),
        (b"EUR,,10.00", b"EUX,,10.00", "unknown_currency", "Gross Currency"),
        (b",10.00,", b",ten,", "not_a_number", "Gross Credit (GC)"),
        (b",10.00,", b",NaN,", "not_a_number", "Gross Credit (GC)"),
        (b",10.00,", b",1e1,", "not_a_number", "Gross Credit (GC)"),
    ],
)
def test_a_bad_cell_of_a_psp_report_is_a_rejected_row_with_its_place(old: bytes, new: bytes, code: str, column: str) -> None:
    outcome = parse(ADYEN.replace(old, new), "settlement_detail_report_batch_7.csv")
    assert isinstance(outcome, ParsedFile), outcome
    (row,) = outcome.rejected
    assert (row.line, row.column) == (2, column), row
    assert outcome.rows_landed == 1
    assert row.code == code


def test_lines_in_another_order_are_the_same_lines_with_other_numbers() -> None:
    header, first, second = ADYEN.splitlines(keepends=True)
    outcomes = [parse(header + lines, "a.csv") for lines in (first + second, second + first)]
    hashes = [outcome.frames[0].rows.sort("row_hash")["row_hash"].to_list() for outcome in outcomes if isinstance(outcome, ParsedFile)]
    assert len(hashes) == 2
    assert hashes[0] == hashes[1]


def test_a_line_twice_lands_twice_for_the_engine_to_judge() -> None:
    header, first, second = ADYEN.splitlines(keepends=True)
    outcome = parse(header + first + first + second, "a.csv")
    assert isinstance(outcome, ParsedFile)
    rows = outcome.frames[0].rows
    assert rows["line_no"].to_list() == [2, 3, 4]
    assert rows["row_hash"].n_unique() == 2


def test_a_report_in_another_psp_s_folder_is_refused() -> None:
    with pytest.raises(ContractBroken, match="adyen"):
        parse_file(ADYEN, "a.csv", FolderHints("psp/stripe/acct", "stripe", "acct"))


@pytest.mark.parametrize(("escape", "message"), [("\\u0000", "NUL"), ("\\ud800", "surrogate")])
def test_a_character_no_database_can_hold_is_refused_before_it_is_sent(escape: str, message: str) -> None:
    """A JSON report can spell what its bytes cannot contain."""
    rows = list(csv.DictReader(io.StringIO(ADYEN.decode())))
    text = json.dumps(rows).replace('"M2"', f'"M2{escape}"')
    assert "report.json" in refusal(text.encode(), "report.json")
    assert isinstance(parse(json.dumps(rows).encode(), "report.json"), ParsedFile)


def test_an_oversized_file_is_refused_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assets.landing.doors.LARGEST_FILE_BYTES", 100)
    assert "expected at most 100" in refusal(MT940, "s.sta")


@st.composite
def spoiled(draw: st.DrawFn) -> tuple[str, bytes]:
    """A good file with a few bytes removed, repeated or replaced: what broken transfers and hand edits do."""
    name = draw(st.sampled_from(sorted(GOOD)))
    content = bytearray(GOOD[name])
    for _ in range(draw(st.integers(1, 4))):
        at, length = draw(st.integers(0, max(len(content) - 1, 0))), draw(st.integers(0, 40))
        inserted = draw(
            st.one_of(st.binary(max_size=6), st.sampled_from([b"\n", b":61:", b"\x00", b'"', b",", b"<", b"9" * 30, b"-", b"\xff", b"EUR"]))
        )
        content[at : at + length] = inserted
    return name, bytes(content)


@given(spoiled())
def test_any_damage_ends_in_rows_or_in_a_reason(case: tuple[str, bytes]) -> None:
    name, content = case
    check(parse(content, name), name)


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=3))
def test_a_damaged_archive_ends_in_rows_or_in_a_reason(damage: list[tuple[int, int]]) -> None:
    """zipfile answers damage with half a dozen kinds of exception; counted from the end, where its directory is."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("eurofxref.csv", ECB)
    content = bytearray(buffer.getvalue())
    for at, byte in damage:
        content[-1 - at % len(content)] = byte
    check(parse(bytes(content), "eurofxref.zip"), "eurofxref.zip")


@given(st.binary(max_size=300), st.sampled_from(sorted(GOOD)))
def test_any_bytes_end_in_rows_or_in_a_reason(content: bytes, name: str) -> None:
    check(parse(content, name), name)
