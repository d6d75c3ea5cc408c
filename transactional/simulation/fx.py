"""What the ECB says a currency is worth on each bank day of a world, and what a PSP makes of it. Pure; seeded.

The daily steps are small against any tolerance, so that which of two neighbouring days' rates is meant decides nothing. KWD is printed
too, although the ECB leaves it out: a casino that is paid in dinars has some published rate, and one file is enough.
Units: `per_euro` is currency per one euro, as the ECB prints it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from transactional.simulation.casino import ecb_publishes

# currency: (rate at the start, decimals the ECB prints, daily step in basis points)
_START: Mapping[str, tuple[str, int, float]] = {
    "USD": ("1.1684", 4, 4.0),
    "JPY": ("186.75", 2, 4.0),
    "GBP": ("0.87058", 5, 3.0),
    "TRY": ("52.2478", 4, 5.0),
    "CAD": ("1.6177", 4, 4.0),
    "KWD": ("0.35810", 5, 3.0),
}
CURRENCIES = tuple(_START)


@dataclass(frozen=True, slots=True)
class Rates:
    """The reference rates of a world, by day."""

    per_euro: Mapping[date, Mapping[str, Decimal]]

    def on(self, day: date, currency: str) -> Decimal:
        """The rate in force on `day`: that of the last bank day up to it."""
        if currency == "EUR":
            return Decimal(1)
        while day not in self.per_euro:
            day -= timedelta(days=1)
        return self.per_euro[day][currency]

    def offered(self, day: date, source: str, target: str, markup_bps: int, factor: Decimal = Decimal(1)) -> Decimal:
        """The rate a PSP gives, `target` per `source`, 12 decimals as it prints it: the reference less its markup."""
        reference = self.on(day, target) / self.on(day, source)
        return (reference * (Decimal(10_000 - markup_bps) / 10_000) * factor).quantize(Decimal("0.000000000001"))


def make_rates(rng: Random, first: date, last: date) -> Rates:
    """Rates for every bank day from a fortnight before `first` to `last`."""
    level = {currency: Decimal(start) for currency, (start, _, _) in _START.items()}
    days: dict[date, Mapping[str, Decimal]] = {}
    day = first - timedelta(days=14)
    while day <= last:
        if ecb_publishes(day):
            for currency, (_, decimals, step_bps) in _START.items():
                moved = level[currency] * (1 + Decimal(round(rng.gauss(0, step_bps) * 100)) / 1_000_000)
                level[currency] = moved.quantize(Decimal(1).scaleb(-decimals))
            days[day] = dict(level)
        day += timedelta(days=1)
    return Rates(days)
