"""Which currencies exist on a date, and with how many decimals. For everyone who turns printed amounts into minor units.

The trap: one global divisor (JPY / 100), or one exponent per currency for ever (ISK had two decimals until 2007), or one table
for all PSPs (Adyen prints CLP and ISK with two). A PSP that deviates says so in its spec and passes the deviation as `overrides`.

Source: ISO 4217 list one and its amendments; names are not kept, only what arithmetic needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from transactional.vocabulary.errors import InputRejected

_TWO = """AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC
CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD
KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN
QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED
VES WST XCD YER ZAR ZMW"""
_ZERO = "BIF CLP DJF GNF JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW"


@dataclass(frozen=True, slots=True)
class CurrencyPeriod:
    """One currency with one exponent, valid from `since` (inclusive) to `until` (exclusive)."""

    code: str
    exponent: int
    since: date = date.min
    until: date = date.max


# Currencies that came, went or changed their decimals while our history runs. Source: ISO 4217 amendments 138 ff.
_DATED = (
    CurrencyPeriod("ISK", 2, until=date(2007, 1, 1)),
    CurrencyPeriod("ISK", 0, since=date(2007, 1, 1)),
    CurrencyPeriod("HRK", 2, until=date(2023, 1, 15)),
    CurrencyPeriod("BGN", 2, until=date(2026, 2, 1)),
    CurrencyPeriod("ANG", 2, until=date(2025, 7, 1)),
    CurrencyPeriod("XCG", 2, since=date(2025, 3, 31)),
    CurrencyPeriod("XAD", 2, since=date(2025, 5, 1)),
    CurrencyPeriod("SLL", 2, until=date(2024, 4, 1)),
    CurrencyPeriod("CUC", 2, until=date(2021, 7, 1)),
    CurrencyPeriod("MRO", 1, until=date(2018, 1, 1)),
    CurrencyPeriod("STD", 2, until=date(2018, 1, 1)),
    CurrencyPeriod("BYR", 0, until=date(2017, 1, 1)),
    CurrencyPeriod("VEF", 2, until=date(2018, 9, 1)),
    CurrencyPeriod("ZWL", 2, until=date(2024, 9, 1)),
    CurrencyPeriod("ZWG", 2, since=date(2024, 4, 5)),
)


def _periods() -> dict[str, tuple[CurrencyPeriod, ...]]:
    table: dict[str, list[CurrencyPeriod]] = {}
    for exponent, codes in ((2, _TWO), (0, _ZERO), (3, _THREE), (4, _FOUR)):
        for code in codes.split():
            table.setdefault(code, []).append(CurrencyPeriod(code, exponent))
    for period in _DATED:
        table.setdefault(period.code, []).append(period)
    return {code: tuple(periods) for code, periods in table.items()}


PERIODS: Mapping[str, tuple[CurrencyPeriod, ...]] = _periods()


def exponent_of(currency: str, on: date, overrides: Mapping[str, int] | None = None) -> int:
    """Number of decimals of `currency` on the civil date `on`; a PSP's `overrides` win.

    Raises: InputRejected (code `unknown_currency`) when the code does not exist on that date.
    Source: ISO 4217, the PSP's own currency page for overrides.
    """
    periods = PERIODS.get(currency, ())
    for period in periods:
        if period.since <= on < period.until:
            return overrides[currency] if overrides and currency in overrides else period.exponent
    known = "is not valid on that date" if periods else "is not an ISO 4217 code"
    raise InputRejected(f"currency '{currency}' {known} ({on.isoformat()})", code="unknown_currency")
