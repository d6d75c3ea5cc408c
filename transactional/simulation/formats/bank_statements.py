"""Bank statements as banks send them: ISO 20022 CAMT.053 (version 8), SWIFT MT940 and BAI2, one statement of one day. Pure.

The trap: balances that do not follow from the lines. Each writer takes the opening balance and prints the closing one they add up to.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from xml.sax.saxutils import escape

from transactional.simulation.casino import EXPONENTS, Bank
from transactional.simulation.movements import Payout
from transactional.vocabulary.money import format_minor


@dataclass(slots=True, kw_only=True, eq=False)
class BankLine:
    """One entry of a statement; positive = credit to us. `payout` is what it stands for, if anything; `returned` marks money taken back."""

    amount_minor: int
    booked_on: date
    counterparty: str
    text: str
    reference: str
    code: str
    payout: Payout | None = None
    returned: bool = False
    defect_id: str = ""


@dataclass(slots=True, kw_only=True, eq=False)
class Statement:
    """One day of one account. `opening_minor` is what it prints; `residue_minor` what its closing balance is wrong by."""

    bank: Bank
    day: date
    sequence: int
    opening_minor: int
    residue_minor: int = 0
    defect_id: str = ""
    lines: list[BankLine] = field(default_factory=list)

    @property
    def closing_minor(self) -> int:
        """Opening plus the lines, plus what was planted."""
        return self.opening_minor + sum(line.amount_minor for line in self.lines) + self.residue_minor

    @property
    def statement_id(self) -> str:
        """The bank's name for it."""
        return f"{self.bank.iban}-{self.day:%Y}-{self.sequence:05d}"


def camt053(statement: Statement) -> bytes:
    """The bytes of a CAMT.053.001.08 document with this one statement."""
    bank, day = statement.bank, statement.day.isoformat()
    body = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>',
        f"<GrpHdr><MsgId>{statement.statement_id}</MsgId><CreDtTm>{day}T23:59:00</CreDtTm></GrpHdr>",
        f"<Stmt><Id>{statement.statement_id}</Id><ElctrncSeqNb>{statement.sequence}</ElctrncSeqNb><CreDtTm>{day}T23:59:00</CreDtTm>",
        f"<FrToDt><FrDtTm>{day}T00:00:00</FrDtTm><ToDtTm>{day}T23:59:59</ToDtTm></FrToDt>",
        f"<Acct><Id><IBAN>{bank.iban}</IBAN></Id><Ccy>{bank.currency}</Ccy><Svcr><FinInstnId><BICFI>{bank.bic}</BICFI></FinInstnId></Svcr></Acct>",
        _balance("OPBD", statement.opening_minor, bank.currency, day),
        _balance("CLBD", statement.closing_minor, bank.currency, day),
        *(_entry(line, bank.currency) for line in statement.lines),
        "</Stmt></BkToCstmrStmt></Document>",
    ]
    return ("\n".join(body) + "\n").encode()


def _balance(kind: str, minor: int, currency: str, day: str) -> str:
    return f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>{_money(minor, currency)}<Dt><Dt>{day}</Dt></Dt></Bal>"


def _money(minor: int, currency: str) -> str:
    side = "CRDT" if minor >= 0 else "DBIT"
    return f'<Amt Ccy="{currency}">{format_minor(abs(minor), EXPONENTS[currency])}</Amt><CdtDbtInd>{side}</CdtDbtInd>'


def _entry(line: BankLine, currency: str) -> str:
    day, who = line.booked_on.isoformat(), escape(line.counterparty)
    party = f"<Dbtr><Pty><Nm>{who}</Nm></Pty></Dbtr>" if line.amount_minor >= 0 else f"<Cdtr><Pty><Nm>{who}</Nm></Pty></Cdtr>"
    returned = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>Closed account number</AddtlInf></RtrInf>" if line.returned else ""
    family = "RRCT" if line.returned else ("RCDT" if line.amount_minor >= 0 else "ICDT")
    return (
        f"<Ntry><NtryRef>{line.reference}</NtryRef>{_money(line.amount_minor, currency)}<Sts><Cd>BOOK</Cd></Sts>"
        f"<BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt><AcctSvcrRef>{line.reference}</AcctSvcrRef>"
        f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>"
        f"<NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs><RltdPties>{party}</RltdPties>"
        f"<RmtInf><Ustrd>{escape(line.text)}</Ustrd></RmtInf>{returned}</TxDtls></NtryDtls></Ntry>"
    )


