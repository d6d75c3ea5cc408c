"""What an ended turn still holds and must not: a late success of an abandoned attempt goes back, an authorisation that came late is let go of. For driving.py.

Pure. The traps: a refund sent a second time under a new key because the first one's answer was lost; a surplus that nobody sees while its refund is under way
(it is one until the refund is a fact).
"""

from __future__ import annotations

from datetime import datetime

from transactional.payments.lifecycle import RefundStatus, Status
from transactional.payments.orchestration.deeds import (
    RESENT_AT_MOST,
    Ask,
    Pause,
    again,
    ask_what_became,
    cancel_again,
    is_final,
    when_due,
)
from transactional.payments.orchestration.gateway import Outcome
from transactional.payments.orchestration.situation import FAILED, SUCCEEDED, Situation, Turn
from transactional.payments.orchestration.terms import DrivingTerms
from transactional.vocabulary.money import Money

_REFUSED_AT_MOST = 5


def held_minor(turn: Turn) -> int:
    """What a turn moved and did not give back; a charge-back took it back already."""
    state = turn.state
    return max(0, state.captured_minor - state.refunded_minor - max(state.charged_back_minor, 0)) + max(0, state.paid_out_minor)


def keeper(situation: Situation) -> Turn | None:
    """The turn whose money is the intent's: the one that succeeded, else the first that did so late. None while another is open and may yet."""
    succeeded = next((turn for turn in situation.turns if turn.ended_as == SUCCEEDED), None)
    if succeeded is not None or situation.open_turn is not None:
        return succeeded
    return next((turn for turn in situation.turns if held_minor(turn) > 0), None)


def surplus_minor(turn: Turn, situation: Situation) -> int:
    """What an ended turn holds beyond what it should: everything, unless its money is the intent's; then what exceeds that."""
    if turn.ended_as is None:
        return 0
    kept = keeper(situation)
    return max(0, held_minor(turn) - (situation.money.minor if kept is not None and kept.attempt == turn.attempt else 0))


def is_loose_authorisation(turn: Turn) -> bool:
    """A failed turn whose PSP still has money set aside for us: it came late, and is let go of. The word that it failed does not hide it."""
    state = turn.state
    return turn.ended_as == FAILED and state.authorised_minor > 0 and state.captured_minor == 0 and state.status is not Status.VOIDED


def must_give_back(situation: Situation) -> bool:
    """Whether any ended turn of a deposit holds what it must not: money, or an authorisation."""
    return situation.direction == "deposit" and any(surplus_minor(turn, situation) > 0 or is_loose_authorisation(turn) for turn in situation.turns)


def give_back(turn: Turn, situation: Situation, terms: DrivingTerms, now: datetime) -> Ask | Pause | None:
    """What is to be done about an ended turn, if anything. While another turn is open nobody knows yet which of the two is to be kept."""
    if situation.direction != "deposit":
        return None
    surplus = surplus_minor(turn, situation)
    if surplus > 0:
        return None if keeper(situation) is None else _refund(turn, Money(situation.money.currency, surplus), terms, now)
    return _let_go(turn, terms, now) if is_loose_authorisation(turn) else None


def _let_go(turn: Turn, terms: DrivingTerms, now: datetime) -> Ask | Pause | None:
    doing = turn.last("cancel")
    if doing is None:
        return Ask(turn, "cancel", f"{turn.attempt.attempt_id.hex}:cancel:1")
    if doing.outcome is None and now < doing.waited_until:
        return Pause("in_flight", doing.waited_until)
    if doing.outcome not in (None, Outcome.UNKNOWN) and turn.times_sent(doing) >= _REFUSED_AT_MOST:
        return None  # the PSP says there is nothing to let go of; what it set aside lapses by itself, and a capture would be a surplus
    return cancel_again(turn, doing, terms, now)


def _refund(turn: Turn, surplus: Money, terms: DrivingTerms, now: datetime) -> Ask | Pause:
    doing = turn.last("refund")
    if doing is None:
        return Ask(turn, "refund", f"{turn.attempt.attempt_id.hex}:refund:1", surplus)
    if doing.outcome is None and now < doing.waited_until:
        return Pause("in_flight", doing.waited_until)
    finished = sum(one.status in (RefundStatus.FAILED, RefundStatus.CANCELLED, RefundStatus.SENT) for one in turn.state.refunds)
    if doing.outcome in (None, Outcome.UNKNOWN) and finished < doing.generation:
        same = Money(surplus.currency, doing.amount_minor or surplus.minor)
        if turn.times_sent(doing) < RESENT_AT_MOST:
            return again(turn, doing, same, terms, now)
        if not any(one.outcome is Outcome.APPROVED and is_final(one, doing, terms) for one in turn.since(doing, "status")):
            return ask_what_became(turn, doing, terms, now, "unresolved")
        # long after the last try the PSP tells of no such refund: that key did nothing and never will
    elif doing.outcome in (Outcome.APPROVED, Outcome.PENDING) and finished < doing.generation:
        return ask_what_became(turn, doing, terms, now, "pending")
    # that one is over, and something is still left: a new refund, not the old one again
    return when_due(turn, doing, Ask(turn, "refund", doing.next_key, surplus), doing.generation, terms, now)
