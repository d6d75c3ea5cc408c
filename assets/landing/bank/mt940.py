"""SWIFT MT940 statements and MT942 intraday reports, in the dialects banks really send. For the door.

The grammar of each field is the `mt-940` library's (its tag patterns know the dialects). Cutting the file into fields is ours, because the library
reports no line, gives up on the whole file at one bad entry, writes unparsable values (names, accounts) to the log, and moves 30 February to the last
day of the month. The traps: RC and RD (a reversed credit takes money away), the funds code that makes `CR` look like a reversal, the year of
an entry date around New Year, text in UTF-8 or Windows-1252 from one line to the next, a reference cut by a line end.

Source: SWIFT MT940/MT942 field 61 and 86; DFÜ agreement annex 3 for the `?NN` subfields and return codes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from mt940 import tags

from assets.landing.bank.details import Details, read_details
from assets.landing.bank.entries import Balance, Entry, Statement, assemble, check_currencies, join_text, minor_of
from assets.landing.parsed import ParsedFile, RejectedRow, row_hash
from transactional.vocabulary.errors import ContractBroken, InputRejected, Place

_TAG = re.compile(r"^[ \t]*:(\d{2}[A-Z]?|NS):(.*)$")
_END = re.compile(r"^-(\}.*|XXX)?\s*$")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_BALANCE = tags.BalanceBase().re
_BALANCE_WITHOUT_CURRENCY = re.compile(r"(?P<status>[DC])(?P<year>\d{2})(?P<month>\d{2})(?P<day>\d{2})(?P<currency>)(?P<amount>\d[\d,]*)\s*$")
_ENTRY_DIALECTS = tuple(tag.re for tag in (tags.Statement(), tags.StatementGLS(), tags.StatementASNB()))
_SIGNS = {"C": 1, "D": -1, "RC": -1, "RD": 1}
_OPENING, _CLOSING = ("60F", "60M", "60"), ("62F", "62M", "62")
_INTRADAY = frozenset({"34F", "13", "13D", "90D", "90C"})
_NO_REFERENCE = frozenset({"NONREF", ""})
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(slots=True)
class _Field:
    """One tag with its lines, and where it stands."""

    tag: str
    lines: list[str]
    line: int

    @property
    def raw(self) -> str:
        return "\n".join((f":{self.tag}:{self.lines[0]}", *self.lines[1:]))


def parse_mt940(content: bytes, name: str) -> ParsedFile:
    """The statements of an MT940 or MT942 file. Shape: raw.bank__statement_lines and raw.bank__statements.

    Raises: ContractBroken (`no_statement`, `no_account`) naming the file and the line; a bad entry is a refused row.
    """
    fields = list(_fields(_decode(content)))
    blocks = _blocks(fields)
    if not blocks:
        first = fields[0] if fields else _Field("20", [""], 1)
        raise ContractBroken("no :20:, so no statement begins", code="no_statement", place=Place(name, first.line, f":{first.tag}:"))
    reading = _Reading(name)
    for block in blocks:
        reading.add(block)
    report = "mt942" if all(statement.report == "mt942" for statement in reading.statements) else "mt940"
    return assemble(report, reading.statements, reading.rejected, name)


@dataclass(slots=True)
class _Reading:
    """Where we are in the file: statements and entries counted so far."""

    name: str
    statements: list[Statement] = field(default_factory=list)
    rejected: list[RejectedRow] = field(default_factory=list)
    entry_number: int = 0

    def add(self, block: list[_Field]) -> None:
        statement = self._statement(block)
        self.statements.append(statement)
        for position, line in enumerate(block):
            if line.tag != "61":
                continue
            self.entry_number += 1
            statement.entry_count += 1
            info = _info_of(block, position)
            try:
                statement.entries.append(_entry(line, info, self.entry_number, statement.currency))
            except InputRejected as error:
                content = "\n".join([line.raw, *(each.raw for each in info)])
                self.rejected.append(RejectedRow.from_error(error, line.line, ":61:", content))

    def _statement(self, block: list[_Field]) -> Statement:
        by_tag = {each.tag: each for each in reversed(block)}  # the first of each tag
        opening, closing = (next((by_tag[tag] for tag in wanted if tag in by_tag), None) for wanted in (_OPENING, _CLOSING))
        if "25" not in by_tag:
            raise ContractBroken("no :25: (account) in the statement", code="no_account", place=Place(self.name, block[0].line, ":25:"))
        currency = _currency(opening, by_tag)
        number = by_tag.get("28C") or by_tag.get("28")
        statement = Statement(
            number=len(self.statements) + 1,
            row_hash=row_hash([each.raw for each in block if each.tag not in ("61", "86", "NS")]),
            report="mt942" if opening is None and _INTRADAY & by_tag.keys() else "mt940",
            bank_account=_account(by_tag["25"], currency),
            statement_id=" ".join(filter(None, (block[0].lines[0].strip(), number.lines[0].strip() if number else ""))),
            sequence=number.lines[0].strip() if number else None,
            currency=currency,
        )
        try:
            statement.opening = _balance(opening, currency) if opening else None
            statement.closing = _balance(closing, currency) if closing else None
        except InputRejected as error:
            statement.problem = RejectedRow.from_error(error, block[0].line, "balance", "\n".join(each.raw for each in (opening, closing) if each))
        check_currencies(statement, closing.line if closing else block[0].line)
        return statement


def _decode(content: bytes) -> list[str]:
    """Lines of text. UTF-8 when the whole file is; else each line by itself, UTF-8 or Windows-1252: exports glue both together."""
    content = content.removeprefix(b"\xef\xbb\xbf")
    lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    return [_CONTROLS.sub(" ", _decode_line(line)).rstrip("\n") for line in lines]


def _decode_line(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def _fields(lines: list[str]) -> Iterator[_Field]:
    """Tags with their continuation lines. What stands before the first tag and between two statements (bank headers) is in no field."""
    current: _Field | None = None
    for number, line in enumerate(lines, 1):
        match = _TAG.match(line)
        if match or _END.match(line):
            if current is not None:
                yield current
            current = _Field(match[1], [match[2]], number) if match else None
        elif current is not None and line.strip():
            current.lines.append(line)
    if current is not None:
        yield current


def _blocks(fields: list[_Field]) -> list[list[_Field]]:
    """Statements: each begins with :20:."""
    blocks: list[list[_Field]] = []
    for each in fields:
        if each.tag == "20":
            blocks.append([])
        if blocks:
            blocks[-1].append(each)
    return blocks


def _info_of(block: list[_Field], position: int) -> list[_Field]:
    """The :86: and :NS: that belong to the :61: at `position`: those that follow it directly."""
    end = position + 1
    while end < len(block) and block[end].tag in ("86", "NS"):
        end += 1
    return block[position + 1 : end]


def _currency(opening: _Field | None, by_tag: dict[str, _Field]) -> str:
    """The account's currency: of the opening balance, else of the floor limit or the totals of an intraday report."""
    if opening is not None and (match := _BALANCE.match(opening.lines[0])) and _CURRENCY.fullmatch(match["currency"]):
        return str(match["currency"])
    for tag in ("34F", "90D", "90C", "62F", "62M"):
        if tag in by_tag and (found := _CURRENCY.search(by_tag[tag].lines[0])):
            return found.group(0)
    return ""