def printed_id(statement: Statement) -> str:
    """How the statement names itself: CAMT its id, MT940 its reference and number, BAI2 who sent it about which day."""
    if statement.bank.form == "camt053":
        return statement.statement_id
    if statement.bank.form == "bai2":
        return f"{statement.bank.bic} {statement.day}"
    return f"CR{statement.day:%y%m%d}{statement.sequence:05d} {statement.sequence:05d}/001"


def mt940(statement: Statement) -> bytes:
    """The bytes of one MT940 message: opening balance, a :61: and an :86: per line, closing balance."""
    bank, day = statement.bank, f"{statement.day:%y%m%d}"
    rows = [
        f":20:CR{day}{statement.sequence:05d}",
        f":25:{bank.iban}",
        f":28C:{statement.sequence:05d}/001",
        f":60F:{_side(statement.opening_minor)}{day}{bank.currency}{_comma(abs(statement.opening_minor), bank.currency)}",
    ]
    for line in statement.lines:
        amount = _comma(abs(line.amount_minor), bank.currency)
        rows.append(f":61:{line.booked_on:%y%m%d}{line.booked_on:%m%d}{_side(line.amount_minor)}{amount}N{line.code}NONREF//{line.reference}")
        rows += _information(line)
    rows.append(f":62F:{_side(statement.closing_minor)}{day}{bank.currency}{_comma(abs(statement.closing_minor), bank.currency)}")
    return ("\r\n".join([*rows, "-"]) + "\r\n").encode("ascii")


def _information(line: BankLine) -> list[str]:
    """The :86: field: at most 65 characters a line, broken between words."""
    rows = [":86:"]
    for word in _words(line):
        glue = "" if rows[-1] in (":86:", "") else " "
        if len(rows[-1]) + len(glue) + len(word) > 65:
            rows.append(word)
        else:
            rows[-1] += glue + word
    return rows


def _words(line: BankLine) -> list[str]:
    return f"{line.counterparty} {line.text}{' RETURN AC04 CLOSED ACCOUNT' if line.returned else ''}".split(" ")


def bai2(statement: Statement) -> bytes:
    """The bytes of one BAI2 file: file, group and account with both ledger balances, a 16 (and its 88s) per line, and what each level adds up to."""
    bank, day = statement.bank, f"{statement.day:%y%m%d}"
    own = [f"03,{bank.iban},{bank.currency},010,{statement.opening_minor},,,015,{statement.closing_minor},,/"]
    for line in statement.lines:
        own += _bai2_entry(line)
    total = statement.opening_minor + statement.closing_minor + sum(abs(line.amount_minor) for line in statement.lines)
    rows = [
        f"01,{bank.bic},COUNTROOM,{day},2359,{statement.sequence},,,2/",
        f"02,COUNTROOM,{bank.bic},1,{day},2359,{bank.currency},2/",
        *own,
        f"49,{total},{len(own) + 1}/",
        f"98,{total},1,{len(own) + 3}/",
        f"99,{total},1,{len(own) + 5}/",
    ]
    return ("\r\n".join(rows) + "\r\n").encode("ascii")


def _bai2_entry(line: BankLine) -> list[str]:
    """The entry, its text in records of at most 80 characters, broken between words. Type codes: preauthorised ACH, ACH return, outgoing wire."""
    credit = line.amount_minor >= 0
    code = ("257" if credit else "557") if line.returned else ("165" if credit else "495")
    words, rows, row = _words(line), [], f"16,{code},{abs(line.amount_minor)},Z,{line.reference},,{_words(line)[0]}"
    for word in words[1:]:
        if len(row) + 1 + len(word) > 80:
            rows.append(row)
            row = f"88,{word}"
        else:
            row += f" {word}"
    return [*rows, row]


def _side(minor: int) -> str:
    return "C" if minor >= 0 else "D"


def _comma(minor: int, currency: str) -> str:
    return format_minor(minor, EXPONENTS[currency]).replace(".", ",")
