"""The words a PSP is described with. For landing (report formats), the service (webhooks), the engine (lags) and whoever adds a PSP.

A PSP is a value: one frozen `PspSpec` that says how its reports print an amount, a time and a kind, how its webhooks are signed and what
they mean, and when money is due. The trap it removes: the same knowledge spread over a parser, a webhook handler and three SQL models.

Units: reports print major units unless `minor_units`; whatever leaves landing or a webhook is in *our* exponents (ISO 4217), converted exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Literal

from transactional.payments.declines.codes import DeclineMap
from transactional.payments.facts import PaymentFact
from transactional.payments.money_kinds import MoneyKind
from transactional.payments.orchestration.terms import DrivingTerms
from transactional.vocabulary.currencies import exponent_of
from transactional.vocabulary.errors import InputRejected
from transactional.vocabulary.money import Money

Role = Literal["settlement", "activity", "balance"]
DateOrder = Literal["ymd", "dmy", "mdy", "dmy or mdy"]


@dataclass(frozen=True, slots=True)
class AmountSource:
    """Where a report prints one amount, by header name.

    `column` alone: a signed amount, positive towards us. With `debit`: two unsigned columns, amount = column - debit. `unsigned`: printed
    without a sign, which the kind then gives. `sign_from`: printed without a reliable sign, which another amount column of the row gives.
    `negated`: printed positive away from us (a payout). `direction`: printed without a sign, which a column with CR (towards us) or DR gives.
    `only_if_not`: use this source only where its currency differs from the one in that column (presentment currency of an FX payment).
    """

    column: str
    currency: str
    debit: str | None = None
    unsigned: bool = False
    sign_from: str | None = None
    direction: str | None = None
    negated: bool = False
    only_if_not: str | None = None

    def headers(self) -> tuple[str, ...]:
        """Every header this source reads."""
        read = (self.column, self.currency, self.debit, self.sign_from, self.direction, self.only_if_not)
        return tuple(name for name in read if name)


@dataclass(frozen=True, slots=True)
class TimeSource:
    """Where a report prints one moment: a UTC column if the file has it, else a local one under the account's zone (its `label` is checked).

    `clock`: the time of day stands in a column of its own. `order`: how a date is written; `dmy or mdy` is the reader's own country, so a file is read
    the way that all its dates allow, and refused when they allow both (2/1 is read as neither of two days).
    """

    local: str
    label: str | None = None
    utc: str | None = None
    local_is_utc: bool = False
    clock: str | None = None
    order: DateOrder = "ymd"


@dataclass(frozen=True, slots=True)
class RecordLayout:
    """A file whose rows say in their first cell what they are, each type with cells of its own.

    `header` names the cells of the `rows` that follow it. `section`: a record that says something of all rows after it, as cell number (from 0) to the
    column it becomes. `counted_by`: a record whose cell (record type, cell number) says how many rows stood since the last one. `silent`: known, no line.
    """

    header: str
    rows: frozenset[str]
    section: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    counted_by: tuple[str, int] | None = None
    silent: frozenset[str] = frozenset()

    def knows(self, record: str) -> bool:
        """Whether a row of that type may stand in the file."""
        counting = self.counted_by is not None and record == self.counted_by[0]
        return record == self.header or record in self.rows or record in self.section or record in self.silent or counting


@dataclass(frozen=True, slots=True)
class ReportFormat:
    """One report of a PSP. Columns are named, never counted: their order and the optional ones vary from file to file.

    Shape: `texts` maps a canonical column to the headers that may hold it, best first; `kind_texts` overrides that for one printed kind.
    `required` identifies the report. `kinds` maps the printed kind (lower case) to MoneyKind; what is not listed becomes `unknown`.
    `fees` adds up the headers of a component. `rate` is the printed exchange rate; without one, `converted` (the gross in the net currency)
    gives it. `no_net_kinds`: kinds whose money never passes the PSP balance, so their net may be blank.
    `personal` are header patterns (fnmatch, lower case) whose content is personal data and is not kept.
    `payout_printed_either_sign`: exports disagree on the payout row's sign; the one that balances its batch is taken.
    `batch_by`: a line without a batch id belongs to the only batch of the file that shares this column's value.
    `kind_of_all`: every row is of this kind, and none is printed. `negative_kinds`: what a printed kind means where its gross is negative, when that is
    another thing. `moves_nothing`: a column and its values (lower case) by which a row is information only, whatever its kind.
    `net_is_gross_less_fees`: no net is printed, so it follows (and cannot be checked). `fees_are_signed`: fees are printed as what they add to the balance,
    so a cost is negative; `fee_direction`: a column says CR or DR of them. `exponent`: every currency is printed with as many decimals.
    `balance`: the column of the account's balance after each row, which gate G6 follows.
    `decimal_mark` None: decided by the amounts of the file. `records`: the layout of a file of record types; its columns may then be used as any.
    """

    name: str
    role: Role
    required: frozenset[str]
    kind: str
    kinds: Mapping[str, MoneyKind]
    gross: tuple[AmountSource, ...]
    net: AmountSource | None
    occurred: TimeSource
    booked: TimeSource | None = None
    account: str | None = None
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kind_texts: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    fees: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rate: str | None = None
    converted: AmountSource | None = None
    minor_units: bool = False
    no_net_kinds: frozenset[str] = frozenset()
    personal: tuple[str, ...] = ()
    bank_reference: Callable[[str], str] | None = None
    payout_printed_either_sign: bool = False
    batch_by: str | None = None
    kind_of_all: MoneyKind | None = None
    negative_kinds: Mapping[str, MoneyKind] = field(default_factory=dict)
    moves_nothing: tuple[str, frozenset[str]] | None = None
    net_is_gross_less_fees: bool = False
    fees_are_signed: bool = False
    fee_direction: str | None = None
    exponent: int | None = None
    decimal_mark: str | None = None
    thousands_mark: str = ""
    balance: str | None = None
    records: RecordLayout | None = None

    def money_kind(self, printed: str) -> MoneyKind:
        """The kind a printed type means; UNKNOWN for one the spec does not list (a break with money in it, never a fee)."""
        return self.kinds.get(printed.strip().casefold(), MoneyKind.UNKNOWN)


@dataclass(frozen=True, slots=True)
class BalanceSummary:
    """A report that says what our balance at the PSP was: a row per category and currency, no line of money. Its days stand in its file's name.

    `opening` and `closing` are the categories of the balances, `moves` those of everything between; amounts are signed major units.
    """

    name: str
    required: frozenset[str]
    category: str
    amount: str
    currency: str
    opening: str
    closing: str
    moves: frozenset[str]

    @property
    def categories(self) -> frozenset[str]:
        """Every category that may stand in it."""
        return self.moves | {self.opening, self.closing}


@dataclass(frozen=True, slots=True)
class OpenItems:
    """A report (role `balance`) that lists what is in our balance at the end of a day and in no payout yet. Its day stands in its file's name.

    Its header may be that of the activity report, so the name says which it is (`named`: glob, small letters): the trap is money counted a second time.
    """

    report: ReportFormat
    named: str


@dataclass(frozen=True, slots=True)
class WebhookSpec:
    """How a PSP signs its messages and what they say.

    `verify(body, headers, secrets, now)` works on the raw bytes in constant time and raises Refused (`bad_signature`); several secrets allow a
    rotation. `to_facts(body, account)` returns a broken item of several, or one of a kind the spec does not list, as its InputRejected in its place
    (`bad_message`, `unknown_event`), so that the others proceed and it waits for a person; a body that cannot be read at all raises one. `account` is
    the merchant account of the endpoint, for PSPs whose messages do not name it. `dedupe(body)` names the message, so that a repeated delivery is one.
    """

    verify: Callable[[bytes, Mapping[str, str], Sequence[str], datetime], None]
    to_facts: Callable[[bytes, str | None], Sequence[PaymentFact | InputRejected]]
    dedupe: Callable[[bytes], str]


@dataclass(frozen=True, slots=True)
class PspSpec:
    """A payment service provider, whole. Days: `settles_after_days` and `bank_lag_days` are business days, the others calendar days.

    `zone` is used for accounts nobody registered; `zone_labels` says which IANA zones a printed label may mean, the first being the default.
    `fx_markup_bps` is what the PSP keeps on a conversion against the ECB reference, `fx_tolerance_bps` what may lie around that. `summary` is its report of
    balances, where it has one. `declines` is what its refusal codes mean, `driving` how long it is waited for when payments are driven through it.
    """

    psp: str
    zone: str
    reports: tuple[ReportFormat, ...]
    webhook: WebhookSpec
    summary: BalanceSummary | None = None
    open_items: OpenItems | None = None
    zone_labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cut_off: time = time(0)
    exponent_overrides: Mapping[str, int] = field(default_factory=dict)
    activity_lag_days: int = 1
    settles_after_days: int = 2
    settlement_grace_days: int = 1
    bank_lag_days: int = 2
    batch_numbering: Literal["consecutive", "none"] = "none"
    fx_markup_bps: int = 0
    fx_tolerance_bps: int = 50
    declines: DeclineMap = field(default_factory=DeclineMap)
    driving: DrivingTerms = field(default_factory=DrivingTerms)
    source: str = ""

    def exponent(self, currency: str, on: date) -> int:
        """Decimals this PSP uses for a currency on a date. Raises: InputRejected (`unknown_currency`)."""
        return exponent_of(currency, on, self.exponent_overrides)

    def house_minor(self, psp_minor: int, currency: str, on: date) -> int:
        """Our minor units for an amount in the PSP's minor units, exactly. Raises: InputRejected (`too_many_decimals`, `unknown_currency`)."""
        return rescale(psp_minor, self.exponent(currency, on), exponent_of(currency, on))

    def psp_minor(self, house_minor: int, currency: str, on: date) -> int:
        """The PSP's minor units for an amount of ours: what a request or a simulated report must carry. Raises as `house_minor`."""
        return rescale(house_minor, exponent_of(currency, on), self.exponent(currency, on))

    def report(self, name: str) -> ReportFormat:
        """The report format of that name. Raises: KeyError."""
        return {report.name: report for report in self.reports}[name]


