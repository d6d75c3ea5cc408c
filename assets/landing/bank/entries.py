"""What a bank file says, whatever its format: statements, entries, amounts and dates in one normal form. For camt, mt940 and bai2.

The traps: an amount printed with more decimals than its currency has (refused, never rounded), a date that no calendar has (refused, never moved to
the nearest one that exists), a reference cut in two by a line break, and a balance in another currency than its account.

Sign: positive is money into our account.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from assets.landing.parsed import LandingFrame, ParsedFile, RejectedRow
from assets.landing.tables import PROVENANCE, STATEMENT_LINES, STATEMENTS
from pipelines.resources.frames import polars_schema
from transactional.vocabulary.currencies import exponent_of
from transactional.vocabulary.errors import ContractBroken, InputRejected, Place
from transactional.vocabulary.money import parse_minor
from transactional.vocabulary.tables import Table

END_OF_DAY = frozenset({"camt.053", "mt940", "bai2"})
"""Reports whose booked entries are the bank's last word; the others announce what these will book."""


@dataclass(frozen=True, slots=True)
class Balance:
    """A printed balance, signed."""

    currency: str
    minor: int
    on: date


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. Names are those of raw.bank__statement_lines; `number` counts the file's entries, refused ones included."""

    number: int
    row_hash: str
    currency: str
    amount_minor: int
    status: str
    is_reversal: bool
    booking_date: date
    value_date: date | None
    description: str
    bank_reference: str | None = None
    end_to_end_id: str | None = None
    counterparty_account: str | None = None
    return_reason: str | None = None
    transaction_code: str | None = None
    transaction_count: int = 1
    details: Sequence[Mapping[str, object]] = ()


@dataclass(slots=True)
class Statement:
    """One statement with the entries that could be read; `entry_count` counts the others too. `problem`: why its balances cannot be used."""

    number: int
    row_hash: str
    report: str
    bank_account: str
    statement_id: str
    sequence: str | None
    currency: str
    opening: Balance | None = None
    closing: Balance | None = None
    entry_count: int = 0
    entries: list[Entry] = field(default_factory=list)
    problem: RejectedRow | None = None

    def moves_minor(self) -> int:
        """Sum of its booked entries in its own currency."""
        return sum(entry.amount_minor for entry in self.entries if entry.status == "booked" and entry.currency == self.currency)

    def difference_minor(self) -> int | None:
        """closing - opening - moves: 0 when the statement ties; null without both balances."""
        if self.opening is None or self.closing is None:
            return None
        return self.closing.minor - self.opening.minor - self.moves_minor()


def assemble(report: str, statements: Sequence[Statement], rejected: Iterable[RejectedRow], name: str) -> ParsedFile:
    """The file as frames. A statement whose balances cannot be used is refused as a row; its entries are money and land.

    Raises: ContractBroken (code `no_statement`, or `no_usable_row` with the place of the first problem) when nothing of it can land.
    """
    if not statements:
        raise ContractBroken(f"no statement in it; expected at least one in {report}", code="no_statement", place=Place(name))
    for statement in statements:
        _check_sums(statement)
    usable = [statement for statement in statements if statement.problem is None]
    problems = [statement.problem for statement in statements if statement.problem is not None]
    lines = [_line(statement, entry) for statement in statements for entry in statement.entries]
    accounts = {statement.bank_account for statement in statements}
    refused = sorted((*rejected, *problems), key=lambda row: row.line)
    if refused and not lines and not usable:
        first = refused[0]
        raise ContractBroken(f"no row is usable; the first: {first.expected}", code="no_usable_row", place=Place(name, first.line, first.column))
    frames = (frame_of(STATEMENT_LINES, lines), frame_of(STATEMENTS, [_statement(statement) for statement in usable]))
    account = accounts.pop() if len(accounts) == 1 else None
    return ParsedFile("bank", report, account, frames, tuple(refused))


