"""Which merchant accounts, currencies and banks the simulated casino has, and what its contracts say. For the simulation only.

The trap: fees computed by the same code that checks them. The figures here are written from the contracts a second time, on purpose;
a test compares them with the registry of the payments domain, and nothing here imports that registry.

Units: `typical_minor` is the median deposit in minor units; rates are basis points of the gross in the currency of settlement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from transactional.vocabulary.currencies import PERIODS


@dataclass(frozen=True, slots=True)
class Lane:
    """One currency players pay with at one merchant account."""

    currency: str
    settles_in: str
    share: int
    typical_minor: int
    step_minor: int

    @property
    def converts(self) -> bool:
        """Whether the PSP exchanges the money before it pays us."""
        return self.currency != self.settles_in


@dataclass(frozen=True, slots=True)
class Terms:
    """What the PSP charges. Blended: one commission; interchange++: markup, scheme fee and interchange apart. Disputes: minor units by currency."""

    commission_bps: int = 0
    commission_fixed_minor: int = 0
    markup_bps: int = 0
    scheme_bps: int = 0
    interchange_bps: Mapping[str, int] = field(default_factory=dict)
    dispute_fee_minor: Mapping[str, int] = field(default_factory=dict)
    withdrawal_fee_minor: int = 0
    fx_markup_bps: int = 0


@dataclass(frozen=True, slots=True)
class Merchant:
    """One merchant account at a PSP. `company` and `first_batch` are Adyen's; `summer`/`winter` are the labels its reports print.
    `reserve_days`: how long it keeps what it takes into the rolling reserve."""

    psp: str
    account: str
    zone: str
    winter_label: str
    summer_label: str
    lanes: tuple[Lane, ...]
    terms: Terms
    settles_after_days: int
    first_batch: int = 0
    reserve_days: int = 7
    company: str = "Countroom"


@dataclass(frozen=True, slots=True)
class Bank:
    """One bank account of the casino, and the format its bank sends."""

    iban: str
    currency: str
    zone: str
    bic: str
    form: str
    opening_minor: int
    first_sequence: int


_CARDS = {"visastandarddebit": 20, "visastandardcredit": 30, "mcstandarddebit": 20, "mcstandardcredit": 30}

MERCHANTS: tuple[Merchant, ...] = (
    Merchant(
        "adyen",
        "CountroomEU",
        "Europe/Amsterdam",
        "CET",
        "CEST",
        (
            Lane("EUR", "EUR", 40, 5_000, 500),
            Lane("GBP", "GBP", 14, 4_000, 500),
            Lane("JPY", "JPY", 7, 8_000, 500),
            Lane("KWD", "EUR", 5, 20_000, 2_500),
        ),
        Terms(markup_bps=60, scheme_bps=11, interchange_bps=_CARDS, dispute_fee_minor={"EUR": 750, "GBP": 750, "JPY": 750}, fx_markup_bps=100),
        settles_after_days=1,
        first_batch=381,
    ),
    Merchant(
        "adyen",
        "CountroomTR",
        "Europe/Istanbul",
        "TRT",
        "TRT",
        (Lane("TRY", "EUR", 10, 100_000, 10_000),),
        Terms(commission_bps=250, commission_fixed_minor=10, fx_markup_bps=100),
        settles_after_days=1,
        first_batch=57,
    ),
    Merchant(
        "stripe",
        "acct_countroom_us",
        "America/New_York",
        "EST",
        "EDT",
        (Lane("USD", "USD", 20, 5_000, 500), Lane("CAD", "USD", 6, 6_000, 500), Lane("JPY", "JPY", 6, 8_000, 500)),
        Terms(
            commission_bps=290,
            commission_fixed_minor=30,
            dispute_fee_minor={"USD": 1_500, "JPY": 1_500},
            withdrawal_fee_minor=25,
            fx_markup_bps=200,
        ),
        settles_after_days=2,
    ),
)

BANKS: tuple[Bank, ...] = (
    Bank("DE89370400440532013000", "EUR", "Europe/Berlin", "COBADEFFXXX", "camt053", 250_000_00, 1),
    Bank("GB29NWBK60161331926819", "GBP", "Europe/London", "NWBKGB2LXXX", "mt940", 90_000_00, 1),
    Bank("US64SVBKUS6S3300958879", "USD", "America/New_York", "SVBKUS6SXXX", "bai2", 120_000_00, 1),
    Bank("JP1200090001234567", "JPY", "Asia/Tokyo", "SMBCJPJTXXX", "camt053", 30_000_000, 1),
)

BANK_OF: Mapping[str, Bank] = {bank.currency: bank for bank in BANKS}

# The casino's own currencies are written out; the others matter only where a real file is replayed.
EXPONENTS: Mapping[str, int] = {currency: periods[-1].exponent for currency, periods in PERIODS.items()} | {
    "EUR": 2,
    "GBP": 2,
    "USD": 2,
    "CAD": 2,
    "TRY": 2,
    "JPY": 0,
    "KWD": 3,
}

# The fixed days of TARGET, on which the ECB publishes nothing (Easter is beyond the worlds we build).
_CLOSED = {(1, 1), (5, 1), (12, 25), (12, 26)}


def ecb_publishes(day: date) -> bool:
    """Whether a reference rate is published on `day`."""
    return day.weekday() < 5 and (day.month, day.day) not in _CLOSED
