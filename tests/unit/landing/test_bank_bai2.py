"""BAI2: what a bank says comes back to the cent, whatever the text; a file that is not whole lands nothing and says where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.landing.bank.bai2 import parse_bai2
from assets.landing.detection import FileKind, detect
from assets.landing.parsed import ParsedFile
from transactional.vocabulary.errors import ContractBroken

SAMPLE = """01,SVBKUS6S,COUNTROOM,260304,0615,1,80,,2/
02,COUNTROOM,SVBKUS6S,1,260303,2359,USD,2/
03,3300958879,USD,010,1000000,,,015,1187450,,Z,100,200000,2,S,150000,50000,0/
88,400,12550,1,/
16,165,150000,V,260304,1200,BNK1,TRC77,STRIPE PAYOUT po_1, COUNTROOM LTD/
88,SECOND LINE, WITH A COMMA AND A / IN IT
16,169,50000,S,0,50000,0,BNK2,,ADYEN TX777XT BATCH 12/
16,495,12550,0,BNK3/
88,OWN3,SUPPLIER
49,2612550,8/
98,2612550,1,10/
99,2612550,1,12/
"""


def rows(text: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]], ParsedFile]:
    parsed = parse_bai2(text.encode(), "s.bai")
    return parsed.frames[0].rows.to_dicts(), parsed.frames[1].rows.to_dicts(), parsed


def test_a_statement_with_continuations_and_every_funds_type_ties() -> None:
    lines, (statement,), parsed = rows(SAMPLE)
    assert (parsed.report, parsed.account, parsed.rejected) == ("bai2", "3300958879", ())
    assert [line["amount_minor"] for line in lines] == [150_000, 50_000, -12_550]
    assert [line["value_date"] for line in lines] == [date(2026, 3, 4), None, date(2026, 3, 3)]
    assert [line["bank_reference"] for line in lines] == ["BNK1", "BNK2", "BNK3"]
    assert [line["end_to_end_id"] for line in lines] == ["TRC77", None, "OWN3"]
    assert "STRIPE PAYOUT po_1, COUNTROOM LTD SECOND LINE, WITH A COMMA AND A / IN IT" in lines[0]["description"]
    assert '"one_day_minor": "50000"' in lines[1]["details"]
    assert all(line["is_booked"] for line in lines)
    assert (statement["opening_minor"], statement["closing_minor"], statement["difference_minor"]) == (1_000_000, 1_187_450, 0)
    assert statement["closing_date"] == date(2026, 3, 3)


def test_it_is_known_by_its_content() -> None:
    assert detect(SAMPLE.encode(), "statement.txt") is FileKind.BAI2
    assert detect(b"\xef\xbb\xbf" + SAMPLE.encode(), "statement.txt") is FileKind.BAI2


def test_interim_data_repeats_money_and_is_not_booked() -> None:
    lines, _, parsed = rows(SAMPLE.replace("2359,USD,2/", "2359,USD,3/"))
    assert parsed.report == "bai2.interim"
    assert not any(line["is_booked"] for line in lines)


@pytest.mark.parametrize(
    ("old", "new", "code", "place"),
    [
        ("99,2612550,1,12/\n", "", "missing_trailer", "line 11"),
        ("98,2612550,1,10/\n", "", "missing_trailer", "line 11, column record 99 field 1"),
        ("49,2612550,8/\n", "", "missing_trailer", "line 10, column record 98 field 1"),
        ("02,COUNTROOM,SVBKUS6S,1,260303,2359,USD,2/\n", "", "record_order", "line 2, column record 03 field 1"),
        ("49,2612550,8/", "49,2612551,8/", "control_total", "line 10, column record 49 field 2"),
        ("49,2612550,8/", "49,2612550,7/", "record_count", "line 10, column record 49 field 3"),
        ("98,2612550,1,10/", "98,2612550,2,10/", "record_count", "line 11, column record 98 field 3"),
        ("98,2612550,1,10/", "98,2612549,1,10/", "control_total", "line 11, column record 98 field 2"),
        ("99,2612550,1,12/", "99,2612550,1,13/", "record_count", "line 12, column record 99 field 4"),
        ("99,2612550,1,12/", "99,x,1,12/", "not_a_number", "line 12, column record 99 field 2"),
        ("16,165,150000,V", "16,165,15000,V", "control_total", "line 10, column record 49 field 2"),
        ("16,165,150000,V", "16,165,1500.00,V", "not_a_number", "line 5, column record 16 field 3"),
        ("1,260303,2359", "1,260230,2359", "impossible_date", "line 2, column record 02 field 5"),
        ("S6S,1,2603", "S6S,4,2603", "group_status", "line 2, column record 02 field 4"),
        ("015,1187450", "015,118745O", "not_a_number", "line 3, column record 03 field 9"),
        ("3300958879,USD", "3300958879,QQQ", "unknown_currency", "line 3, column record 03 field 3"),
        ("16,495,", "17,495,", "bad_record", "line 8, column record 17 field 1"),
    ],
)
def test_a_file_that_is_not_whole_lands_nothing_and_says_where(old: str, new: str, code: str, place: str) -> None:
    assert old in SAMPLE
    with pytest.raises(ContractBroken) as refusal:
        parse_bai2(SAMPLE.replace(old, new, 1).encode(), "s.bai")
    assert refusal.value.code == code
    assert str(refusal.value.place).replace("'", "") == f"s.bai, {place}"


@pytest.mark.parametrize("code", ["890", "721", "001", "919", "abc", ""])
def test_an_unknown_type_code_is_a_refused_row_and_its_money_what_the_statement_lacks(code: str) -> None:
    # nobody knows the sign of it: landed with a guessed one it would be money twice as wrong
    lines, (statement,), parsed = rows(SAMPLE.replace("16,169,", f"16,{code},"))
    assert [line["amount_minor"] for line in lines] == [150_000, -12_550]
    (refused,) = parsed.rejected
    assert (refused.line, refused.code, refused.column) == (7, "unknown_type_code", "type code")
    assert (statement["entry_count"], statement["difference_minor"]) == (3, 50_000)


@pytest.mark.parametrize("amount", ["", "-50000"])
def test_an_entry_without_a_usable_amount_is_a_refused_row(amount: str) -> None:
    total = 2_612_550 - 50_000 + int(amount or 0)
    _, (statement,), parsed = rows(SAMPLE.replace("16,169,50000", f"16,169,{amount}").replace("2612550", str(total)))
    assert [(row.line, row.code) for row in parsed.rejected] == [(7, "no_amount")]
    assert statement["difference_minor"] == 50_000


@dataclass(frozen=True)
class Move:
    minor: int
    reference: str
    text: str


_PLAIN = st.text("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", min_size=1, max_size=16)
moves = st.builds(
    Move,
    minor=st.integers(-(10**11), 10**11),
    reference=_PLAIN,
    text=st.text("ABC ,/-.0123456789", max_size=150).map(lambda text: " ".join(text.split()).rstrip("/ ")),
)
accounts = st.lists(
    st.tuples(st.sampled_from(["USD", "JPY", "KWD"]), st.integers(-(10**12), 10**12), st.lists(moves, max_size=6)), max_size=3, min_size=1
)


def written(groups: list[tuple[str, int, list[Move]]]) -> str:
    """A file by the rules alone: this writer shares no code with the parser. A text is broken into records of at most 60 characters."""
    body: list[str] = []
    total = 0
    for number, (currency, opening, entries) in enumerate(groups):
        closing = opening + sum(move.minor for move in entries)
        own = [f"03,ACC{number},{currency},010,{opening},,,015,{closing},,/"]
        for move in entries:
            own.append(f"16,{165 if move.minor >= 0 else 475},{abs(move.minor)},Z,{move.reference},,{move.text[:60]}")
            own += [f"88,{move.text[at : at + 60]}" for at in range(60, len(move.text), 60)]
        amounts = opening + closing + sum(abs(move.minor) for move in entries)
        body += [*own, f"49,{amounts},{len(own) + 1}/"]
        total += amounts
    rows = ["01,BANK,US,260304,0615,1,,,2/", "02,US,BANK,1,260303,,,2/", *body, f"98,{total},{len(groups)},{len(body) + 2}/"]
    return "\n".join([*rows, f"99,{total},1,{len(rows) + 1}/", ""])


@given(accounts)
def test_what_is_written_is_read_back(groups: list[tuple[str, int, list[Move]]]) -> None:
    lines, statements, parsed = rows(written(groups))
    assert parsed.rejected == ()
    assert [line["amount_minor"] for line in lines] == [move.minor for _, _, entries in groups for move in entries]
    assert [line["bank_reference"] for line in lines] == [move.reference for _, _, entries in groups for move in entries]
    assert [(one["currency"], one["opening_minor"], one["difference_minor"]) for one in statements] == [(c, opening, 0) for c, opening, _ in groups]
    texts = [move.text for _, _, entries in groups for move in entries]
    assert all(text.replace(" ", "") in line["description"].replace(" ", "") for text, line in zip(texts, lines, strict=True))
    assert {line["booking_date"] for line in lines} <= {date(2026, 3, 4) - timedelta(1)}
