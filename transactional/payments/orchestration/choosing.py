"""Who says where an attempt goes, and whether a player may be paid: the seams of the orchestrator. For the router that plugs in, the KYC gate, and the API.

The trap: a PSP chosen and the reason lost. `Choose` is called in the transaction that writes the attempt, so its decision is committed with it, before the PSP
is called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection

from transactional.payments.declines.taxonomy import DeclineClass
from transactional.payments.orchestration.asking import Payer
from transactional.payments.orchestration.gateway import Outcome
from transactional.payments.orchestration.situation import Situation
from transactional.payments.orchestration.terms import DrivingTerms
from transactional.vocabulary.money import Money


@dataclass(frozen=True, slots=True)
class Question:
    """Where should this attempt go? `candidates` have a gateway and an instrument; `excluded` are the others, each with its rule."""

    intent_id: UUID
    direction: Literal["deposit", "withdrawal"]
    money: Money
    attempt_no: int
    payer: Payer
    candidates: tuple[str, ...]
    excluded: Mapping[str, str]
    tried: frozenset[str]


@dataclass(frozen=True, slots=True)
class Choice:
    """Where it goes; `decision_id` names the recorded decision."""

    psp: str
    merchant_account: str
    decision_id: UUID | None = None


Choose = Callable[[Connection, Question], Choice | None]
"""None: none of the candidates will do."""

Heard = Callable[[Connection, UUID, int, str, Outcome, DeclineClass | None, datetime], None]
"""Told of each answer to an attempt's money: intent, number of the attempt, PSP, outcome, class of the refusal, when. For a detector; it must not fail."""

KycGate = Callable[[Connection, Situation], str | None]
"""Why a player may not be paid out now; None when nothing stands against it."""


def first_of(accounts: Mapping[str, str]) -> Choose:
    """The plainest chooser: the first candidate in the order of `accounts` (PSP to merchant account), with no decision to record."""

    def choose(_connection: Connection, question: Question) -> Choice | None:
        found = next((psp for psp in accounts if psp in question.candidates), None)
        return None if found is None else Choice(found, accounts[found])

    return choose


class Breakers:
    """Which PSPs are left alone just now, by this process's own experience: consecutive technical failures. Safe for several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._failures: dict[str, int] = {}
        self._open_until: dict[str, datetime] = {}

    def note(self, psp: str, terms: DrivingTerms, now: datetime, *, failed: bool) -> None:
        """One answer. A PSP that answers at all closes its breaker; the last failure of too many opens it, and so does a failed probe."""
        with self._lock:
            self._failures[psp] = self._failures.get(psp, 0) + 1 if failed else 0
            if not failed:
                self._open_until.pop(psp, None)
            elif self._failures[psp] >= terms.breaker.failures:
                self._open_until[psp] = now + terms.breaker.open_for

    def is_open(self, psp: str, now: datetime) -> bool:
        """Whether it is left alone now. Asking when the time is over lets one payment through as a probe, and the next one after a second."""
        with self._lock:
            until = self._open_until.get(psp)
            if until is None:
                return False
            if now < until:
                return True
            self._open_until[psp] = now + timedelta(seconds=1)
            return False
