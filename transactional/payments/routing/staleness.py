"""How old is the card, and what may still be done with it? For the client, the policy and whoever is alerted.

Pure. The trap: a frozen card loses to a static list (reference RT §0.6: 54-64 % of the possible gain falls to 19-21 %), and nobody notices, because routing
goes on. Age is that of the newest outcome in the card, not of its publication. Source: reference RT §5.4.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

LATE_AFTER = timedelta(minutes=15)
EXPIRED_AFTER = timedelta(minutes=60)


class Tier(StrEnum):
    """`normal`; `late`: half the exploration; `old`: no promotion inside intervals, alert; `static`: the list per country and the detector only, alert."""

    NORMAL = "normal"
    LATE = "late"
    OLD = "old"
    STATIC = "static"
    NO_CARD = "no_card"


def tier_of(data_watermark: datetime | None, expires_at: datetime | None, now: datetime, interval: timedelta) -> Tier:
    """The tier at `now` of a card that is published every `interval`; None: there is no readable card and never was one in memory."""
    if data_watermark is None or expires_at is None:
        return Tier.NO_CARD
    age = now - data_watermark
    if age > EXPIRED_AFTER or now >= expires_at:
        return Tier.STATIC
    if age > LATE_AFTER:
        return Tier.OLD
    return Tier.NORMAL if age <= 2 * interval else Tier.LATE


def exploration_in(tier: Tier, epsilon: float) -> float:
    """How much exploration a tier allows."""
    if tier in (Tier.STATIC, Tier.NO_CARD):
        return 0.0
    return epsilon if tier is Tier.NORMAL else epsilon / 2
