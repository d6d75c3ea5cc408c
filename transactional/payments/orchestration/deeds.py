"""What can be done next for an intent, and when something that was asked is asked again. For driving.py and giving_back.py.

The trap: a question repeated in a tight loop by every process at once. Each repetition has its moment, which doubles and is spread by a hash.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from transactional.payments.declines.retrying import backoff
from transactional.payments.orchestration.gateway import Outcome
from transactional.payments.orchestration.situation import CallMade, Turn
from transactional.payments.orchestration.terms import DrivingTerms
from transactional.vocabulary.money import Money

RESENT_AT_MOST = 3
"""Under one key, before it must be proven that the key did nothing: a stored 5xx is repeated for ever (RT 4.21)."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Put a question to the PSP of this turn. `repeats`: the request whose outcome is asked for, or which is sent again."""

    turn: Turn
    call: str
    idempotency_key: str
    money: Money | None = None
    repeats: CallMade | None = None


@dataclass(frozen=True, slots=True)
class End:
    """The turn is over. `reason` is a unified decline where there is one."""

    turn: Turn
    ended_as: Literal["succeeded", "failed"]
    reason: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing can be done before `until` (None: before somebody says something)."""

    why: Literal["in_flight", "unresolved", "pending", "payer"]
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """No attempt is open and none succeeded: whether another is made is for retrying.py to say."""


@dataclass(frozen=True, slots=True)
class Done:
    """It succeeded and nothing is left to give back."""


Deed = Ask | End | Pause | Open | Done


@dataclass(frozen=True, slots=True)
class AtHand:
    """What the payer gave in this request and nobody keeps: the instrument (to send a payout again), what the browser brought back.

    `lost_action`: the payer is here and what he must do was told in an answer that nobody kept, so the PSP is asked once more.
    """

    instrument: bool = False
    details: bool = False
    lost_action: bool = False


def again(turn: Turn, doing: CallMade, money: Money | None, terms: DrivingTerms, now: datetime) -> Ask | Pause:
    """The same request under the same key, when its time has come."""
    return when_due(turn, doing, Ask(turn, doing.call, doing.idempotency_key, money, repeats=doing), turn.times_sent(doing), terms, now)


def cancel_again(turn: Turn, doing: CallMade, terms: DrivingTerms, now: datetime) -> Ask | Pause:
    """Let go once more; under a new key after some tries, since a PSP may repeat its failure for the old one for ever and letting go twice does no harm."""
    if turn.times_sent(doing) < RESENT_AT_MOST:
        return again(turn, doing, None, terms, now)
    return when_due(turn, doing, Ask(turn, "cancel", doing.next_key), len([one for one in turn.calls if one.call == "cancel"]), terms, now)


def is_final(status: CallMade, doing: CallMade, terms: DrivingTerms) -> bool:
    """Whether what a status says of a request is believed for good: not while the request may still be on its way."""
    return status.asked_at >= max(doing.asked_at + terms.not_found_final_after, doing.waited_until)


def ask_what_became(turn: Turn, doing: CallMade, terms: DrivingTerms, now: datetime, why: Literal["pending", "unresolved"]) -> Ask | Pause:
    """A status query about a request, ever more rarely."""
    asked = turn.since(doing, "status")
    last = asked[-1] if asked else doing
    if last.call == "status" and last.outcome is None and now < last.waited_until:
        return Pause("in_flight", last.waited_until)
    return when_due(turn, last, status_of(turn, doing), len(asked) + 1, terms, now, why)


def status_of(turn: Turn, doing: CallMade) -> Ask:
    """The question what became of a request."""
    return Ask(turn, "status", f"{turn.attempt.attempt_id.hex}:status:{len(turn.calls) + 1}", repeats=doing)


def when_due(
    turn: Turn, last: CallMade, question: Ask, tries: int, terms: DrivingTerms, now: datetime, why: Literal["pending", "unresolved"] = "unresolved"
) -> Ask | Pause:
    due = max(last.asked_at, last.waited_until if last.outcome in (None, Outcome.UNKNOWN) else last.asked_at) + _pause(turn, tries, terms)
    return question if now >= due else Pause(why, due)


def _pause(turn: Turn, tries: int, terms: DrivingTerms) -> timedelta:
    return backoff(turn.attempt.attempt_id, tries, terms.resolve_every, terms.resolve_longest)
