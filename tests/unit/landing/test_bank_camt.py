"""camt files: sign, batch bookings, reversals, versions, and what comes from a stranger."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from assets.landing.bank.camt import parse_camt
from assets.landing.parsed import ParsedFile
from transactional.vocabulary.errors import ContractBroken

BALANCE = (
    '<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="{ccy}">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-03-02</Dt></Dt></Bal>'
)
ENTRY = (
    '<Ntry><Amt Ccy="{ccy}">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd>{extra}<Sts>{status}</Sts><BookgDt><Dt>{day}</Dt></BookgDt>'
    "<AcctSvcrRef>B-1</AcctSvcrRef>{details}</Ntry>"
)


def entry(amount: str = "10.00", sign: str = "CRDT", **changes: str) -> str:
    values = {"ccy": "EUR", "status": "BOOK", "day": "2026-03-02", "extra": "", "details": ""} | changes
    return ENTRY.format(amount=amount, sign=sign, **values)


def balance(code: str, amount: str, ccy: str = "EUR") -> str:
    return BALANCE.format(code=code, amount=amount, ccy=ccy)


def camt(*parts: str, version: str = "053.001.02", account: str = "<IBAN>DE89370400440532013000</IBAN>", prolog: str = "") -> bytes:
    container = {"053": "BkToCstmrStmt><Stmt", "052": "BkToCstmrAcctRpt><Rpt", "054": "BkToCstmrDbtCdtNtfctn><Ntfctn"}[version[:3]]
    outer, inner = container.split("><")
    return (
        f'<?xml version="1.0"?>{prolog}<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{version}"><{outer}><{inner}><Id>S1</Id>'
        f"<ElctrncSeqNb>7</ElctrncSeqNb><Acct><Id>{account}</Id><Ccy>EUR</Ccy></Acct>{''.join(parts)}</{inner}></{outer}></Document>"
    ).encode()


def lines(parsed: ParsedFile) -> list[dict[str, Any]]:
    return parsed.frames[0].rows.to_dicts()


def statements(parsed: ParsedFile) -> list[dict[str, Any]]:
    return parsed.frames[1].rows.to_dicts()


def test_a_statement_ties_when_opening_plus_moves_is_closing() -> None:
    parsed = parse_camt(camt(balance("OPBD", "5.00"), balance("CLBD", "12.50"), entry("10.00"), entry("2.50", "DBIT")), "s.xml")
    (statement,) = statements(parsed)
    assert (statement["opening_minor"], statement["closing_minor"], statement["moves_minor"], statement["difference_minor"]) == (500, 1250, 750, 0)
    assert [line["amount_minor"] for line in lines(parsed)] == [1000, -250]
    assert [line["line_no"] for line in lines(parsed)] == [1, 2]


def test_a_reversal_is_not_negated_twice_because_the_direction_already_says_where_money_went() -> None:
    (line,) = lines(parse_camt(camt(entry("10.00", "DBIT", extra="<RvslInd>true</RvslInd>")), "s.xml"))
    assert (line["amount_minor"], line["is_reversal"]) == (-1000, True)


def test_a_batch_booked_entry_is_one_movement_and_its_transactions_are_details() -> None:
    one = "<TxDtls><Refs><EndToEndId>E-{n}</EndToEndId></Refs><RmtInf><Ustrd>part {n}</Ustrd></RmtInf></TxDtls>"
    details = f"<NtryDtls><Btch><NbOfTxs>2</NbOfTxs></Btch>{one.format(n=1)}{one.format(n=2)}</NtryDtls>"
    (line,) = lines(parse_camt(camt(entry("30.00", details=details)), "s.xml"))
    assert (line["amount_minor"], line["transaction_count"], line["end_to_end_id"]) == (3000, 2, None)
    assert all(word in line["description"] for word in ("E-1", "E-2", "part 1", "part 2"))


@pytest.mark.parametrize("status", ["<Cd>BOOK</Cd>", "BOOK"])
def test_status_is_read_as_text_and_as_a_code_element(status: str) -> None:
    (line,) = lines(parse_camt(camt(entry(status=status)), "s.xml"))
    assert (line["status"], line["is_booked"]) == ("booked", True)


def test_a_pending_entry_is_not_money_yet() -> None:
    parsed = parse_camt(camt(balance("OPBD", "0"), balance("CLBD", "0"), entry(status="PDNG")), "s.xml")
    assert [line["is_booked"] for line in lines(parsed)] == [False]
    assert statements(parsed)[0]["difference_minor"] == 0


@pytest.mark.parametrize("version", ["052.001.06", "054.001.08"])
def test_intraday_reports_and_notifications_do_not_book_what_the_statement_will_book(version: str) -> None:
    (line,) = lines(parse_camt(camt(entry(), version=version), "s.xml"))
    assert (line["status"], line["is_booked"], line["report"]) == ("booked", False, f"camt.{version[:3]}")


def test_the_pages_of_a_long_statement_have_interim_balances_at_the_cut() -> None:
    first = statements(parse_camt(camt(balance("OPBD", "1.00"), balance("ITBD", "11.00"), entry()), "1.xml"))[0]
    last = statements(parse_camt(camt(balance("ITBD", "11.00"), balance("CLBD", "21.00"), entry()), "2.xml"))[0]
    assert [first["difference_minor"], last["difference_minor"]] == [0, 0]
    assert (first["closing_minor"], last["opening_minor"]) == (1100, 1100)


@pytest.mark.parametrize(
    ("bad", "code", "column"),
    [
        (entry("8.85012"), "too_many_decimals", "Ntry/Amt"),
        (entry("10", ccy="XXZ"), "unknown_currency", "Ntry/Amt"),
        (entry("-10.00"), "signed_amount", "Ntry/Amt"),
        (entry("1e5"), "not_a_number", "Ntry/Amt"),
        (entry(day="2026-02-30"), "impossible_date", "BookgDt"),
        (entry(sign="BOTH"), "unknown_direction", "Ntry/CdtDbtInd"),
        (entry(status="MAYBE"), "unknown_status", "Sts"),
    ],
)
def test_an_unusable_entry_is_refused_by_name_and_the_others_land(bad: str, code: str, column: str) -> None:
    parsed = parse_camt(camt(entry("1.00"), bad, entry("2.00")), "s.xml")
    assert [line["amount_minor"] for line in lines(parsed)] == [100, 200]
    assert [line["line_no"] for line in lines(parsed)] == [1, 3]
    assert [(row.code, row.column) for row in parsed.rejected] == [(code, column)]


def test_an_entry_that_could_not_be_read_shows_as_a_difference_of_its_statement() -> None:
    parsed = parse_camt(camt(balance("OPBD", "0"), balance("CLBD", "11.00"), entry("1.00"), entry("10.001")), "s.xml")
    assert (statements(parsed)[0]["difference_minor"], statements(parsed)[0]["entry_count"]) == (1000, 2)


def test_trailing_zeros_are_no_extra_decimals() -> None:
    assert [line["amount_minor"] for line in lines(parse_camt(camt(entry("8.8500")), "s.xml"))] == [885]


def test_a_zero_amount_lands() -> None:
    assert [line["amount_minor"] for line in lines(parse_camt(camt(entry("0")), "s.xml"))] == [0]


def test_a_balance_in_another_currency_is_refused_but_its_entries_are_money() -> None:
    parsed = parse_camt(camt(balance("OPBD", "1.00"), balance("CLBD", "1.00", "SEK"), entry()), "s.xml")
    assert len(lines(parsed)) == 1
    assert statements(parsed) == []
    assert [row.code for row in parsed.rejected] == ["currency_mismatch"]


def test_a_return_carries_its_reason() -> None:
    details = "<NtryDtls><TxDtls><RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf></TxDtls></NtryDtls>"
    assert lines(parse_camt(camt(entry(details=details)), "s.xml"))[0]["return_reason"] == "AC04"


def test_a_reference_cut_into_two_remittance_pieces_is_one_again() -> None:
    reference = "TX" + "1" * 150
    pieces = f"<Ustrd>{reference[:140]}</Ustrd><Ustrd>{reference[140:]}</Ustrd>"
    details = f"<NtryDtls><TxDtls><RmtInf>{pieces}</RmtInf></TxDtls></NtryDtls>"
    assert reference in lines(parse_camt(camt(entry(details=details)), "s.xml"))[0]["description"]


def test_entities_are_never_expanded() -> None:
    bomb = '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    with pytest.raises(ContractBroken, match="document type"):
        parse_camt(camt(entry(), prolog=bomb), "s.xml")
    with pytest.raises(ContractBroken, match="document type"):
        parse_camt(camt(entry(), prolog=bomb).decode().replace('<?xml version="1.0"?>', "").encode("utf-16"), "s.xml")


def test_a_truncated_file_is_refused_whole_with_its_line() -> None:
    with pytest.raises(ContractBroken, match=r"s\.xml, line 1: not well-formed XML .* cut off"):
        parse_camt(camt(entry(), entry())[:-60], "s.xml")


def test_a_file_of_nothing_usable_is_refused_whole() -> None:
    with pytest.raises(ContractBroken, match=r"line 1, column 'Acct/Id'.*no row is usable"):
        parse_camt(camt(account=""), "s.xml")


def test_a_minified_file_keeps_each_rejected_row() -> None:
    parsed = parse_camt(camt(*[entry("1.001")] * 3, entry("1.00")), "s.xml")
    assert len(parsed.rejected) == 3


def test_columns_and_types_are_those_of_the_contract() -> None:
    frame = parse_camt(camt(entry()), "s.xml").frames[0].rows
    assert frame.schema["amount_minor"] == pl.Int64
    assert frame.schema["booking_date"] == pl.Date
