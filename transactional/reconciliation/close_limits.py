"""How large may a break be that does not stand in the way of closing its day? A dated registry; pure. For the service, and as a catalogue for dbt.

The trap: one figure for all currencies. Limits are per currency, in its own minor units; a currency without a limit has none to spare: every break
blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class CloseLimit:
    """A break of more than `limit_minor` (without its sign) blocks the close of its day, for days in [since, until)."""

    currency: str
    limit_minor: int
    since: date = date(2020, 1, 1)
    until: date = date.max


CLOSE_LIMITS = (
    CloseLimit("EUR", 50_00),
    CloseLimit("USD", 50_00),
    CloseLimit("GBP", 50_00),
    CloseLimit("TRY", 2_000_00),
    CloseLimit("SEK", 500_00),
    CloseLimit("NOK", 500_00),
    CloseLimit("DKK", 350_00),
    CloseLimit("JPY", 7_500),
    CloseLimit("KWD", 15_000),
)
