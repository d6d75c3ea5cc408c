"""How far may a card be trusted at its age? The five tiers and what each allows. For the client and the router.

Pure, as data. The trap: a card that froze is routed by for a day; measured, that loses to a static list (reference RT §0.6). Its age is that of the data in
it, not of its publication: a publisher that goes on publishing old data is as stale as one that stopped.
Source: reference RT §5.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from transactional.payments.scorecards.document import Manifest


class Tier(StrEnum):
    """From fresh to nothing at all. `unread`: no good card was ever read."""

    NORMAL = "normal"
    EASED = "eased"
    CAUTIOUS = "cautious"
    STATIC = "static"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the router may do. `exploration`: what eps is multiplied with. `promotes_inside_intervals`: by expected value, although intervals overlap."""

    uses_card: bool
    exploration: float
    promotes_inside_intervals: bool
    alerts: bool


ALLOWED: Mapping[Tier, Allowed] = {
    Tier.NORMAL: Allowed(uses_card=True, exploration=1.0, promotes_inside_intervals=True, alerts=False),
    Tier.EASED: Allowed(uses_card=True, exploration=0.5, promotes_inside_intervals=True, alerts=False),
    Tier.CAUTIOUS: Allowed(uses_card=True, exploration=0.5, promotes_inside_intervals=False, alerts=True),
    Tier.STATIC: Allowed(uses_card=False, exploration=0.0, promotes_inside_intervals=False, alerts=True),
    Tier.UNREAD: Allowed(uses_card=False, exploration=0.0, promotes_inside_intervals=False, alerts=True),
}

EASED_UNTIL = timedelta(minutes=15)
CAUTIOUS_UNTIL = timedelta(minutes=60)


def age_of(manifest: Manifest, now: datetime) -> timedelta:
    """Age of the newest data in a card; never negative (clocks differ)."""
    return max(timedelta(0), now - manifest.data_watermark)


def tier_of(manifest: Manifest | None, now: datetime) -> Tier:
    """The tier of a card at a moment. The stricter rule wins where an interval is longer than a tier's end."""
    if manifest is None:
        return Tier.UNREAD
    age = age_of(manifest, now)
    if age > CAUTIOUS_UNTIL or now >= manifest.expires_at:
        return Tier.STATIC
    if age > EASED_UNTIL:
        return Tier.CAUTIOUS
    if age > 2 * timedelta(seconds=manifest.interval_seconds):
        return Tier.EASED
    return Tier.NORMAL
