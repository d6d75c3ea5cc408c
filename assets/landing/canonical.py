"""A PSP's own table as canonical lines. For psp_files.py; what every PSP's reports look like from here on (raw.psp__*_lines).

Column-wise over text cells: only what the spec declares is read, by header name. A row with one unusable cell is rejected with its place and what was
expected, the rest goes on. Nothing is rounded, guessed or dropped: what has no canonical column stays in `psp_fields`, personal data excepted
(columns the spec names are withheld, e-mail addresses are masked everywhere; `_withheld` lists what was there).

Sign: positive towards us. Units: our minor units (ISO 4217 exponents). Raises: nothing per row; rejections are returned.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Context, Decimal
from fnmatch import fnmatchcase

import orjson
import polars as pl

from assets.landing.cells import AmountReader, Moment, MomentReader
from assets.landing.tabular import Sheet
from transactional.payments.fee_schedules import COMPONENTS
from transactional.payments.money_kinds import ACCOUNT_KINDS, EXPECTED_SIGN, PLAYER_KINDS, MoneyKind
from transactional.payments.psps.spec import AmountSource, PspSpec, ReportFormat, TimeSource
from transactional.vocabulary.currencies import exponent_of
from transactional.vocabulary.errors import InputRejected

UNASSIGNED = "unassigned"
TEXTS = ("psp_reference", "modification_reference", "merchant_reference", "ext_id", "batch_id", "bank_reference", "payment_method")
SCHEMA: dict[str, pl.DataType] = (
    dict.fromkeys(("psp", "account", "report", "kind", "raw_kind", "gross_currency"), pl.String())
    | {"gross_minor": pl.Int64(), "net_currency": pl.String(), "net_minor": pl.Int64()}
    | dict.fromkeys(COMPONENTS, pl.Int64())
    | dict.fromkeys(("exchange_rate", *TEXTS), pl.String())
    | dict.fromkeys(("occurred_at", "booked_at"), pl.Datetime("us", "UTC"))
    | {"booked_on": pl.Date(), "zone_label": pl.String(), "psp_fields": pl.String(), "line_no": pl.Int64(), "row_hash": pl.String()}
)

_PAYOUTS = frozenset({MoneyKind.PAYOUT, MoneyKind.PAYOUT_RETURNED})
_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_RATE = re.compile(r"\d+\.?\d*|\.\d+", re.ASCII)
_DIGITS = Context(prec=20)


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that did not land: where, which column, why (`code`), what was `expected`, and the row itself without personal data."""

    line: int
    column: str | None
    code: str
    expected: str
    content: str


class _Unusable(Exception):  # noqa: N818 - a signal inside this module, caught per row
    def __init__(self, column: str, error: InputRejected) -> None:
        self.column, self.error = column, error


