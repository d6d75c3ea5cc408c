"""The router's end of the contract: polls, keeps the last good card, knows how old it is, and never raises into a payment.

Pure but for what is passed in: the transport, the moment, and the jitter. The card is swapped whole, by one assignment, so a decision that began with one card
ends with it, in whatever thread.

The traps: an exception of analytics that fails a payment; a bad answer that throws the good card away; a thousand routers that poll in step (jitter); an
older version served by a slow replica (refused; a roll-back is a newer version); a watermark in the future, which would look fresh for ever (refused).
Source: reference RT §5.4, §5.5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from transactional.payments.scorecards.card import Card, Found
from transactional.payments.scorecards.cells import Cell
from transactional.payments.scorecards.document import parse
from transactional.payments.scorecards.staleness import ALLOWED, Allowed, Tier, age_of, tier_of
from transactional.vocabulary.errors import CountroomError

POLL_EVERY = timedelta(seconds=10)
JITTER = 0.2  # of the interval, either way
CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer of the transport: 200 with a body, or 304 without."""

    status: int
    etag: str | None = None
    body: bytes = b""


class Fetch(Protocol):
    """The transport: asks for the current card unless it still is the one with this ETag. It may raise whatever it likes."""

    def __call__(self, etag: str | None) -> Fetched: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the client is: the card it would use, what may be done with it, and what was wrong with the last poll (a code; None: nothing)."""

    card: Card | None
    tier: Tier
    age: timedelta | None
    trouble: str | None

    @property
    def allowed(self) -> Allowed:
        """What the router may do."""
        return ALLOWED[self.tier]

    @property
    def alerts(self) -> bool:
        """Whether somebody should look: the tier says so, or the last card could not be read."""
        return self.allowed.alerts or self.trouble not in (None, "unreachable")


class ScorecardClient:
    """Holds the last good card. `poll` and `standing` may be called from different threads."""

    def __init__(self, fetch: Fetch, *, every: timedelta = POLL_EVERY) -> None:
        self._fetch = fetch
        self._every = every
        self._held: tuple[Card | None, str | None, str | None] = (None, None, None)

    def standing(self, now: datetime) -> Standing:
        """The card and what its age allows. Never raises."""
        card, _, trouble = self._held
        manifest = None if card is None else card.manifest
        return Standing(card, tier_of(manifest, now), None if manifest is None else age_of(manifest, now), trouble)

    def lookup(self, cell: Cell, now: datetime) -> tuple[Found | None, Standing]:
        """The rows for an attempt, where the tier lets the card be used, and the standing. Never raises."""
        standing = self.standing(now)
        if standing.card is None or not standing.allowed.uses_card:
            return None, standing
        return standing.card.lookup(cell), standing

    def poll(self, now: datetime) -> Standing:
        """Ask once. Whatever goes wrong, the last good card stays, under the same clock. Never raises."""
        card, etag, _ = self._held
        try:
            self._held = self._asked(card, etag, now)
        except CountroomError as error:
            self._held = (card, etag, error.code)
        except Exception:  # noqa: BLE001 - a transport fails in its own ways, and none of them is a payment's business
            self._held = (card, etag, "unreachable")
        return self.standing(now)

    def pause(self, uniform: Callable[[], float]) -> timedelta:
        """How long to wait until the next poll. `uniform` draws from [0, 1)."""
        return self._every * (1 + JITTER * (2 * uniform() - 1))

    def _asked(self, card: Card | None, etag: str | None, now: datetime) -> tuple[Card | None, str | None, str | None]:
        answer = self._fetch(etag)
        if answer.status == 304 and card is not None:
            return card, etag, None
        if answer.status != 200:
            return card, etag, f"status_{answer.status}"
        read = Card.of(parse(answer.body))
        if card is not None and read.manifest.version < card.manifest.version:
            return card, etag, "older_version"
        if read.manifest.data_watermark > now + CLOCKS_DIFFER:
            return card, etag, "from_the_future"
        return read, answer.etag, None