def house_money(psp_minor: object, currency: object, on: date, overrides: Mapping[str, int]) -> Money:
    """Our Money for an amount in a webhook, under the PSP's exponents; codes may come in lower case.

    Raises: InputRejected (`not_a_number`, `unknown_currency`, `too_many_decimals`).
    """
    # what is not even shaped like a code is not repeated: it may be anything
    if type(psp_minor) is not int or not isinstance(currency, str) or len(currency) != 3:
        raise InputRejected("an amount must be an integer of minor units with a currency code", code="not_a_number")
    code = currency.upper()
    return Money(code, rescale(psp_minor, exponent_of(code, on, overrides), exponent_of(code, on)))


def rescale(minor: int, from_exponent: int, to_exponent: int) -> int:
    """The same amount under another exponent; refuses what would need rounding.

    Raises: InputRejected (`too_many_decimals`). Source: adyen/adyen-commercetools issue 1085 (ISK has two decimals at Adyen, none in ISO).
    """
    if to_exponent >= from_exponent:
        return minor * int(10 ** (to_exponent - from_exponent))
    whole, rest = divmod(abs(minor), int(10 ** (from_exponent - to_exponent)))
    if rest:
        raise InputRejected(f"{minor} minor units with {from_exponent} decimals do not fit {to_exponent} decimals", code="too_many_decimals")
    return -whole if minor < 0 else whole
