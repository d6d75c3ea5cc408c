"""Until when must a break be settled, and how much may one person let go? Dated registries; pure. For the service, and as a catalogue for dbt.

The trap: one deadline for a cent and for a million, or a limit changed today that judges last month anew. Amounts are compared in the reporting
currency; an amount that nobody can convert is taken for a large one. A limit on write-offs is per currency: the service knows no rates.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

REPORTING_CURRENCY = "EUR"


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """Breaks of at least `min_reporting_minor` (without its sign) are due `hours` after they were first seen, if that was in [since, until)."""

    min_reporting_minor: int
    hours: int
    since: date = date(2020, 1, 1)
    until: date = date.max


@dataclass(frozen=True, slots=True)
class WriteOffLimit:
    """Up to `limit_minor` of the currency a write-off needs one approval; above it, the approval of a second role."""

    currency: str
    limit_minor: int
    since: date = date(2020, 1, 1)
    until: date = date.max


SERVICE_LEVELS = (
    ServiceLevel(0, hours=240),
    ServiceLevel(100_00, hours=120),
    ServiceLevel(1_000_00, hours=48),
    ServiceLevel(10_000_00, hours=24),
)
WRITE_OFF_LIMITS = (
    WriteOffLimit("EUR", 100_00),
    WriteOffLimit("USD", 100_00),
    WriteOffLimit("GBP", 100_00),
    WriteOffLimit("SEK", 1_000_00),
    WriteOffLimit("NOK", 1_000_00),
    WriteOffLimit("DKK", 700_00),
    WriteOffLimit("JPY", 15_000),
)
APPROVE, APPROVE_LARGE = "approve", "approve_large"
ROLES = (APPROVE, APPROVE_LARGE)


def hours_allowed(reporting_minor: int | None, seen_on: date, levels: tuple[ServiceLevel, ...] = SERVICE_LEVELS) -> int:
    """Hours from first sight to the due moment; the shortest of all when the amount is unknown."""
    in_force = [level for level in levels if level.since <= seen_on < level.until]
    reached = in_force if reporting_minor is None else [level for level in in_force if level.min_reporting_minor <= abs(reporting_minor)]
    return min(level.hours for level in reached)


def role_needed_for_write_off(amount_minor: int, currency: str, on: date, limits: tuple[WriteOffLimit, ...] = WRITE_OFF_LIMITS) -> str:
    """Which role must approve it. A currency without a limit always needs the second role."""
    limit = max((each.limit_minor for each in limits if each.currency == currency and each.since <= on < each.until), default=-1)
    return APPROVE if abs(amount_minor) <= limit else APPROVE_LARGE
