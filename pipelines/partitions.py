"""How is time cut for what is kept per day: civil days in UTC, as the operator's own book counts them. For partitioned assets and their schedules."""

from __future__ import annotations

from datetime import UTC, date, datetime

import dagster as dg

from transactional.vocabulary.time import day_bounds

# earlier days have no terms with any PSP (transactional/payments/merchant_accounts.py)
DAYS = dg.DailyPartitionsDefinition(start_date="2025-01-01", timezone="UTC")


def end_of(day: date) -> datetime:
    """The first instant of the next day: what was known before it was known on the day."""
    return day_bounds(day, "UTC")[1].astimezone(UTC)