def _check_sums(statement: Statement) -> None:
    """Each amount fits the database; what they add up to may not, and then nothing can be said of the balances."""
    told = (statement.moves_minor(), statement.difference_minor() or 0)
    if statement.problem is None and max(map(abs, told)) >= 2**63:
        expected = "entries and balances whose sums fit 64 bits of minor units"
        statement.problem = RejectedRow(statement.number, "balance", "amount_out_of_range", expected, statement.statement_id)


def minor_of(text: str, currency: str, on: date, column: str, decimal_mark: str = ".") -> int:
    """Unsigned minor units of a printed amount. Raises: InputRejected naming the column; nothing is rounded."""
    try:
        minor = parse_minor(text, exponent_of(currency, on), decimal_mark=decimal_mark)
    except InputRejected as error:
        raise InputRejected(error.message, code=error.code, place=Place(column=column)) from error
    if minor < 0:
        raise InputRejected(f"'{text}' has a sign; expected an unsigned amount", code="signed_amount", place=Place(column=column))
    return minor


def check_currencies(statement: Statement, line: int) -> None:
    """A balance in another currency than the account cannot be compared: the statement's balances are refused."""
    for name, balance in (("opening", statement.opening), ("closing", statement.closing)):
        if statement.problem is None and balance is not None and balance.currency != statement.currency:
            expected = f"{name} balance is in {balance.currency}; expected {statement.currency}, the account's currency"
            statement.problem = RejectedRow(line, f"{name} balance", "currency_mismatch", expected, statement.statement_id)


def join_text(parts: Iterable[str | None]) -> str:
    """The parts that say something, each once, with single spaces."""
    cleaned = (" ".join(part.split()) for part in parts if part)
    return " ".join(dict.fromkeys(part for part in cleaned if part))


def one_or_none(values: Iterable[str | None]) -> str | None:
    """The value they share; None when there is none or more than one."""
    distinct = {value for value in values if value}
    return distinct.pop() if len(distinct) == 1 else None


def _line(statement: Statement, entry: Entry) -> dict[str, object]:
    return {
        "bank_account": statement.bank_account,
        "report": statement.report,
        "statement_id": statement.statement_id,
        "statement_no": statement.number,
        "is_booked": entry.status == "booked" and statement.report in END_OF_DAY,
        "currency": entry.currency,
        "amount_minor": entry.amount_minor,
        "is_reversal": entry.is_reversal,
        "status": entry.status,
        "booking_date": entry.booking_date,
        "value_date": entry.value_date,
        "bank_reference": entry.bank_reference,
        "end_to_end_id": entry.end_to_end_id,
        "description": entry.description,
        "counterparty_account": entry.counterparty_account,
        "return_reason": entry.return_reason,
        "transaction_code": entry.transaction_code,
        "transaction_count": entry.transaction_count,
        "details": json.dumps(list(entry.details), ensure_ascii=False),
        "line_no": entry.number,
        "row_hash": entry.row_hash,
    }


def _statement(statement: Statement) -> dict[str, object]:
    return {
        "bank_account": statement.bank_account,
        "currency": statement.currency,
        "report": statement.report,
        "statement_id": statement.statement_id,
        "sequence": statement.sequence,
        "opening_minor": statement.opening.minor if statement.opening else None,
        "closing_minor": statement.closing.minor if statement.closing else None,
        "opening_date": statement.opening.on if statement.opening else None,
        "closing_date": statement.closing.on if statement.closing else None,
        "entry_count": statement.entry_count,
        "moves_minor": statement.moves_minor(),
        "difference_minor": statement.difference_minor(),
        "line_no": statement.number,
        "row_hash": statement.row_hash,
    }


def frame_of(table: Table, rows: list[dict[str, object]]) -> LandingFrame:
    """Rows with the table's own columns, `line_no` and `row_hash`, in its types."""
    provenance = {column.name for column in PROVENANCE}
    own = {name: dtype for name, dtype in polars_schema(table).items() if name not in provenance}
    return LandingFrame(table, pl.DataFrame(rows, schema={**own, "line_no": pl.Int32(), "row_hash": pl.String()}, orient="row"))
