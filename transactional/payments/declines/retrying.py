"""After an attempt failed, what may be done for the payer next? For the orchestrator, and for whoever asks why a payment was not tried again.

Pure: from the attempts of an intent with how each stands, and the scheme's counters, to one next step within the budget. The traps: another PSP asked while
the first may still have taken the money; a refused card sent round all PSPs; retries at the same instant by every client of a PSP that just came back
(the wait carries a jitter, drawn by hash from the intent, so that it can be computed again).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from transactional.payments.declines.codes import Decline
from transactional.payments.declines.scheme_limits import Verdict
from transactional.payments.declines.taxonomy import DeclineClass, Remedy


class Standing(StrEnum):
    """How one attempt stands for the question of the next one."""

    SUCCEEDED = "succeeded"
    OPEN = "open"
    UNRESOLVED = "unresolved"
    FAILED = "failed"


class Step(StrEnum):
    """What is done next."""

    DONE = "done"
    HOLD_ON = "hold_on"
    RESOLVE_FIRST = "resolve_first"
    STEP_UP = "step_up"
    OTHER_PSP = "other_psp"
    WAIT = "wait"
    GIVE_UP = "give_up"


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt: `stepped_up` when 3-D Secure was asked for; `decline` when it failed by a refusal we read."""

    psp: str
    standing: Standing
    at: datetime
    stepped_up: bool = False
    decline: Decline | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """What one intent may cost. `within` is counted from its first attempt; a wait longer than `payer_waits` is the payer's to decide."""

    attempts: int = 4
    psps: int = 3
    step_ups: int = 1
    within: timedelta = timedelta(minutes=30)
    payer_waits: timedelta = timedelta(seconds=20)
    backoff: timedelta = timedelta(seconds=2)
    longest_backoff: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Next:
    """The next step and the rule that chose it. `psp` for STEP_UP; `not_before` for WAIT; `excluded` are the PSPs another attempt must not go to."""

    step: Step
    rule: str
    psp: str | None = None
    not_before: datetime | None = None
    excluded: frozenset[str] = frozenset()


def next_step(
    intent_id: UUID, tried: Sequence[Tried], verdict: Verdict, budget: Budget, now: datetime, others: Callable[[frozenset[str]], bool]
) -> Next:
    """What to do next for an intent. `tried` in order; `verdict` of the scheme for one more attempt; `others(excluded)`: whether a PSP is left."""
    if settled := _without_a_retry(tried, verdict, budget, now):
        return settled
    last = tried[-1]
    excluded = frozenset(one.psp for one in tried)
    assert last.decline is not None
    for remedy in last.decline.meaning.remedies:
        if remedy is Remedy.STEP_UP and not last.stepped_up and sum(one.stepped_up for one in tried) < budget.step_ups:
            return Next(Step.STEP_UP, f"step_up_after_{last.decline.unified}", psp=last.psp)
        if remedy is Remedy.OTHER_PSP and len(excluded) < budget.psps and others(excluded):
            return Next(Step.OTHER_PSP, f"other_psp_after_{last.decline.unified}", excluded=excluded)
        if remedy is Remedy.WAIT:
            return _wait(intent_id, tried, last.decline, budget)
    return Next(Step.GIVE_UP, f"nothing_helps_{last.decline.unified}")


def backoff(key: object, tries: int, base: timedelta, longest: timedelta) -> timedelta:
    """How long to wait before try number `tries` + 1 (from 1): doubling from `base` to `longest`, of which the upper half is drawn by hash of the key.

    The same key and number give the same wait; different keys spread over half the wait, so that clients do not return together.
    """
    whole = min(longest, base * (1 << min(tries - 1, 30)))
    draw = int.from_bytes(hashlib.sha256(f"{key}:{tries}".encode()).digest()[:8], "big") / 2**64
    return whole / 2 + whole / 2 * draw


def _without_a_retry(tried: Sequence[Tried], verdict: Verdict, budget: Budget, now: datetime) -> Next | None:
    """What ends or suspends the question before any remedy is looked at."""
    if not tried:
        return _refused_by_the_scheme(verdict) or Next(Step.OTHER_PSP, "first_attempt")
    standings = {one.standing for one in tried}
    last = tried[-1]
    if Standing.SUCCEEDED in standings:
        return Next(Step.DONE, "succeeded")
    if Standing.UNRESOLVED in standings or (last.decline and last.decline.decline_class is DeclineClass.UNKNOWN_OUTCOME):
        return Next(Step.RESOLVE_FIRST, "outcome_unknown")
    if Standing.OPEN in standings:
        return Next(Step.HOLD_ON, "attempt_open")
    if last.decline is None:
        return Next(Step.GIVE_UP, "failed_without_a_reason")
    if len(tried) >= budget.attempts or now - tried[0].at >= budget.within:
        return Next(Step.GIVE_UP, "budget_spent")
    return _refused_by_the_scheme(verdict)


def _refused_by_the_scheme(verdict: Verdict) -> Next | None:
    """Also before the first attempt: the card may have used up its tries in other intents."""
    if verdict.is_allowed:
        return None
    return Next(Step.GIVE_UP, f"scheme_rule_{verdict.refused_by}", not_before=verdict.free_again_at)


def _wait(intent_id: UUID, tried: Sequence[Tried], decline: Decline, budget: Budget) -> Next:
    """Wait in the payer's presence for a moment, or let the payer come back: never a silent charge days later."""
    least = decline.meaning.wait or timedelta()
    pause = max(least, backoff(intent_id, len(tried), budget.backoff, budget.longest_backoff))
    until = tried[-1].at + pause
    if pause > budget.payer_waits:
        return Next(Step.GIVE_UP, f"payer_may_return_after_{decline.unified}", not_before=until)
    return Next(Step.WAIT, f"wait_after_{decline.unified}", not_before=until)
