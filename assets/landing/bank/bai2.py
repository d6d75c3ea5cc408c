"""BAI2 balance and transaction reports of (mostly) American banks. For the door.

Own parser: the one kept library (PyPI `bai2`) calls itself not ready for production, knows no currency but two decimals and says no line. The traps: a file
cut off (every level counts its records and adds up its amounts: all are checked, and a file in which one is wrong lands nothing), a sign that only the type
code knows, a text with commas and slashes in it, an interim report taken for the final one, an amount in cents of a currency that has none.

Source: BAI Cash Management Balance Reporting Specifications version 2 (record types, funds types, control totals; type codes 100-399 credit, 400-699 debit).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from assets.landing.bank.bai2_records import Logical, date_of, logical_records, whole_number
from assets.landing.bank.entries import Balance, Entry, Statement, assemble, join_text
from assets.landing.parsed import ParsedFile, RejectedRow, row_hash
from transactional.vocabulary.currencies import exponent_of
from transactional.vocabulary.errors import ContractBroken, InputRejected, Place

T = TypeVar("T")

_OPENING_LEDGER, _CLOSING_LEDGER = "010", "015"
_FINAL, _INTERIM = frozenset({"", "2", "4"}), frozenset({"1", "3"})
_DELIVERED = frozenset({"1", "3"})  # an update, a correction; a deletion (2) and a test (4) are no statements
_LACKING = {"missing_trailer": "trailer (49, 98 or 99)", "record_order": "header (01, 02 or 03)"}
_RETURNED = frozenset({"255", "257", "555", "557"})  # checks and ACH items that came back


def parse_bai2(content: bytes, name: str) -> ParsedFile:
    """The accounts of a BAI2 file, each a statement. Shape: raw.bank__statement_lines and raw.bank__statements.

    An entry whose type code gives no sign is a refused row; its money is what its statement then lacks (a break).
    Raises: ContractBroken naming line and field (`record_order`, `missing_trailer`, `control_total`, `record_count`, `bad_record`, `group_status`).
    """
    reading = _Reading(name)
    for record in logical_records(content, name):
        reading.add(record)
    reading.finish()
    report = "bai2" if any(statement.report == "bai2" for statement in reading.statements) else "bai2.interim"
    return assemble(report, reading.statements, reading.rejected, name)


@dataclass(slots=True)
class _Level:
    """What a file, group or account has added up to so far, for its trailer to be held against."""

    total: int = 0
    records: int = 0
    parts: int = 0


@dataclass(slots=True)
class _Reading:
    """Where we are in the file. `open`: the levels begun and not ended, outermost first (file, group, account)."""

    name: str
    statements: list[Statement] = field(default_factory=list)
    rejected: list[RejectedRow] = field(default_factory=list)
    entry_number: int = 0
    _open: list[_Level] = field(default_factory=list)
    _ended: bool = False
    _on: date = date.min
    _group: tuple[str, str, str] = ("", "", "")  # originator, currency, report
    _last_line: int = 1

    def add(self, record: Logical) -> None:
        """One logical record. Raises: ContractBroken."""
        self._last_line = record.line
        depth = {"01": 0, "02": 1, "03": 2, "16": 3, "49": 3, "98": 2, "99": 1}.get(record.code)
        if depth is None:
            raise self._broken(record, 1, f"a record type '{record.code[:10]}'; expected 01, 02, 03, 16, 49, 88, 98 or 99", "bad_record")
        if self._ended or len(self._open) != depth:
            inside = "after the end" if self._ended else ("outside a file", "in a file", "in a group", "in an account")[len(self._open)]
            code = "missing_trailer" if len(self._open) > depth else "record_order"
            raise self._broken(record, 1, f"a record {record.code} {inside}: the {_LACKING[code]} before it is missing", code)
        if record.code in ("01", "02", "03"):
            self._open.append(_Level())
        for level in self._open:
            level.records += record.physical
        {"01": self._file, "02": self._begin_group, "03": self._begin_account, "16": self._entry}.get(record.code, self._trailer)(record)

    def finish(self) -> None:
        """Raises: ContractBroken (`missing_trailer`) unless the file has ended."""
        if not self._ended:
            message = "ends without its trailer (record 99): the file was cut off"
            raise ContractBroken(message, code="missing_trailer", place=Place(self.name, self._last_line))

    def _file(self, record: Logical) -> None:
        if record.cell(8) not in ("2", ""):
            raise self._broken(record, 9, f"version '{record.cell(8)[:5]}'; expected 2", "bad_record")

    def _begin_group(self, record: Logical) -> None:
        status, modifier = record.cell(3), record.cell(7)
        if status not in _DELIVERED:
            raise self._broken(record, 4, f"group status '{status[:5]}'; expected 1 (update) or 3 (correction)", "group_status")
        if modifier not in _FINAL | _INTERIM:
            raise self._broken(record, 8, f"as-of-date modifier '{modifier[:5]}'; expected 1, 2, 3 or 4", "bad_record")
        self._on = self._cell(record, 4, date_of)
        self._group = (record.cell(2), record.cell(6) or "USD", "bai2" if modifier in _FINAL else "bai2.interim")

    def _begin_account(self, record: Logical) -> None:
        originator, group_currency, report = self._group
        currency = record.cell(2) or group_currency
        account = "".join(record.cell(1).split())
        if not account:
            raise self._broken(record, 2, "no account number", "bad_record")
        self._cell(record, 2, lambda _: exponent_of(currency, self._on))
        name = f"{originator} {self._on:%Y-%m-%d}".strip()
        statement = Statement(len(self.statements) + 1, row_hash([record.raw]), report, account, name, None, currency)
        for code, minor in self._summaries(record):
            if code == _OPENING_LEDGER:
                statement.opening = Balance(currency, minor, self._on)
            elif code == _CLOSING_LEDGER:
                statement.closing = Balance(currency, minor, self._on)
            self._open[-1].total += minor
        self.statements.append(statement)

    def _summaries(self, record: Logical) -> list[tuple[str, int]]:
        """Type code and amount of every balance and total in an account header, as signed there."""
        found, at = [], 3
        while at < record.width:
            if record.cell(at) and record.cell(at + 1):
                found.append((record.cell(at), self._cell(record, at + 1, whole_number)))
            at += 4 + self._cell(record, at + 3, lambda _, where=at + 3: record.funds_cells(where))  # type: ignore[misc]
        return found

    def _entry(self, record: Logical) -> None:
        statement = self.statements[-1]
        self.entry_number += 1
        statement.entry_count += 1
        code, printed = record.cell(1), record.cell(2)
        minor = self._cell(record, 2, whole_number) if printed else 0
        self._open[-1].total += minor
        try:
            sign = _sign_of(code)
            if not printed or minor < 0:
                raise InputRejected(
                    f"amount '{printed[:20]}'; expected an unsigned amount in minor units", code="no_amount", place=Place(column="amount")
                )
            statement.entries.append(self._read_entry(record, statement.currency, sign * minor))
        except InputRejected as error:
            self.rejected.append(RejectedRow.from_error(error, record.line, f"{record.code} type code", record.raw))

    def _read_entry(self, record: Logical, currency: str, amount_minor: int) -> Entry:
        funds = record.funds(3)
        bank_reference, own_reference, text = record.tail(4 + funds.width)
        code = record.cell(1)
        return Entry(
            number=self.entry_number,
            row_hash=row_hash([record.raw]),
            currency=currency,
            amount_minor=amount_minor,
            status="booked",
            is_reversal=False,
            booking_date=self._on,
            value_date=funds.value_date or (self._on if funds.kind == "0" else None),
            bank_reference=bank_reference or None,
            end_to_end_id=own_reference or None,
            description=join_text([bank_reference, own_reference, text]),
            return_reason="unstated" if code in _RETURNED else None,
            transaction_code=code,
            details=[{"availability": funds.told}] if funds.told else [],
        )

    def _trailer(self, record: Logical) -> None:
        """49, 98 and 99 close the innermost level: its amounts, its parts and its records must be as many as it says."""
        level = self._open.pop()
        told = [self._cell(record, at, whole_number) for at in range(1, 3 if record.code == "49" else 4)]
        counted = [level.total, level.records] if record.code == "49" else [level.total, level.parts, level.records]
        words = ["amounts", "records"] if record.code == "49" else ["amounts", "accounts" if record.code == "98" else "groups", "records"]
        for at, (printed, found, word) in enumerate(zip(told, counted, words, strict=True), 1):
            if printed != found:
                code = "control_total" if word == "amounts" else "record_count"
                how = "add up to" if word == "amounts" else "count"
                raise self._broken(record, at + 1, f"says {printed}, but the {word} before it {how} {found}: the file is not whole", code)
        if self._open:
            self._open[-1].total += level.total
            self._open[-1].parts += 1
        else:
            self._ended = True

    def _cell(self, record: Logical, at: int, read: Callable[[str], T]) -> T:
        try:
            return read(record.cell(at))
        except InputRejected as error:
            raise self._broken(record, at + 1, error.message, error.code) from error

    def _broken(self, record: Logical, field_number: int, message: str, code: str) -> ContractBroken:
        return ContractBroken(message, code=code, place=Place(self.name, record.line, f"record {record.code[:10]} field {field_number}"))


def _sign_of(code: str) -> int:
    """Which way the money went. Raises: InputRejected (`unknown_type_code`) where the specification gives no direction (status, loan, information)."""
    number = int(code) if code.isascii() and code.isdigit() and len(code) == 3 else 0
    if 100 <= number <= 399 or 920 <= number <= 959:
        return 1
    if 400 <= number <= 699 or 960 <= number <= 999:
        return -1
    expected = f"'{code[:10]}'; expected a credit (100-399, 920-959) or a debit (400-699, 960-999)"
    raise InputRejected(expected, code="unknown_type_code", place=Place(column="type code"))
