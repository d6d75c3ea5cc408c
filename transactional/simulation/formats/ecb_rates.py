"""The ECB's history of reference rates as it publishes it: newest day first, a trailing comma on every line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal


def history_csv(per_euro: Mapping[date, Mapping[str, Decimal]], currencies: Sequence[str]) -> bytes:
    """The bytes of eurofxref-hist.csv for these days."""
    lines = [f"Date,{','.join(currencies)},"]
    for day in sorted(per_euro, reverse=True):
        lines.append(f"{day.isoformat()},{','.join(str(per_euro[day][currency]) for currency in currencies)},")
    return ("\n".join(lines) + "\n").encode()
