"""Our accounts at PSPs and banks, with the fee contracts, dated. For landing (zones), the engine (terms), the world (what to simulate).

Grain: one MerchantAccount per (psp, account) and period; one BankAccount per IBAN. The trap: a fee or a zone edited in place, which changes what last
year's lines should have cost. A change is a new rule or a new period beside the old one. Here stands the demo casino; a real operator edits this file.
Source: CONTRACTS §5 (the demo casino's contracts).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time

from transactional.payments.fee_schedules import AccountFee, Charge, FeeRule, MonthlyFee
from transactional.payments.money_kinds import MoneyKind

_START = date(2025, 1, 1)
_DEPOSIT = frozenset({MoneyKind.DEPOSIT})
_REFUND = frozenset({MoneyKind.REFUND})
_CHARGEBACK = frozenset({MoneyKind.CHARGEBACK})
_WITHDRAWAL = frozenset({MoneyKind.WITHDRAWAL})


@dataclass(frozen=True, slots=True)
class ReserveTerm:
    """How many calendar days the PSP may hold what it takes into a rolling reserve from `since` (inclusive) to `until` (exclusive)."""

    release_after_days: int
    since: date = _START
    until: date = date.max


@dataclass(frozen=True, slots=True)
class MerchantAccount:
    """One of our accounts at a PSP, valid from `since` (inclusive) to `until` (exclusive).

    `zone` cuts its report days. `settlement_currency`: payment currency to the currency it is settled in; a pair that differs is an FX conversion.
    `reports_by`: the local time by which a day's activity report is there, as many days later as the PSP says. A PSP that moves its hour is a new period.
    `players_since` (inclusive) to `players_until` (exclusive): when what the PSP holds there is designated for players' money; None: it never was.
    """

    psp: str
    account: str
    zone: str
    settlement_currency: Mapping[str, str] = field(default_factory=dict)
    has_activity_reports: bool = True
    reports_by: time = time(10)
    fees: tuple[FeeRule, ...] = ()
    account_fees: tuple[AccountFee, ...] = ()
    monthly_fees: tuple[MonthlyFee, ...] = ()
    reserves: tuple[ReserveTerm, ...] = ()
    since: date = _START
    until: date = date.max
    players_since: date | None = None
    players_until: date = date.max


@dataclass(frozen=True, slots=True)
class BankAccount:
    """One of our bank accounts. `zone` is the bank's: its booking dates are civil dates there. `statement_format`: camt053, mt940 or bai2.

    `players_since` (inclusive) to `players_until` (exclusive): when it is designated for players' money; None: it never was.
    """

    iban: str
    currency: str
    zone: str
    bic: str
    statement_format: str
    players_since: date | None = None
    players_until: date = date.max


def _interchange(percent_bps: int, suffix: str) -> FeeRule:
    """Interchange++ on a card deposit: our acquirer's markup, the scheme's fee and the issuer's interchange, each on the converted gross."""
    return FeeRule(
        rule_id=f"eu-{suffix}-2025",
        kinds=_DEPOSIT,
        methods=(f"*{suffix}",),
        markup=Charge(bps=60),
        scheme_fee=Charge(bps=11),
        interchange=Charge(bps=percent_bps),
        since=_START,
    )


_ADYEN_BY_COUNT = (AccountFee("processing-2025", ("fee",), {"EUR": 12}, since=_START),)
_STRIPE_BY_COUNT = (AccountFee("network-2025", ("network_cost",), {"USD": 2}, since=_START),)
_A_WEEK = (ReserveTerm(release_after_days=7),)
_ADYEN_EU_FEES = (
    _interchange(20, "debit"),
    _interchange(30, "credit"),
    FeeRule("eu-refund-2025", _REFUND, since=_START),
    FeeRule("eu-chargeback-2025", _CHARGEBACK, markup=Charge(fixed_minor={"EUR": 750, "GBP": 750, "JPY": 750}), since=_START),
)
_ADYEN_TR_FEES = (
    FeeRule("tr-blended-2025", _DEPOSIT, commission=Charge(bps=250, fixed_minor={"EUR": 10}), since=_START),
    FeeRule("tr-refund-2025", _REFUND, since=_START),
)
_STRIPE_US_FEES = (
    FeeRule("us-blended-2025", _DEPOSIT, commission=Charge(bps=290, fixed_minor={"USD": 30, "JPY": 30}), since=_START),
    FeeRule("us-refund-2025", _REFUND, since=_START),
    FeeRule("us-dispute-2025", _CHARGEBACK, commission=Charge(fixed_minor={"USD": 1500, "JPY": 1500}), since=_START),
    FeeRule("us-payout-2025", _WITHDRAWAL, commission=Charge(fixed_minor={"USD": 25, "JPY": 25}), since=_START),
)

MERCHANT_ACCOUNTS: tuple[MerchantAccount, ...] = (
    MerchantAccount(
        "adyen",
        "CountroomEU",
        "Europe/Amsterdam",
        {"EUR": "EUR", "GBP": "GBP", "JPY": "JPY", "KWD": "EUR"},
        fees=_ADYEN_EU_FEES,
        players_since=_START,
        account_fees=_ADYEN_BY_COUNT,
        reserves=_A_WEEK,
    ),
    MerchantAccount(
        "adyen",
        "CountroomTR",
        "Europe/Istanbul",
        {"TRY": "EUR"},
        fees=_ADYEN_TR_FEES,
        players_since=_START,
        account_fees=_ADYEN_BY_COUNT,
        reserves=_A_WEEK,
    ),
    MerchantAccount(
        "stripe",
        "acct_countroom_us",
        "America/New_York",
        {"USD": "USD", "CAD": "USD", "JPY": "JPY"},
        fees=_STRIPE_US_FEES,
        account_fees=_STRIPE_BY_COUNT,
        players_since=_START,
        reserves=_A_WEEK,
    ),
)

BANK_ACCOUNTS: tuple[BankAccount, ...] = (
    BankAccount("DE89370400440532013000", "EUR", "Europe/Berlin", "COBADEFFXXX", "camt053", players_since=_START),
    BankAccount("GB29NWBK60161331926819", "GBP", "Europe/London", "NWBKGB2LXXX", "mt940", players_since=_START),
    BankAccount("US64SVBKUS6S3300958879", "USD", "America/New_York", "SVBKUS6SXXX", "bai2", players_since=_START),
    BankAccount("JP1200090001234567", "JPY", "Asia/Tokyo", "SMBCJPJTXXX", "camt053", players_since=_START),
)


def merchant_account(psp: str, account: str, on: date) -> MerchantAccount | None:
    """Our terms with that account on a date; None for an account nobody registered (its fees are then not checked)."""
    return next((item for item in MERCHANT_ACCOUNTS if (item.psp, item.account) == (psp, account) and item.since <= on < item.until), None)


def bank_account_for(currency: str) -> BankAccount | None:
    """Where payouts of a settlement currency arrive; None when we hold no account in it."""
    return next((item for item in BANK_ACCOUNTS if item.currency == currency), None)