def _account(line: _Field, currency: str) -> str:
    """Without spaces, and without the currency some banks put behind it."""
    parts = line.lines[0].split()
    return "".join(parts[:-1] if len(parts) > 1 and parts[-1] == currency else parts)


def _balance(line: _Field, currency: str) -> Balance:
    text, tag = line.lines[0].strip(), f":{line.tag}:"
    match = _BALANCE.match(text)
    if match is None or not _CURRENCY.fullmatch(match["currency"]):
        match = _BALANCE_WITHOUT_CURRENCY.match(text)
    if match is None:
        raise InputRejected(f"'{text[:40]}'; expected C or D, YYMMDD, currency, amount", code="bad_balance", place=Place(line=line.line, column=tag))
    try:
        on = _date(match["year"], match["month"], match["day"], tag)
        minor = minor_of(match["amount"], match["currency"] or currency, on, tag, decimal_mark=",")
    except InputRejected as error:
        raise InputRejected(error.message, code=error.code, place=Place(line=line.line, column=tag)) from error
    return Balance(match["currency"] or currency, _SIGNS[match["status"].upper()] * minor, on)


def _entry(line: _Field, info: list[_Field], number: int, currency: str) -> Entry:
    text = "\n".join(each.strip() for each in line.lines[:2])
    match = next((found for pattern in _ENTRY_DIALECTS if (found := pattern.match(text))), None)
    if match is None or match["status"].upper() not in _SIGNS:
        expected = f"'{line.lines[0][:24]}...'; expected YYMMDD[MMDD], C, D, RC or RD, amount, type and reference"
        raise InputRejected(expected, code="bad_statement_line")
    valued = _date(match["year"], match["month"], match["day"], ":61: value date")
    booked = _entry_date(match["entry_month"], match["entry_day"], valued)
    mark = match["status"].upper()
    details = read_details([each.lines for each in info if each.tag == "86"], [each.lines for each in info if each.tag == "NS"])
    own_reference, bank_reference = ((match[key] or "").strip() for key in ("customer_reference", "bank_reference"))
    return Entry(
        number=number,
        row_hash=row_hash([line.raw, *(each.raw for each in info)]),
        currency=currency,
        amount_minor=_SIGNS[mark] * minor_of(match["amount"], currency, booked, ":61: amount", decimal_mark=","),
        status="booked",
        is_reversal=len(mark) == 2,
        booking_date=booked,
        value_date=valued,
        bank_reference=None if bank_reference in _NO_REFERENCE else bank_reference,
        end_to_end_id=details.end_to_end_id or (own_reference if details.is_empty and own_reference not in _NO_REFERENCE else None),
        description=join_text([*_references(own_reference, bank_reference), match["extra_details"], *line.lines[2:], *details.words]),
        counterparty_account=details.counterparty_account,
        return_reason=_return_reason(match["id"] or "", details),
        transaction_code=(match["id"] or "").strip() or None,
        details=[details.parts] if details.parts else [],
    )


