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

from assets.landing.bounds import REPORT
from assets.landing.cells import AmountReader, Moment, MomentReader, Scale, decimal_mark_of, ymd
from assets.landing.parsed import CONTENT_LIMIT, RejectedRow
from assets.landing.reports.amounts import signed_like, total
from assets.landing.reports.balances import BALANCE
from assets.landing.reports.kinds import PAYOUTS, kinds_by_sign, kinds_of
from assets.landing.reports.references import TEXTS, texts_of
from assets.landing.reports.row_content import fields_json, row_hashes
from assets.landing.tabular import Sheet
from transactional.payments.fee_schedules import COMPONENTS
from transactional.payments.money_kinds import EXPECTED_SIGN, MoneyKind
from transactional.payments.psps.spec import AmountSource, PspSpec, ReportFormat, TimeSource
from transactional.vocabulary.currencies import exponent_of
from transactional.vocabulary.errors import ContractBroken, InputRejected, Place

UNASSIGNED = "unassigned"
SCHEMA: dict[str, pl.DataType] = (
    dict.fromkeys(("psp", "account", "report", "kind", "raw_kind", "gross_currency"), pl.String())
    | {"gross_minor": pl.Int64(), "net_currency": pl.String(), "net_minor": pl.Int64()}
    | dict.fromkeys(COMPONENTS, pl.Int64())
    | dict.fromkeys(("exchange_rate", *TEXTS), pl.String())
    | dict.fromkeys(("occurred_at", "booked_at"), pl.Datetime("us", "UTC"))
    | {"booked_on": pl.Date(), "zone_label": pl.String(), "psp_fields": pl.String(), "line_no": pl.Int64(), "row_hash": pl.String()}
)

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
        report = self.report
        mark = report.decimal_mark or self._decimal_mark()
        self._amounts = AmountReader(self.spec, report.minor_units, mark, report.thousands_mark, report.exponent)
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
            expected = shape.expected or f"{len(self.sheet.headers)} cells as in the header, found {shape.cells}"
            rejected.append(RejectedRow(shape.line, None, "cell_count", expected, f"row beginning '{shape.first_cell}'"))
        schema = SCHEMA | ({BALANCE: pl.Int64()} if self.report.balance else {})
        frame = pl.DataFrame({name: columns[name] for name in schema}, schema=schema)
        return frame.filter(usable), sorted(rejected, key=lambda row: row.line)

    def _columns(self) -> dict[str, list[object]]:
        report = self.report
        raw_kinds = [report.name] * len(self._blank) if report.kind_of_all else self._cells(report.kind)
        self._refuse_blank_kinds(raw_kinds)
        kinds = kinds_of(report, raw_kinds, self._cells(report.moves_nothing[0]) if report.moves_nothing else None)
        accounts = [account or self.account_hint or UNASSIGNED for account in self._cells(report.account)]
        occurred = self._moments_of(report.occurred, accounts, needed=True)
        booked = self._moments_of(report.booked, accounts, needed=False) if report.booked else [None] * len(kinds)
        gross_currencies, gross = self._gross(kinds, occurred)
        kinds = kinds_by_sign(report, kinds, raw_kinds, gross)
        net_currencies, net = self._net(kinds, occurred) if not report.net_is_gross_less_fees else (gross_currencies, gross)
        fees = self._fees(net_currencies, occurred)
        if report.net_is_gross_less_fees:
            net = [
                None if amount is None else amount - (total(costs) or 0) for amount, costs in zip(net, zip(*fees.values(), strict=True), strict=True)
            ]
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
            BALANCE: list(self._minors(report.balance, report.kind, net_currencies, occurred)) if report.balance else [],
            "zone_label": [label or None for label in self._cells(report.occurred.label)],
        }
        return columns | {name: list(costs) for name, costs in fees.items()} | texts_of(self.sheet, report, kinds, raw_kinds)

    def _refuse(self, index: int, column: str | None, error: InputRejected) -> None:
        self._refused.setdefault(index, (column, error))
        if len(self._refused) > REPORT.refused_rows:
            message = f"more than {REPORT.refused_rows:,} rows cannot be used; this one: expected {error.message}"
            raise ContractBroken(message, code="no_usable_row", place=Place(line=self.sheet.lines[index], column=column))

    def _cells(self, header: str | None) -> Texts:
        return self.sheet.column(header) if header in self.sheet.headers else self._blank

    def _refuse_blank_kinds(self, raw_kinds: Texts) -> None:
        if "" in raw_kinds:
            error = InputRejected("a kind of movement, not a blank cell", code="no_kind")
            for index in (index for index, raw in enumerate(raw_kinds) if not raw):
                self._refuse(index, self.report.kind, error)

    def _moments_of(self, source: TimeSource, accounts: Texts, *, needed: bool) -> list[Moment | None]:
        local, labels, in_utc = self._local(source), self._cells(source.label), self._cells(source.utc)
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

    def _local(self, source: TimeSource) -> Texts:
        dates = ymd(self._cells(source.local), source.order)
        if source.clock is None:
            return dates
        return [f"{day} {clock}".strip() for day, clock in zip(dates, self._cells(source.clock), strict=True)]

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
            signs = {kind: -1 if kind in PAYOUTS else EXPECTED_SIGN.get(kind, 1) for kind in set(kinds)}
            amounts = [None if amount is None else abs(amount) * signs[kind] for amount, kind in zip(amounts, kinds, strict=True)]
        if source.negated:
            amounts = [None if amount is None else -amount for amount in amounts]
        if source.direction:
            amounts = self._directed(source.direction, amounts)
        if source.sign_from:
            signed = self._cells(source.sign_from)
            amounts = [signed_like(amount, text) for amount, text in zip(amounts, signed, strict=True)]
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

    def _directed(self, header: str, amounts: Amounts) -> Amounts:
        """Unsigned amounts with the direction another column gives."""
        found: Amounts = []
        for index, (amount, marker) in enumerate(zip(amounts, self._cells(header), strict=True)):
            sign = _DIRECTIONS.get(marker.upper())
            if amount is not None and amount < 0:
                self._refuse(index, header, InputRejected("an unsigned amount: its direction has a column of its own", code="unexpected_sign"))
            elif amount is not None and sign is None:
                self._refuse(index, header, InputRejected(f"CR or DR, not '{marker[:10]}'", code="no_direction"))
            found.append(None if amount is None else amount * (sign or 1))
        return found

    def _fees(self, currencies: list[str | None], at: list[Moment | None]) -> dict[str, Amounts]:
        """Fees by component, positive = cost."""
        report = self.report
        found: dict[str, Amounts] = {component: [None] * len(at) for component in COMPONENTS}
        currency_header = report.net.currency if report.net else report.gross[0].currency if report.net_is_gross_less_fees else report.kind
        for component, headers in report.fees.items():
            parts = [self._minors(header, currency_header, currencies, at) for header in headers if header in self.sheet.headers]
            if report.fee_direction:
                parts = [self._directed(report.fee_direction, part) for part in parts]
            if report.fees_are_signed or report.fee_direction:
                parts = [[None if amount is None else -amount for amount in part] for part in parts]
            if parts:
                found[component] = [total(row) for row in zip(*parts, strict=True)]
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

    def _need_amounts(self, kinds: list[MoneyKind], raw_kinds: Texts, gross: Amounts, net: Amounts) -> None:
        """A settlement line moves the balance, so it needs a net; an activity line needs a net or a gross unless it is information."""
        if self.report.net_is_gross_less_fees:
            net_header, exempt = self.report.gross[0].column, set()
        elif self.report.net is None:
            net_header, exempt = self.report.gross[0].column, set(raw_kinds)
        else:
            net_header = self.report.net.column
            exempt = {raw for raw in set(raw_kinds) if self.report.role == "activity" or raw.casefold() in self.report.no_net_kinds}
        error = InputRejected("an amount: a line without one cannot be booked", code="no_amount")
        for index, amount in enumerate(net):
            if amount is None and (raw_kinds[index] not in exempt or (gross[index] is None and kinds[index] is not MoneyKind.INFORMATION)):
                self._refuse(index, net_header, error)

    def _decimal_mark(self) -> str:
        sources = [*self.report.gross, *([self.report.net] if self.report.net else [])]
        return decimal_mark_of(cell for source in sources for header in (source.column, source.debit) for cell in self._cells(header))


_SKIP = "\x00"
_DIRECTIONS = {"CR": 1, "DR": -1}
