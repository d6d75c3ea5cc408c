"""MT940: marks, dialects, encodings, impossible dates."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from assets.landing.bank.mt940 import parse_mt940
from assets.landing.parsed import ParsedFile
from transactional.vocabulary.errors import ContractBroken

HEAD = ":20:START\n:25:DE89370400440532013000\n:28C:7/1\n:60F:C260301EUR100,00\n"


def statement(*entries: str, head: str = HEAD, tail: str = ":62F:C260302EUR100,00\n-\n") -> bytes:
    return (head + "".join(f"{each}\n" for each in entries) + tail).encode()


def lines(parsed: ParsedFile) -> list[dict[str, Any]]:
    return parsed.frames[0].rows.to_dicts()


def statements(parsed: ParsedFile) -> list[dict[str, Any]]:
    return parsed.frames[1].rows.to_dicts()


@pytest.mark.parametrize(
    ("mark", "minor", "reversal"),
    [
        ("C", 1050, False),
        ("D", -1050, False),
        ("RC", -1050, True),
        ("RD", 1050, True),
        ("CR", 1050, False),
        ("DR", -1050, False),
        ("RCR", -1050, True),
    ],
)
def test_a_reversed_credit_takes_money_away_and_a_funds_code_reverses_nothing(mark: str, minor: int, reversal: bool) -> None:
    (line,) = lines(parse_mt940(statement(f":61:2603020302{mark}10,5NTRFREF-1//BANK-1"), "s.sta"))
    assert (line["amount_minor"], line["is_reversal"]) == (minor, reversal)
    assert (line["bank_reference"], line["transaction_code"]) == ("BANK-1", "NTRF")


@pytest.mark.parametrize(
    ("printed", "minor"), [("380115,12", 38011512), ("380115,1", 38011510), ("380115,", 38011500), ("00,12", 12), ("0,", 0), ("7", 700)]
)
def test_amount_formats_of_real_banks(printed: str, minor: int) -> None:
    assert lines(parse_mt940(statement(f":61:260302C{printed}NTRFNONREF"), "s.sta"))[0]["amount_minor"] == minor


def test_an_impossible_date_is_a_refused_row_and_never_moved_to_another_day() -> None:
    parsed = parse_mt940(statement(":61:2602300301DR6,00NMSCNONREF", ":61:2603020302C6,00NMSCNONREF"), "s.sta")
    (row,) = parsed.rejected
    assert (row.code, row.line, row.column) == ("impossible_date", 5, ":61: value date")
    assert [line["line_no"] for line in lines(parsed)] == [2]


@pytest.mark.parametrize(
    ("value", "entry", "booked"),
    [
        ("261230", "0102", date(2027, 1, 2)),
        ("270102", "1230", date(2026, 12, 30)),
        ("260302", "0302", date(2026, 3, 2)),
        ("280301", "0229", date(2028, 2, 29)),
    ],
)
def test_an_entry_date_belongs_to_the_year_nearest_to_its_value_date(value: str, entry: str, booked: date) -> None:
    assert lines(parse_mt940(statement(f":61:{value}{entry}C1,00NTRFNONREF"), "s.sta"))[0]["booking_date"] == booked


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (":61:2603020302C10,123NTRFNONREF", "too_many_decimals"),
        (":61:2603020302X10,12NTRFNONREF", "bad_statement_line"),
        (":61:2603021302C10,12NTRFNONREF", "impossible_date"),
        (":61:", "bad_statement_line"),
    ],
)
def test_an_unusable_entry_names_its_line_and_the_others_land(bad: str, code: str) -> None:
    parsed = parse_mt940(statement(":61:260302C1,00NTRFNONREF", bad, ":61:260302C2,00NTRFNONREF"), "s.sta")
    assert [line["amount_minor"] for line in lines(parsed)] == [100, 200]
    assert [(row.code, row.line) for row in parsed.rejected] == [(code, 6)]


def test_text_is_utf8_or_windows_1252_line_by_line() -> None:
    content = statement(":61:260302C1,00NTRFNONREF", ":86:166?00GUTSCHRIFT?20M\xdcLLER?32JOS").replace("M\xdcLLER".encode(), b"M\xdcLLER \x80")
    content = content.replace(b":20:START", ":20:ÜBER".encode())
    parsed = parse_mt940(content, "s.sta")
    assert "MÜLLER €" in lines(parsed)[0]["description"]
    assert statements(parsed)[0]["statement_id"].startswith("ÜBER")


def test_a_control_character_does_not_stop_a_statement() -> None:
    content = statement(":61:260302C1,00NTRFNONREF", ":86:PAY\x00PAL\x1aX")
    assert "PAY PAL X" in lines(parse_mt940(content, "s.sta"))[0]["description"]


def test_a_reference_cut_by_a_subfield_is_one_again_and_short_pieces_are_words() -> None:
    reference = "TX7654321XT-BATCH-380-CountroomEU"  # longer than one subfield of 27
    details = f":86:166?00GUTSCHRIFT?20EREF+{reference[:22]}?21{reference[22:]}?22SVWZ+short?23words?31DE111?32ADYEN N.V."
    (line,) = lines(parse_mt940(statement(":61:260302C1,00NTRFNONREF", details), "s.sta"))
    assert line["end_to_end_id"] == reference
    assert "short words ADYEN N.V." in line["description"]
    assert line["counterparty_account"] == "DE111"


def test_return_codes_of_three_dialects() -> None:
    entries = (
        ":61:260302C1,00NTRFNONREF\n:86:159?00RETOURE?20EREF+X?34914",
        ":61:260302C1,00NTRFNONREF\n:86:/EREF/abc/RTRN/AC04/REMI/back",
        ":61:260302C1,00NRTINONREF\n:86:returned",
        ":61:260302C1,00NTRFNONREF\n:86:166?00GUTSCHRIFT?34000",
    )
    assert [line["return_reason"] for line in lines(parse_mt940(statement(*entries), "s.sta"))] == ["914", "AC04", "unstated", None]


def test_an_intraday_report_has_no_balances_and_books_nothing() -> None:
    head = ":20:X\n:25:GB29NWBK60161331926819\n:28C:1/1\n:34F:GBPD0,\n:34F:GBPC0,\n:13D:2603021730+0000\n"
    parsed = parse_mt940(statement(":61:2603020302D0,42NTRFNONREF", head=head, tail=":90D:1GBP0,42\n"), "s.sta")
    assert parsed.report == "mt942"
    assert (lines(parsed)[0]["is_booked"], lines(parsed)[0]["currency"]) == (False, "GBP")
    assert statements(parsed)[0]["difference_minor"] is None


def test_two_statements_in_a_file_count_their_entries_through() -> None:
    content = statement(":61:260302C1,00NTRFNONREF") + b"BANKNAME\n940\n" + statement(":61:260302C2,00NTRFNONREF")
    parsed = parse_mt940(content, "s.sta")
    assert [(line["statement_no"], line["line_no"]) for line in lines(parsed)] == [(1, 1), (2, 2)]
    assert [row["difference_minor"] for row in statements(parsed)] == [-100, -200]


def test_a_balance_without_currency_is_in_the_account_s() -> None:
    parsed = parse_mt940(statement(tail=":62F:C260302100,00\n"), "s.sta")
    assert statements(parsed)[0]["closing_minor"] == 10000


def test_lines_end_as_they_like() -> None:
    unix = statement(":61:260302C1,00NTRFNONREF", ":86:text")
    parsed = [
        lines(parse_mt940(content, "s.sta")) for content in (unix, unix.replace(b"\n", b"\r\n"), unix.replace(b"\n", b"\r"), b"\xef\xbb\xbf" + unix)
    ]
    assert parsed[1:] == parsed[:1] * 3


def test_a_file_without_an_account_is_refused_with_its_place() -> None:
    with pytest.raises(ContractBroken, match=r"s\.sta, line 1, column ':25:'"):
        parse_mt940(statement(head=":20:X\n:60F:C260301EUR100,00\n"), "s.sta")


def test_a_truncated_statement_lands_its_entries_and_shows_no_closing_balance() -> None:
    parsed = parse_mt940(statement(":61:260302C1,00NTRFNONREF", tail=""), "s.sta")
    assert (statements(parsed)[0]["closing_minor"], statements(parsed)[0]["difference_minor"]) == (None, None)


def test_nothing_of_a_statement_is_written_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    parse_mt940(statement(":61:SECRET NAME", ":61:260302C1,00NTRFNONREF", ":86:166?32JOHN DOE"), "s.sta")
    assert caplog.text == ""
