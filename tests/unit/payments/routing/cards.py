"""Cards written by hand for the router's tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from transactional.payments.routing.request import Candidate, RouteRequest

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ADYEN, STRIPE, THIRD = Candidate("adyen", "CountroomEU"), Candidate("stripe", "acct_countroom_us"), Candidate("third", "T1")
ALL = (ADYEN, STRIPE, THIRD)


@dataclass(frozen=True)
class Row:
    sr_mean: float
    sr_lo: float
    sr_hi: float
    rank: int = 1
    level: str = "country=DE"
    cost_fixed_minor: int | None = None
    cost_bps: float | None = None
    cost_coverage: float = 0.0
    fail_cost_minor: int | None = None
    penalty_minor: int | None = None
    chargeback_bps: float | None = None


@dataclass(frozen=True)
class HandCard:
    rows: Mapping[str, Row]
    version: int = 7
    data_watermark: datetime = NOON
    expires_at: datetime = field(default=NOON + timedelta(hours=2))

    def scores(self, _request: RouteRequest) -> Mapping[str, Row]:
        return self.rows


def around(mean: float, rank: int = 1, half: float = 0.02, **cost: object) -> Row:
    """A row with an interval of that half width."""
    return Row(mean, mean - half, mean + half, rank, **cost)  # type: ignore[arg-type]


def asked(number: int = 1, **more: object) -> RouteRequest:
    """A deposit of 50.00 EUR from Germany; `number` makes the intent."""
    values: dict[str, object] = {"country": "DE", "method": "card", "currency": "EUR", "amount_minor": 5_000} | more
    return RouteRequest(intent_id=UUID(int=number), **values)  # type: ignore[arg-type]
