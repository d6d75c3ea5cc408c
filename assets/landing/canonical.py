"""A PSP's own table as canonical lines. For psp_files.py; what every PSP's reports look like from here on (raw.psp__*_lines).

Only what the spec declares is read, by header name, a column at a time. A row with one unusable cell is refused with its place and what was expected;
the rest goes on. Nothing is rounded, guessed or dropped: what has no canonical column stays in `psp_fields`.

Sign: positive towards us. Units: our minor units (ISO 4217 exponents). Raises: nothing; refused rows are returned.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Context, Decimal

import polars as pl

from assets.landing.cells import AmountReader, Moment, MomentReader, Scale
from assets.landing.parsed import CONTENT_LIMIT, RejectedRow
from assets.landing.row_content import fields_json, row_hashes
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
_NO_PAYMENT = ACCOUNT_KINDS | _PAYOUTS
_RATE = re.compile(r"\d+\.?\d*|\.\d+", re.ASCII)
_DIGITS = Context(prec=20)

Texts = list[str]
Amounts = list[int | None]


@dataclass(slots=True)
class Reader:
    """Reads one sheet under one report format. Every list it makes has one place per row of the sheet; `_refused` says which rows fall out, and why."""

    sheet: Sheet
    spec: PspSpec
    report: ReportFormat
    account_hint: str | None
    _refused: dict[int, tuple[str | None, InputRejected]] = field(default_factory=dict)
    _blank: Texts = field(init=False)
    _amounts: AmountReader = field(init=False)
    _moments: MomentReader = field(init=False)

    def __post_init__(self) -> None:
        self._blank = [""] * len(self.sheet.lines)
        self._amounts = AmountReader(self.spec, self.report.minor_units, self._decimal_mark())
        self._moments = MomentReader(self.spec)

    def lines(self) -> tuple[pl.DataFrame, list[RejectedRow]]:
        """The usable rows in the shape of SCHEMA, and the others, in file order."""
        content = fields_json(self.sheet, self.report.personal)
        columns = self._columns() | {"psp_fields": content, "line_no": self.sheet.lines, "row_hash": row_hashes(self.sheet)}
        usable = pl.Series([index not in self._refused for index in range(len(content))], dtype=pl.Boolean)
        rejected = [
            RejectedRow(self.sheet.lines[index], column, error.code, error.message, content[index][:CONTENT_LIMIT])
            for index, (column, error) in self._refused.items()
        ]
        for shape in self.sheet.misshapen:
            expected = f"{len(self.sheet.headers)} cells as in the header, found {shape.cells}"
            rejected.append(RejectedRow(shape.line, None, "cell_count", expected, f"row beginning '{shape.first_cell}'"))
        frame = pl.DataFrame({name: columns[name] for name in SCHEMA}, schema=SCHEMA)
        return frame.filter(usable), sorted(rejected, key=lambda row: row.line)

    def _columns(self) -> dict[str, list[object]]:
        report = self.report
        raw_kinds = self._cells(report.kind)
        kinds = self._kinds(raw_kinds)
        accounts = [account or self.account_hint or UNASSIGNED for account in self._cells(report.account)]
        occurred = self._moments_of(report.occurred, accounts, needed=True)
        booked = self._moments_of(report.booked, accounts, needed=False) if report.booked else [None] * len(kinds)
        gross_currencies, gross = self._gross(kinds, occurred)
        net_currencies, net = self._net(kinds, occurred)
        self._need_amounts(kinds, raw_kinds, gross, net)
        columns: dict[str, list[object]] = {
            "psp": [self.spec.psp] * len(kinds),
            "account": list(accounts),
            "report": [report.name] * len(kinds),
            "kind": [kind.value for kind in kinds],
            "raw_kind": list(raw_kinds),
            "gross_currency": list(gross_currencies),
            "gross_minor": list(gross),
            "net_currency": list(net_currencies),
            "net_minor": list(net),
            "exchange_rate": list(self._rates(kinds, occurred, gross_currencies, gross, net_currencies)),
            "occurred_at": [moment and moment.at for moment in occurred],
            "booked_at": [moment and moment.at for moment in booked],
            "booked_on": [(late or early) and (late or early).on for late, early in zip(booked, occurred, strict=True)],  # type: ignore[union-attr]
            "zone_label": [label or None for label in self._cells(report.occurred.label)],
        }
        return columns | self._fees(net_currencies, occurred) | self._texts(kinds, raw_kinds)

    def _refuse(self, index: int, column: str | None, error: InputRejected) -> None:
        self._refused.setdefault(index, (column, error))

    def _cells(self, header: str | None) -> Texts:
        return self.sheet.column(header) if header in self.sheet.headers else self._blank

    def _kinds(self, raw_kinds: Texts) -> list[MoneyKind]:
        meant = {raw: self.report.money_kind(raw) for raw in set(raw_kinds)}
        if "" in meant:
            error = InputRejected("a kind of movement, not a blank cell", code="no_kind")
            for index, raw in enumerate(raw_kinds):
                if not raw:
                    self._refuse(index, self.report.kind, error)
        return [meant[raw] for raw in raw_kinds]

    def _moments_of(self, source: TimeSource, accounts: Texts, *, needed: bool) -> list[Moment | None]:
        local, labels, in_utc = self._cells(source.local), self._cells(source.label), self._cells(source.utc)
        found: list[Moment | None] = [None] * len(accounts)
        for index, account in enumerate(accounts):
            text, is_utc, label = (in_utc[index], True, "") if in_utc[index] else (local[index], source.local_is_utc, labels[index])
            if not text and not needed:
                continue
            moment = self._moments.read(text, label, account, is_utc=is_utc)
            if isinstance(moment, Moment):
                found[index] = moment
            else:
                of_label = moment.code in ("implausible_zone", "unknown_zone")
                self._refuse(index, source.label if of_label else source.utc if is_utc and source.utc else source.local, moment)
        return found

    def _gross(self, kinds: list[MoneyKind], at: list[Moment | None]) -> tuple[list[str | None], Amounts]:
        """Per row the first source that is not zero, else the first that is printed."""
        currencies: list[str | None] = [None] * len(kinds)
        amounts: Amounts = [None] * len(kinds)
        for source in self.report.gross:
            for index, (currency, amount) in enumerate(zip(*self._amount(source, kinds, at), strict=True)):
                if amount is not None and not amounts[index] and (amount or amounts[index] is None):
                    currencies[index], amounts[index] = currency, amount
        return currencies, amounts

    def _net(self, kinds: list[MoneyKind], at: list[Moment | None]) -> tuple[list[str | None], Amounts]:
        """The net; where a report prints none, the currency of the converted gross still says what fees are in."""
        if self.report.net is not None:
            return self._amount(self.report.net, kinds, at)
        converted = self._cells(self.report.converted.currency) if self.report.converted else self._blank
        return [currency.upper() or None for currency in converted], [None] * len(kinds)

    def _amount(self, source: AmountSource, kinds: list[MoneyKind], at: list[Moment | None]) -> tuple[list[str | None], Amounts]:
        currencies = self._currencies(source)
        amounts = self._minors(source.column, source.currency, currencies, at)
        if source.debit:
            amounts = self._paired(source, amounts, self._minors(source.debit, source.currency, currencies, at))
        if source.unsigned:
            signs = {kind: -1 if kind in _PAYOUTS else EXPECTED_SIGN.get(kind, 1) for kind in set(kinds)}
            amounts = [None if amount is None else abs(amount) * signs[kind] for amount, kind in zip(amounts, kinds, strict=True)]
        if source.sign_from:
            signed = self._cells(source.sign_from)
            amounts = [_signed_like(amount, text) for amount, text in zip(amounts, signed, strict=True)]
        return [currency if amount is not None else None for currency, amount in zip(currencies, amounts, strict=True)], amounts

    def _currencies(self, source: AmountSource) -> Texts:
        printed = [currency.upper() for currency in self._cells(source.currency)]
        if source.only_if_not is None:
            return printed
        # a blank here means "not this source"; _minors skips what has the skip mark
        others = self._cells(source.only_if_not)
        return [_SKIP if currency in ("", other.upper()) else currency for currency, other in zip(printed, others, strict=True)]

    def _minors(self, header: str, currency_header: str, currencies: list[str] | list[str | None], at: list[Moment | None]) -> Amounts:
        texts = self._cells(header)
        found: Amounts = [None] * len(texts)
        for index, text in enumerate(texts):
            moment, currency = at[index], currencies[index]
            if not text or moment is None or currency == _SKIP:
                continue
            if not currency:
                self._refuse(index, currency_header, InputRejected(f"the currency of '{header}'", code="no_currency"))
                continue
            scale = self._amounts.scale(currency, moment.on)
            amount = self._amounts.read(text, scale) if isinstance(scale, Scale) else scale
            if isinstance(amount, int):
                found[index] = amount
            else:
                self._refuse(index, header if isinstance(scale, Scale) else currency_header, amount)
        return found

    def _paired(self, source: AmountSource, credits: Amounts, debits: Amounts) -> Amounts:
        found: Amounts = []
        for index, (credit, debit) in enumerate(zip(credits, debits, strict=True)):
            if credit and debit:
                error = InputRejected(f"either a debit or a credit ('{source.column}'), not both", code="debit_and_credit")
                self._refuse(index, source.debit, error)
            elif (credit or 0) < 0 or (debit or 0) < 0:
                error = InputRejected("an unsigned amount: debit and credit have columns of their own", code="unexpected_sign")
                self._refuse(index, source.column if credit else source.debit, error)
            found.append(None if credit is None and debit is None else (credit or 0) - (debit or 0))
        return found

    def _fees(self, currencies: list[str | None], at: list[Moment | None]) -> dict[str, list[object]]:
        found: dict[str, list[object]] = {component: [None] * len(at) for component in COMPONENTS}
        currency_header = self.report.net.currency if self.report.net else self.report.kind
        for component, headers in self.report.fees.items():
            parts = [self._minors(header, currency_header, currencies, at) for header in headers if header in self.sheet.headers]
            if parts:
                found[component] = [_total(row) for row in zip(*parts, strict=True)]
        return found

    def _rates(
        self,
        kinds: list[MoneyKind],
        at: list[Moment | None],
        from_currencies: list[str | None],
        gross: Amounts,
        to_currencies: list[str | None],
    ) -> list[str | None]:
        """The printed rate; else, on a conversion, the quotient of the two printed amounts (20 digits: it reproduces the converted amount)."""
        printed: list[str | None] = [text.replace(self._amounts.decimal_mark, ".") or None for text in self._cells(self.report.rate)]
        for rate in {rate for rate in printed if rate is not None and not _RATE.fullmatch(rate)}:
            for index in (index for index, text in enumerate(printed) if text == rate):
                self._refuse(index, self.report.rate, InputRejected("a plain positive rate", code="not_a_number"))
        if self.report.converted is None:
            return printed
        _, converted = self._amount(self.report.converted, kinds, at)
        for index, (moment, amount, source, target) in enumerate(zip(at, converted, from_currencies, to_currencies, strict=True)):
            original = gross[index]
            if printed[index] is None and amount and original and source and target and source != target and moment is not None:
                scale = exponent_of(source, moment.on) - exponent_of(target, moment.on)
                printed[index] = format(_DIGITS.divide(Decimal(abs(amount)).scaleb(scale), Decimal(abs(original))), "f")
        return printed

    def _texts(self, kinds: list[MoneyKind], raw_kinds: Texts) -> dict[str, list[object]]:
        """References. An account-level line has none of a payment: what stands there is a description, and stays in psp_fields."""
        found = {name: self._first_of(self.report.texts.get(name, ())) for name in TEXTS}
        for raw, sources in self.report.kind_texts.items():
            special = {name: self._first_of(headers) for name, headers in sources.items()}
            for index in (index for index, printed in enumerate(raw_kinds) if printed.casefold() == raw):
                for name, texts in special.items():
                    found[name][index] = texts[index]
        references, modifications, banks = found["psp_reference"], found["modification_reference"], found["bank_reference"]
        for index, kind in enumerate(kinds):
            if kind in _NO_PAYMENT:
                references[index] = modifications[index] = None
            elif kind in PLAYER_KINDS:
                modifications[index] = modifications[index] or references[index]
            text = banks[index] if kind in _PAYOUTS else None
            banks[index] = self.report.bank_reference(text) if text and self.report.bank_reference else text
        return {name: list(texts) for name, texts in found.items()}

    def _first_of(self, headers: tuple[str, ...]) -> list[str | None]:
        columns = [self.sheet.column(header) for header in headers if header in self.sheet.headers]
        if not columns:
            return [None] * len(self._blank)
        if len(columns) == 1:
            return [text or None for text in columns[0]]
        return [next((text for text in row if text), None) for row in zip(*columns, strict=True)]

    def _need_amounts(self, kinds: list[MoneyKind], raw_kinds: Texts, gross: Amounts, net: Amounts) -> None:
        """A settlement line moves the balance, so it needs a net; an activity line needs a net or a gross unless it is information."""
        if self.report.net is None:
            net_header, exempt = self.report.gross[0].column, set(raw_kinds)
        else:
            net_header = self.report.net.column
            exempt = {raw for raw in set(raw_kinds) if self.report.role == "activity" or raw.casefold() in self.report.no_net_kinds}
        error = InputRejected("an amount: a line without one cannot be booked", code="no_amount")
        for index, amount in enumerate(net):
            if amount is None and (raw_kinds[index] not in exempt or (gross[index] is None and kinds[index] is not MoneyKind.INFORMATION)):
                self._refuse(index, net_header, error)

    def _decimal_mark(self) -> str:
        """A comma only if amounts of this file have commas and none has a point; a mixed file is read with points, so its commas are refused."""
        sources = [*self.report.gross, *([self.report.net] if self.report.net else [])]
        headers = [header for source in sources for header in (source.column, source.debit) if header in self.sheet.headers]
        marks = {mark for header in headers for mark in ".," if any(mark in cell for cell in self._cells(header))}
        return "," if marks == {","} else "."


_SKIP = "\x00"


def _signed_like(amount: int | None, text: str) -> int | None:
    """The amount with the sign another column of the row prints; a zero there says nothing about the sign."""
    if amount is None or not text.strip("-+0.,"):
        return amount
    return -abs(amount) if text.startswith("-") else abs(amount)


def _total(parts: tuple[int | None, ...]) -> int | None:
    printed = [part for part in parts if part is not None]
    return sum(printed) if printed else None
