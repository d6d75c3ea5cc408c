"""ISO 20022 bank files: camt.053 (statement), camt.052 (intraday report) and camt.054 (notification), every version. For the door.

Elements are found by local name, so version 2 and version 13 read alike. The file comes from outside: no DTD, no entity, no network.
The traps: a batch-booked entry counted once per transaction in it (it is one movement on the account; the transactions are `details`), a reversal
negated a second time (CdtDbtInd already says which way the money went), `Sts` as text in old versions and as a code element in new ones.

Source: ISO 20022 message definitions camt.052/053/054; external code sets for balance types, statuses and return reasons.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from lxml import etree

from assets.landing.bank.entries import Balance, Entry, Statement, assemble, check_currencies, join_text, minor_of, one_or_none
from assets.landing.bounds import MOST_STATEMENTS, MOST_TAGS
from assets.landing.parsed import ParsedFile, RejectedRow, row_hash
from transactional.vocabulary.errors import ContractBroken, InputRejected, Place

_MESSAGE = re.compile(r"camt\.05[234]")
_CONTAINERS = {"camt.053": "BkToCstmrStmt/Stmt", "camt.052": "BkToCstmrAcctRpt/Rpt", "camt.054": "BkToCstmrDbtCdtNtfctn/Ntfctn"}
_SIGNS = {"CRDT": 1, "DBIT": -1}
_STATUSES = {"BOOK": "booked", "PDNG": "pending", "FUTR": "pending", "INFO": "information"}
_NO_REFERENCE = frozenset({"NOTPROVIDED", "NONREF", ""})


def parse_camt(content: bytes, name: str) -> ParsedFile:
    """The statements of a camt file. Shape: raw.bank__statement_lines and raw.bank__statements.

    Raises: ContractBroken (`dtd`, `not_xml`, `unknown_format`, `no_statement`) naming the file and the line.
    """
    root = _root(content, name)
    message = _MESSAGE.search(etree.QName(root).namespace or "")
    if message is None:
        raise ContractBroken("expected a camt.052, camt.053 or camt.054 document", code="unknown_format", place=Place(name, _line(root)))
    reading = _Reading(message.group(0))
    containers = root.findall(_path(_CONTAINERS[reading.report]))
    if len(containers) > MOST_STATEMENTS:
        raise ContractBroken(f"{len(containers):,} statements; expected at most {MOST_STATEMENTS:,}", code="too_many_statements", place=Place(name))
    for element in containers:
        reading.add(element)
    return assemble(reading.report, reading.statements, reading.rejected, name)


@dataclass(slots=True)
class _Reading:
    """Where we are in the file: entries and statements counted so far."""

    report: str
    statements: list[Statement] = field(default_factory=list)
    rejected: list[RejectedRow] = field(default_factory=list)
    entry_number: int = 0

    def add(self, element: Any) -> None:
        statement = self._statement(element)
        self.statements.append(statement)
        for entry in element.findall(_path("Ntry")):
            self.entry_number += 1
            statement.entry_count += 1
            try:
                statement.entries.append(_entry(entry, self.entry_number, statement.currency))
            except InputRejected as error:
                self.rejected.append(RejectedRow.from_error(error, _line(entry), "Ntry", _flat(entry)))

    def _statement(self, element: Any) -> Statement:
        account = _text(element, "Acct/Id/IBAN") or _text(element, "Acct/Id/Othr/Id") or ""
        number = len(self.statements) + 1
        currency = _text(element, "Acct/Ccy") or next((amount.get("Ccy", "") for amount in _amounts(element)), "")
        statement = Statement(
            number=number,
            row_hash=row_hash([_flat(balance) for balance in element.findall(_path("Bal"))] + [_text(element, "Id") or ""]),
            report=self.report,
            bank_account="".join(account.split()),
            statement_id=_text(element, "Id") or f"statement {number}",
            sequence=_text(element, "ElctrncSeqNb") or _text(element, "LglSeqNb"),
            currency=currency,
        )
        try:
            _need(statement.bank_account, "Acct/Id", "the account's IBAN or number")
            statement.opening, statement.closing = _balances(element, self.report)
        except InputRejected as error:
            statement.problem = RejectedRow.from_error(error, _line(element), "Bal", statement.statement_id)
        check_currencies(statement, _line(element))
        return statement


def _balances(element: Any, report: str) -> tuple[Balance | None, Balance | None]:
    """Opening and closing booked balance. The pages of a long camt.053 carry interim ones (ITBD) at the cut."""
    found: dict[str, list[Any]] = {}
    for balance in element.findall(_path("Bal")):
        found.setdefault(_text(balance, "Tp/CdOrPrtry/Cd") or "", []).append(balance)
    interim = found.get("ITBD", []) if report == "camt.053" else []
    opening = next((found[code][0] for code in ("OPBD", "PRCD") if code in found), None)
    closing = found["CLBD"][-1] if "CLBD" in found else None
    if opening is None and interim:
        opening, interim = interim[0], interim[1:]
    if closing is None and interim:
        closing = interim[-1]
    return _balance(opening), _balance(closing)


def _balance(element: Any) -> Balance | None:
    if element is None:
        return None
    on = _date(element, "Dt")
    _need(on, "Bal/Dt", "a date")
    assert on is not None
    currency, minor = _signed(element, "Bal", on, "")
    return Balance(currency, minor, on)


def _entry(element: Any, number: int, statement_currency: str) -> Entry:
    booked, valued = _date(element, "BookgDt"), _date(element, "ValDt")
    on = booked or valued
    _need(on, "BookgDt", "a booking date or a value date")
    assert on is not None
    currency, minor = _signed(element, "Ntry", on, statement_currency)
    printed = _text(element, "Sts/Cd") or _text(element, "Sts") or ""
    if printed not in _STATUSES:
        raise InputRejected(f"status '{printed[:20]}'; expected {', '.join(_STATUSES)}", code="unknown_status", place=Place(column="Sts"))
    transactions = element.findall(_path("NtryDtls/TxDtls"))
    details = [_details(transaction) for transaction in transactions]
    other_side = "DbtrAcct" if minor >= 0 else "CdtrAcct"
    return Entry(
        number=number,
        row_hash=row_hash([_flat(element)]),
        currency=currency,
        amount_minor=minor,
        status=_STATUSES[printed],
        is_reversal=_text(element, "RvslInd") in ("true", "1"),
        booking_date=on,
        value_date=valued,
        bank_reference=_reference(element, "AcctSvcrRef") or _reference(element, "NtryRef"),
        end_to_end_id=one_or_none(_reference(transaction, "Refs/EndToEndId") for transaction in transactions),
        description=join_text(_words(element, transactions)),
        counterparty_account=one_or_none(_account(transaction, other_side) for transaction in transactions),
        return_reason=",".join(dict.fromkeys(str(item["return_reason"]) for item in details if "return_reason" in item)) or None,
        transaction_code=_code(element),
        transaction_count=_count(element, len(transactions)),
        details=details,
    )


def _signed(element: Any, where: str, on: date, default_currency: str) -> tuple[str, int]:
    amount = element.find(_path("Amt"))
    _need(amount is not None, f"{where}/Amt", "an amount")
    currency = amount.get("Ccy") or default_currency
    direction = _text(element, "CdtDbtInd") or ""
    if direction not in _SIGNS:
        raise InputRejected(f"'{direction[:10]}'; expected CRDT or DBIT", code="unknown_direction", place=Place(column=f"{where}/CdtDbtInd"))
    minor = minor_of((amount.text or "").strip(), currency, on, f"{where}/Amt")
    return currency, _SIGNS[direction] * minor


def _details(transaction: Any) -> dict[str, object]:
    """One transaction of an entry, as far as it says anything. Amounts stay as printed: they may be in another currency than the account."""
    amount = transaction.find(_path("Amt"))
    if amount is None:
        amount = transaction.find(_path("AmtDtls/TxAmt/Amt"))
    said: dict[str, object | None] = {
        "amount": (amount.text or "").strip() if amount is not None else None,
        "currency": amount.get("Ccy") if amount is not None else None,
        "direction": _text(transaction, "CdtDbtInd"),
        "references": {
            etree.QName(ref).localname: (ref.text or "").strip() for ref in transaction.findall(_path("Refs") + "/*") if ref.text and ref.text.strip()
        },
        "text": join_text(_remittance(transaction)),
        "return_reason": _text(transaction, "RtrInf/Rsn/Cd") or _text(transaction, "RtrInf/Rsn/Prtry"),
    }
    return {key: value for key, value in said.items() if value}


def _words(entry: Any, transactions: list[Any]) -> Iterator[str | None]:
    """Everything a payout reference may hide in."""
    for path in ("NtryRef", "AcctSvcrRef", "AddtlNtryInf"):
        yield _text(entry, path)
    for transaction in transactions:
        for reference in transaction.findall(_path("Refs") + "//*"):
            if reference.text and reference.text.strip() not in _NO_REFERENCE:
                yield reference.text
        yield from _remittance(transaction)
        for party in ("Dbtr", "UltmtDbtr", "Cdtr", "UltmtCdtr"):
            yield _text(transaction, f"RltdPties/{party}/Nm") or _text(transaction, f"RltdPties/{party}/Pty/Nm")


def _remittance(transaction: Any) -> Iterator[str | None]:
    """Unstructured text is one text cut every 140 characters: a full piece goes on in the next without a space."""
    pieces = [piece.text or "" for piece in transaction.findall(_path("RmtInf/Ustrd"))]
    yield "".join(piece if len(piece) >= 140 else f"{piece} " for piece in pieces)
    for path in ("RmtInf/Strd/CdtrRefInf/Ref", "RmtInf/Strd/AddtlRmtInf", "AddtlTxInf", "RtrInf/AddtlInf"):
        for element in transaction.findall(_path(path)):
            yield element.text


def _code(entry: Any) -> str | None:
    domain = [_text(entry, f"BkTxCd/Domn/{path}") for path in ("Cd", "Fmly/Cd", "Fmly/SubFmlyCd")]
    return "/".join(part for part in domain if part) or _text(entry, "BkTxCd/Prtry/Cd")


def _count(entry: Any, listed: int) -> int:
    printed = _text(entry, "NtryDtls/Btch/NbOfTxs") or ""
    return int(printed) if printed.isascii() and printed.isdigit() and len(printed) < 10 else max(listed, 1)


def _account(transaction: Any, side: str) -> str | None:
    return _text(transaction, f"RltdPties/{side}/Id/IBAN") or _text(transaction, f"RltdPties/{side}/Id/Othr/Id")


def _reference(element: Any, path: str) -> str | None:
    text = _text(element, path) or ""
    return None if text in _NO_REFERENCE else text


def _date(element: Any, tag: str) -> date | None:
    """The civil date as printed (of a date and time: its local date). Raises: InputRejected for a date no calendar has."""
    text = _text(element, f"{tag}/Dt") or (_text(element, f"{tag}/DtTm") or "")[:10]
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise InputRejected(f"'{text[:20]}' is no date; expected YYYY-MM-DD", code="impossible_date", place=Place(column=tag)) from error


def _need(value: object, column: str, expected: str) -> None:
    if not value:
        raise InputRejected(f"missing; expected {expected}", code="missing", place=Place(column=column))


def _root(content: bytes, name: str) -> Any:
    plain = content.replace(b"\x00", b"")  # UTF-16 hides the words
    if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
        raise ContractBroken(
            "has a document type declaration; bank statements have none, and entities are not expanded", code="dtd", place=Place(name, 1)
        )
    if plain.count(b"<") > MOST_TAGS:
        raise ContractBroken(f"more than {MOST_TAGS:,} tags; split it", code="too_many_tags", place=Place(name))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        message = f"not well-formed XML ({error.msg}); the file may be cut off"
        raise ContractBroken(message, code="not_xml", place=Place(name, error.lineno)) from error


def _path(path: str) -> str:
    return "/".join(f"{{*}}{step}" for step in path.split("/"))


def _text(element: Any, path: str) -> str | None:
    found = element.find(_path(path))
    return found.text.strip() or None if found is not None and found.text else None


def _amounts(element: Any) -> Iterator[Any]:
    yield from element.findall(_path("Bal/Amt"))
    yield from element.findall(_path("Ntry/Amt"))


def _line(element: Any) -> int:
    return int(element.sourceline or 1)


def _flat(element: Any) -> str:
    """The element's texts in order: equal entries look equal, however they are indented."""
    return "|".join(text.strip() for text in element.itertext() if text.strip())