@dataclass(slots=True)
class Reader:
    """Reads the rows of one sheet under one report format."""

    sheet: Sheet
    spec: PspSpec
    report: ReportFormat
    account_hint: str | None
    _cells: dict[str, list[str]] = field(init=False)
    _amounts: AmountReader = field(init=False)
    _moments: MomentReader = field(init=False)

    def __post_init__(self) -> None:
        columns = zip(*self.sheet.rows, strict=True) if self.sheet.rows else ((),) * len(self.sheet.headers)
        self._cells = {header: [cell.strip() for cell in column] for header, column in zip(self.sheet.headers, columns, strict=True)}
        self._amounts = AmountReader(self.spec, self.report.minor_units, self._decimal_mark())
        self._moments = MomentReader(self.spec)

    def lines(self) -> tuple[pl.DataFrame, list[RejectedRow]]:
        """The usable rows in the shape of SCHEMA, and the others."""
        kept: list[dict[str, object]] = []
        rejected: list[RejectedRow] = []
        fields = _FieldWriter(self.sheet, self.report)
        for index, line in enumerate(self.sheet.lines):
            try:
                row = self._row(index)
            except _Unusable as problem:
                content = fields.json(index)
                rejected.append(RejectedRow(line, problem.column, problem.error.code, problem.error.message, content))
                continue
            row |= {"psp_fields": fields.json(index), "line_no": line, "row_hash": fields.hash(index)}
            kept.append(row)
        for shape in self.sheet.misshapen:
            expected = f"{len(self.sheet.headers)} cells as in the header, found {shape.cells}"
            rejected.append(RejectedRow(shape.line, None, "cell_count", expected, f"row beginning '{shape.first_cell}'"))
        return pl.DataFrame(kept, schema=SCHEMA, orient="row"), sorted(rejected, key=lambda row: row.line)

    def _row(self, index: int) -> dict[str, object]:
        report = self.report
        raw_kind = self._cell(report.kind, index)
        if not raw_kind:
            raise _Unusable(report.kind, InputRejected("a kind of movement, not a blank cell", code="no_kind"))
        kind = report.money_kind(raw_kind)
        account = (self._cell(report.account, index) if report.account else "") or self.account_hint or UNASSIGNED
        occurred = self._moment(report.occurred, account, index)
        if occurred is None:
            raise _Unusable(report.occurred.local, InputRejected("a time, not a blank cell", code="bad_time"))
        booked = self._moment(report.booked, account, index) if report.booked else None
        gross_currency, gross = self._gross(kind, occurred, index)
        net_currency, net = self._amount(report.net, occurred, kind, index) if report.net else (None, None)
        self._need_amount(kind, raw_kind, gross, net)
        if net_currency is None and report.converted is not None:
            net_currency = self._cell(report.converted.currency, index).upper() or None
        row: dict[str, object] = {
            "psp": self.spec.psp,
            "account": account,
            "report": report.name,
            "kind": kind.value,
            "raw_kind": raw_kind,
            "gross_currency": gross_currency,
            "gross_minor": gross,
            "net_currency": net_currency,
            "net_minor": net,
            "exchange_rate": self._rate(gross_currency, gross, net_currency, occurred, kind, index),
            "occurred_at": occurred.at,
            "booked_at": booked.at if booked else None,
            "booked_on": (booked or occurred).on,
            "zone_label": self._cell(report.occurred.label, index) if report.occurred.label else None,
        }
        return row | self._fees(net_currency, occurred, index) | self._texts(kind, raw_kind, index)

    def _cell(self, header: str, index: int) -> str:
        column = self._cells.get(header)
        return column[index] if column is not None else ""

    def _first(self, headers: tuple[str, ...], index: int) -> str | None:
        return next((text for header in headers if (text := self._cell(header, index))), None)

    def _moment(self, source: TimeSource, account: str, index: int) -> Moment | None:
        text, header, is_utc = (self._cell(source.utc, index), source.utc, True) if source.utc else ("", source.local, False)
        if not text:
            text, header, is_utc = self._cell(source.local, index), source.local, source.local_is_utc
        if not text:
            return None
        label = self._cell(source.label, index) if source.label and not is_utc else ""
        try:
            return self._moments.read(text, label, account, is_utc=is_utc)
        except InputRejected as error:
            of_label = error.code in ("implausible_zone", "unknown_zone")
            raise _Unusable(source.label if of_label and source.label else header or source.local, error) from error

    def _gross(self, kind: MoneyKind, at: Moment, index: int) -> tuple[str | None, int | None]:
        """The first printed source that is not zero, else the first printed one."""
        best: tuple[str | None, int | None] = (None, None)
        for source in self.report.gross:
            found = self._amount(source, at, kind, index)
            if found[1]:
                return found
            best = found if best[1] is None else best
        return best

    def _amount(self, source: AmountSource, at: Moment, kind: MoneyKind, index: int) -> tuple[str | None, int | None]:
        text, debit = self._cell(source.column, index), self._cell(source.debit, index) if source.debit else ""
        if not text and not debit:
            return None, None
        currency = self._cell(source.currency, index).upper()
        if source.only_if_not and currency in ("", self._cell(source.only_if_not, index).upper()):
            return None, None
        if source.debit:
            return currency, self._paired(source, currency, at, index)
        amount = self._minor(text, source.column, source.currency, currency, at)
        if source.unsigned:
            return currency, abs(amount) * (-1 if kind in _PAYOUTS else EXPECTED_SIGN.get(kind, 1))
        if source.sign_from and (sign := self._cell(source.sign_from, index)).strip("-+0.,"):
            return currency, -abs(amount) if sign.startswith("-") else abs(amount)
        return currency, amount

    def _paired(self, source: AmountSource, currency: str, at: Moment, index: int) -> int:
        amounts = []
        for header in (source.column, source.debit or ""):
            text = self._cell(header, index)
            amounts.append(self._minor(text, header, source.currency, currency, at) if text else 0)
            if amounts[-1] < 0:
                raise _Unusable(header, InputRejected("an unsigned amount: debit and credit have columns of their own", code="unexpected_sign"))
        if all(amounts):
            raise _Unusable(source.debit or "", InputRejected(f"either a debit or a credit, not both ('{source.column}')", code="debit_and_credit"))
        return amounts[0] - amounts[1]

    def _minor(self, text: str, header: str, currency_header: str, currency: str, at: Moment) -> int:
        if not currency:
            raise _Unusable(currency_header, InputRejected(f"the currency of '{header}'", code="no_currency"))
        try:
            return self._amounts.read(text, currency, at.on)
        except InputRejected as error:
            raise _Unusable(currency_header if error.code == "unknown_currency" else header, error) from error

    def _fees(self, currency: str | None, at: Moment, index: int) -> dict[str, object]:
        found: dict[str, object] = dict.fromkeys(COMPONENTS)
        for component, headers in self.report.fees.items():
            printed = [(header, text) for header in headers if (text := self._cell(header, index))]
            if printed:
                currency_header = self.report.net.currency if self.report.net else self.report.kind
                found[component] = sum(self._minor(text, header, currency_header, currency or "", at) for header, text in printed)
        return found

    def _rate(self, gross_currency: str | None, gross: int | None, net_currency: str | None, at: Moment, kind: MoneyKind, index: int) -> str | None:
        """The printed rate; else, on a conversion, the quotient of the two printed amounts (20 digits: it reproduces the converted amount)."""
        text = self._cell(self.report.rate, index) if self.report.rate else ""
        if text:
            plain = text.replace(self._amounts.decimal_mark, ".")
            if not _RATE.fullmatch(plain):
                raise _Unusable(self.report.rate or "", InputRejected("a plain positive rate", code="not_a_number"))
            return plain
        if self.report.converted is None or not gross or gross_currency is None or net_currency is None or gross_currency == net_currency:
            return None
        _, converted = self._amount(self.report.converted, at, kind, index)
        scale = exponent_of(gross_currency, at.on) - exponent_of(net_currency, at.on)
        return format(_DIGITS.divide(Decimal(abs(converted or 0)).scaleb(scale), Decimal(abs(gross))), "f") if converted else None

    def _texts(self, kind: MoneyKind, raw_kind: str, index: int) -> dict[str, object]:
        """References. An account-level line has none of a payment: what stands there is a description, and stays in psp_fields."""
        sources = {**self.report.texts, **self.report.kind_texts.get(raw_kind.casefold(), {})}
        found: dict[str, object] = {name: self._first(sources.get(name, ()), index) for name in TEXTS}
        if kind in ACCOUNT_KINDS or kind in _PAYOUTS:
            found["psp_reference"] = found["modification_reference"] = None
        if kind not in _PAYOUTS:
            found["bank_reference"] = None
        elif self.report.bank_reference and isinstance(text := found["bank_reference"], str):
            found["bank_reference"] = self.report.bank_reference(text)
        if kind in PLAYER_KINDS:
            found["modification_reference"] = found["modification_reference"] or found["psp_reference"]
        return found

    def _need_amount(self, kind: MoneyKind, raw_kind: str, gross: int | None, net: int | None) -> None:
        net_needed = self.report.role == "settlement" and self.report.net and raw_kind.casefold() not in self.report.no_net_kinds
        if self.report.net and net is None and (net_needed or (gross is None and kind is not MoneyKind.INFORMATION)):
            raise _Unusable(self.report.net.column, InputRejected("an amount: a line without one cannot be booked", code="no_amount"))

    def _decimal_mark(self) -> str:
        """A comma only if amounts of this file have commas and none has a point; a mixed file is read with points, so its commas are rejected."""
        sources = [*self.report.gross, *([self.report.net] if self.report.net else [])]
        headers = [header for source in sources for header in (source.column, source.debit) if header and header in self._cells]
        marks = {mark for header in headers for cell in set(self._cells[header]) for mark in ".," if mark in cell}
        return "," if marks == {","} else "."


class _FieldWriter:
    """Writes a row as JSON by header and as a hash, without letting personal data through."""

    def __init__(self, sheet: Sheet, report: ReportFormat) -> None:
        withheld: Callable[[str], bool] = lambda header: any(fnmatchcase(header.casefold(), pattern) for pattern in report.personal)  # noqa: E731
        self._rows = sheet.rows
        self._kept = [(position, header) for position, header in enumerate(sheet.headers) if not withheld(header)]
        self._withheld = [(position, header) for position, header in enumerate(sheet.headers) if withheld(header)]

    def json(self, index: int) -> str:
        row = self._rows[index]
        fields: dict[str, object] = {header: _masked(cell) for position, header in self._kept if (cell := row[position].strip())}
        hidden = [header for position, header in self._withheld if row[position].strip()]
        if hidden:
            fields["_withheld"] = hidden
        return orjson.dumps(fields).decode()

    def hash(self, index: int) -> str:
        return hashlib.sha256("\x1f".join(self._rows[index]).encode()).hexdigest()


def _masked(cell: str) -> str:
    return _EMAIL.sub("(e-mail withheld)", cell) if "@" in cell else cell
