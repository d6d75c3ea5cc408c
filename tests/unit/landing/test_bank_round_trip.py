"""Any statement a bank can write comes back to the cent, in both formats: the writer here shares no code with the parsers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from xml.sax.saxutils import escape

from hypothesis import given
from hypothesis import strategies as st

from assets.landing.bank.camt import parse_camt
from assets.landing.bank.mt940 import parse_mt940
from assets.landing.parsed import ParsedFile

DECIMALS = {"EUR": 2, "JPY": 0, "KWD": 3}


@dataclass(frozen=True)
class Move:
    minor: int
    booked: date
    days_to_value: int
    reference: str


moves = st.builds(
    Move,
    minor=st.integers(-(10**11), 10**11),
    booked=st.dates(date(2001, 1, 10), date(2079, 12, 20)),
    days_to_value=st.integers(-9, 9),
    reference=st.text("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", min_size=1, max_size=16),
)
statements = st.tuples(st.sampled_from(sorted(DECIMALS)), st.integers(-(10**12), 10**12), st.lists(moves, max_size=8))


def major(minor: int, currency: str) -> str:
    return f"{Decimal(abs(minor)).scaleb(-DECIMALS[currency]):f}"


def check(parsed: ParsedFile, currency: str, opening: int, wanted: list[Move]) -> None:
    lines, (statement,) = parsed.frames[0].rows.to_dicts(), parsed.frames[1].rows.to_dicts()
    assert parsed.rejected == ()
    assert [line["amount_minor"] for line in lines] == [move.minor for move in wanted]
    assert [line["booking_date"] for line in lines] == [move.booked for move in wanted]
    assert [line["value_date"] for line in lines] == [move.booked + timedelta(move.days_to_value) for move in wanted]
    assert all(move.reference in line["description"] for line, move in zip(lines, wanted, strict=True))
    assert (statement["currency"], statement["opening_minor"], statement["difference_minor"]) == (currency, opening, 0)


@given(statements)
def test_mt940(case: tuple[str, int, list[Move]]) -> None:
    currency, opening, wanted = case
    closing = opening + sum(move.minor for move in wanted)

    def amount(minor: int) -> str:
        text = major(minor, currency).replace(".", ",")
        return text if "," in text else f"{text},"

    def mark(minor: int) -> str:
        return "C" if minor >= 0 else "D"

    rows = [":20:X", ":25:DE89370400440532013000", ":28C:1/1", f":60F:{mark(opening)}260101{currency}{amount(opening)}"]
    for move in wanted:
        valued = move.booked + timedelta(move.days_to_value)
        rows += [f":61:{valued:%y%m%d}{move.booked:%m%d}{mark(move.minor)}{amount(move.minor)}NTRFNONREF", f":86:{move.reference}"]
    rows += [f":62F:{mark(closing)}260102{currency}{amount(closing)}", "-"]
    check(parse_mt940("\r\n".join(rows).encode(), "s.sta"), currency, opening, wanted)


@given(statements)
def test_camt(case: tuple[str, int, list[Move]]) -> None:
    currency, opening, wanted = case

    def amount(minor: int) -> str:
        return f'<Amt Ccy="{currency}">{major(minor, currency)}</Amt><CdtDbtInd>{"CRDT" if minor >= 0 else "DBIT"}</CdtDbtInd>'

    def balance(code: str, minor: int) -> str:
        return f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{amount(minor)}<Dt><Dt>2026-01-01</Dt></Dt></Bal>"

    entries = "".join(
        f"<Ntry>{amount(move.minor)}<Sts>BOOK</Sts><BookgDt><Dt>{move.booked}</Dt></BookgDt>"
        f"<ValDt><Dt>{move.booked + timedelta(move.days_to_value)}</Dt></ValDt><AddtlNtryInf>{escape(move.reference)}</AddtlNtryInf></Ntry>"
        for move in wanted
    )
    document = (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Id>S</Id>'
        f"<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct>{balance('OPBD', opening)}"
        f"{balance('CLBD', opening + sum(move.minor for move in wanted))}{entries}</Stmt></BkToCstmrStmt></Document>"
    )
    check(parse_camt(document.encode(), "s.xml"), currency, opening, wanted)