def _references(*references: str) -> list[str]:
    return [reference for reference in references if reference not in _NO_REFERENCE]


def _return_reason(transaction_type: str, details: Details) -> str | None:
    """The code of a returned item; `unstated` when the type says returned and nobody says why."""
    return details.return_reason or ("unstated" if transaction_type[1:] == "RTI" else None)


def _entry_date(month: str | None, day: str | None, valued: date) -> date:
    """MMDD in the year that brings it nearest to the value date: an entry of 2 January may be valued 30 December."""
    if not (month or "").isdigit() or not (day or "").isdigit():
        return valued
    candidates = []
    for year in (valued.year - 1, valued.year, valued.year + 1):
        try:
            candidates.append(date(year, int(month or 0), int(day or 0)))
        except ValueError:
            continue
    if not candidates:
        expected = f"'{month}{day}' is no date; expected MMDD"
        raise InputRejected(expected, code="impossible_date", place=Place(column=":61: entry date"))
    return min(candidates, key=lambda each: abs((each - valued).days))


def _date(year: str, month: str, day: str, column: str) -> date:
    """YYMMDD; SWIFT's century: 80 to 99 are the nineteens. 30 February is refused, not moved."""
    century = 1900 if int(year) >= 80 else 2000
    try:
        return date(century + int(year), int(month), int(day))
    except ValueError as error:
        raise InputRejected(f"'{year}{month}{day}' is no date; expected YYMMDD", code="impossible_date", place=Place(column=column)) from error
