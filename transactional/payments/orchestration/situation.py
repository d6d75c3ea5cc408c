"""Where does an intent stand, as far as driving it goes: its turns, what was asked in each, what was answered. For driving.py, the store and tests.

Pure values. The trap: two pictures of one payment, one in the orchestrator's memory and one in the database. Nothing is remembered between steps: each step
reads this anew, so a process that died is no different from one that was slow.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from transactional.payments.facts import Direction
from transactional.payments.lifecycle import AttemptState
from transactional.payments.orchestration.asking import AttemptRef, Request
from transactional.payments.orchestration.gateway import Outcome
from transactional.vocabulary.money import Money

SUCCEEDED: Final = "succeeded"
FAILED: Final = "failed"


@dataclass(frozen=True, slots=True)
class CallMade:
    """One request that was written down. `outcome` None: no answer was kept (under way, or we died under it)."""

    call: str
    call_no: int
    idempotency_key: str
    asked_at: datetime
    timeout_ms: int
    amount_minor: int | None = None
    outcome: Outcome | None = None
    raw_code: str | None = None
    network_code: str | None = None
    advice_code: str | None = None
    decline_code: str | None = None
    psp_reference: str | None = None

    @property
    def generation(self) -> int:
        """Keys end in the number of the business operation: 1 until one was proven to have done nothing."""
        return int(self.idempotency_key.rpartition(":")[2])

    @property
    def next_key(self) -> str:
        """The key of the operation after this one."""
        return f"{self.idempotency_key.rpartition(':')[0]}:{self.generation + 1}"

    @property
    def waited_until(self) -> datetime:
        """When whoever asked stopped waiting for the answer."""
        return self.asked_at + timedelta(milliseconds=self.timeout_ms)


@dataclass(frozen=True, slots=True)
class Turn:
    """One attempt's turn. `state` is what all facts say of it, whoever told them; `ended_as` is how its turn ended, None while it is open."""

    attempt: AttemptRef
    attempt_no: int
    opened_at: datetime
    stepped_up: bool
    state: AttemptState
    calls: tuple[CallMade, ...] = ()
    ended_as: str | None = None
    reason: str | None = None
    scheme: str | None = None

    def last(self, *calls: str) -> CallMade | None:
        """The newest request of these kinds."""
        return next((made for made in reversed(self.calls) if made.call in calls), None)

    def since(self, made: CallMade, call: str) -> list[CallMade]:
        """Requests of a kind after this one."""
        return [one for one in self.calls if one.call == call and one.call_no > made.call_no]

    def times_sent(self, made: CallMade) -> int:
        """How often that request was sent under its key."""
        return sum(one.call == made.call and one.idempotency_key == made.idempotency_key for one in self.calls)

    @property
    def psp_reference(self) -> str | None:
        """The payment at the PSP, as any answer named it."""
        return next((made.psp_reference for made in reversed(self.calls) if made.psp_reference), None)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is committed and may be sent."""

    call_id: UUID
    turn: Turn
    request: Request


@dataclass(frozen=True, slots=True)
class Situation:
    """An intent with its turns, the oldest first."""

    intent_id: UUID
    player_id: UUID
    direction: Direction
    money: Money
    turns: tuple[Turn, ...] = ()

    @property
    def open_turn(self) -> Turn | None:
        return next((turn for turn in self.turns if turn.ended_as is None), None)
