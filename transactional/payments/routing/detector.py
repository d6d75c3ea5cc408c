"""Is a PSP failing right now, whatever the scorecard of some minutes ago says? For the router, one breaker per PSP (or PSP and method).

Pure: a breaker is a value; an outcome or the passing of time gives the next one. Two Bernoulli CUSUMs on failures the PSP or an issuer is to blame for, each
against what the scorecard expected of that very attempt, so that a mix of hard cells is no outage. The fast one opens the breaker; the slow one only alerts.

The traps: a threshold set by taste (h=4 rings every 250 attempts and destroys all it gains: reference RT §0.5), a payer's mistake counted against a PSP, a
time-out that is waited for (it is a failure at once, and corrected when the answer comes), a breaker that lets everything back at once.
Source: reference RT §2.5; E. S. Page, Continuous inspection schemes, 1954.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


class BreakerState(StrEnum):
    """`open`: no attempt goes there. `half_open`: a probe share does."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Alarm:
    """A CUSUM: it looks for success falling to `ratio` of what is expected, and rings when the evidence (in nats) passes `threshold`."""

    ratio: float
    threshold: float

    def after(self, evidence: float, *, approved: bool, expected: float) -> float:
        """The evidence after one more outcome; never below 0, so that a good past excuses nothing."""
        return max(0.0, evidence + self.weight(approved=approved, expected=expected))

    def weight(self, *, approved: bool, expected: float) -> float:
        """Log likelihood ratio of one outcome."""
        p0 = min(max(expected, 0.02), 0.98)
        return math.log(self.ratio) if approved else math.log((1 - self.ratio * p0) / (1 - p0))


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """`fast` opens, `slow` alerts. After `rest` an open breaker is half open with half the evidence. Silence: so many attempts without one answer."""

    fast: Alarm = Alarm(ratio=0.5, threshold=6.0)
    slow: Alarm = Alarm(ratio=0.7, threshold=8.0)
    rest: timedelta = timedelta(seconds=120)
    silent_attempts: int = 8
    silent_for: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Breaker:
    """Where one PSP stands. `fast`, `slow`: evidence so far. `alerting`: the slow alarm rings. `unanswered`: sent since the last answer at `heard_at`."""

    state: BreakerState = BreakerState.CLOSED
    since: datetime | None = None
    fast: float = 0.0
    slow: float = 0.0
    alerting: bool = False
    unanswered: int = 0
    heard_at: datetime | None = None


UNTOUCHED = Breaker()


def after_outcome(breaker: Breaker, *, approved: bool, expected: float, at: datetime, settings: DetectorSettings) -> Breaker:
    """After an outcome the PSP answers for. `expected`: the success the card expected of that attempt (0..1); payer errors are not told here."""
    breaker = rested(breaker, at, settings)
    fast = settings.fast.after(breaker.fast, approved=approved, expected=expected)
    slow = min(settings.slow.after(breaker.slow, approved=approved, expected=expected), 2 * settings.slow.threshold)
    # the slow alarm goes on ringing until half its evidence is gone, so that it does not flicker
    alerting = slow > (settings.slow.threshold / 2 if breaker.alerting else settings.slow.threshold)
    told = replace(breaker, fast=fast, slow=slow, alerting=alerting, unanswered=0, heard_at=at)
    if breaker.state is BreakerState.OPEN:  # a late answer to an attempt of before: it neither opens again nor closes
        return replace(told, fast=breaker.fast)
    if fast > settings.fast.threshold:
        return replace(told, state=BreakerState.OPEN, since=at, fast=settings.fast.threshold)
    if breaker.state is BreakerState.HALF_OPEN and fast == 0.0:
        return replace(told, state=BreakerState.CLOSED, since=at)
    return told


def after_timeout(breaker: Breaker, *, expected: float, at: datetime, settings: DetectorSettings) -> Breaker:
    """After an attempt that was not answered in time: a failure now; `corrected` takes it back if it turns out otherwise. Silence goes on."""
    told = after_outcome(breaker, approved=False, expected=expected, at=at, settings=settings)
    return replace(told, unanswered=breaker.unanswered, heard_at=breaker.heard_at)


def corrected(breaker: Breaker, *, expected: float, settings: DetectorSettings) -> Breaker:
    """After it became known that what was told as a failure was approved. An open breaker stays open for its rest: nobody is hurt by that."""
    if breaker.state is BreakerState.OPEN:
        return breaker
    return replace(breaker, fast=_taken_back(settings.fast, breaker.fast, expected), slow=_taken_back(settings.slow, breaker.slow, expected))


def after_sending(breaker: Breaker, *, at: datetime, settings: DetectorSettings) -> Breaker:
    """After an attempt was sent. Many sent and nothing heard for a while is an outage that no outcome tells of."""
    breaker = rested(breaker, at, settings)
    waiting = replace(breaker, unanswered=breaker.unanswered + 1, heard_at=breaker.heard_at or at)
    assert waiting.heard_at is not None
    silent = waiting.unanswered >= settings.silent_attempts and at - waiting.heard_at >= settings.silent_for
    if silent and breaker.state is not BreakerState.OPEN:
        return replace(waiting, state=BreakerState.OPEN, since=at, fast=settings.fast.threshold, unanswered=0, heard_at=None)
    return waiting


def rested(breaker: Breaker, now: datetime, settings: DetectorSettings) -> Breaker:
    """The breaker at that moment: one that has been open for its rest is half open, with half the evidence against it."""
    if breaker.state is BreakerState.OPEN and breaker.since is not None and now - breaker.since >= settings.rest:
        return replace(breaker, state=BreakerState.HALF_OPEN, since=breaker.since + settings.rest, fast=settings.fast.threshold / 2)
    return breaker


def _taken_back(alarm: Alarm, evidence: float, expected: float) -> float:
    told = alarm.weight(approved=False, expected=expected)
    return max(0.0, evidence - told + alarm.weight(approved=True, expected=expected))
