"""Bank statements as banks send them: ISO 20022 CAMT.053 (version 8) and SWIFT MT940, one statement of one day. Pure.

The trap: balances that do not follow from the lines. Both writers take the opening balance and print the closing one they add up to.
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
    """How the statement names itself: CAMT its id, MT940 its reference and number."""
    if statement.bank.form == "camt053":
        return statement.statement_id
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
    words, rows = f"{line.counterparty} {line.text}{' RETURN AC04 CLOSED ACCOUNT' if line.returned else ''}".split(" "), [":86:"]
    for word in words:
        glue = "" if rows[-1] in (":86:", "") else " "
        if len(rows[-1]) + len(glue) + len(word) > 65:
            rows.append(word)
        else:
            rows[-1] += glue + word
    return rows


def _side(minor: int) -> str:
    return "C" if minor >= 0 else "D"


def _comma(minor: int, currency: str) -> str:
    return format_minor(minor, EXPONENTS[currency]).replace(".", ",")
