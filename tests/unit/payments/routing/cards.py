"""Rows of a scorecard written by hand for the router's tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from uuid import UUID

from transactional.payments.routing.detector import Breaker, BreakerState
from transactional.payments.routing.request import Candidate, RouteRequest
from transactional.payments.scorecards.card import Found
from transactional.payments.scorecards.rows import ScoreRow

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HALF_OPEN = Breaker(BreakerState.HALF_OPEN, NOON)
ADYEN, STRIPE, THIRD = Candidate("adyen", "CountroomEU"), Candidate("stripe", "acct_countroom_us"), Candidate("third", "T1")
ALL = (ADYEN, STRIPE, THIRD)
_NOTHING = ScoreRow(**{one.name: None for one in fields(ScoreRow)} | {"cost_coverage": 0.0})  # type: ignore[arg-type]


def around(mean: float, rank: int = 1, half: float = 0.02, **cost: object) -> ScoreRow:
    """A row with an interval of that half width; what a decision does not read of a row is left out."""
    return replace(_NOTHING, level="country", sr_mean=mean, sr_lo=mean - half, sr_hi=mean + half, rank=rank, **cost)  # type: ignore[arg-type]


def found(rows: Mapping[str, ScoreRow]) -> Found:
    """What a card has for the cell of the attempt."""
    return Found("country", ("deposit", "DE"), rows)


def asked(number: int = 1, **more: object) -> RouteRequest:
    """A deposit of 50.00 EUR from Germany; `number` makes the intent."""
    values: dict[str, object] = {"country": "DE", "method": "card", "currency": "EUR", "amount_minor": 5_000} | more
    return RouteRequest(intent_id=UUID(int=number), **values)  # type: ignore[arg-type]
