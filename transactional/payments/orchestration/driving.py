"""What is done next for an intent, given all that is known of it? The rules of no double charge, in one pure function. For the orchestrator and its model.

- Money is tried elsewhere only after a turn ended as failed, and a turn ends as failed only when it is certain that this attempt holds no money:
  refused, let go of, or never arrived (which a PSP is believed only after the time it may itself take).
- A card payment is set aside first and taken by a request of its own, which is sent only while the turn is open. So what arrives late is an
  authorisation that is let go of, not money. Where a PSP takes at once, a late success is money: it goes back, and is a surplus until it has.
- A request that may have been done is asked for again under its own key, never under a new one, until that key is proven to have done nothing.
- What webhooks and files tell counts like an answer; success is never undone by a word.

The traps: RT §4 items 15 to 17, 20 to 23 and 28, each a rule here and a test beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from transactional.payments.lifecycle import AttemptState, Status
from transactional.payments.orchestration.deeds import (
    RESENT_AT_MOST,
    Ask,
    AtHand,
    Deed,
    Done,
    End,
    Open,
    Pause,
    again,
    ask_what_became,
    cancel_again,
    is_final,
    status_of,
)
from transactional.payments.orchestration.gateway import Outcome
from transactional.payments.orchestration.giving_back import give_back, held_minor, keeper
from transactional.payments.orchestration.situation import FAILED, SUCCEEDED, CallMade, Situation, Turn
from transactional.payments.orchestration.terms import DrivingTerms
from transactional.vocabulary.money import Money


def decide(situation: Situation, terms: Mapping[str, DrivingTerms], now: datetime, at_hand: AtHand) -> Deed:
    """The next deed. What must go back comes first; what can only be waited for there does not hold up the open turn."""
    waiting: Pause | None = None
    for turn in situation.turns:
        if turn.ended_as is not None and (deed := give_back(turn, situation, terms[turn.attempt.psp], now)) is not None:
            if isinstance(deed, Ask):
                return deed
            waiting = deed
    current = situation.open_turn
    if current is not None:
        if situation.direction == "withdrawal":
            return _drive_payout(current, situation.money, terms[current.attempt.psp], now, at_hand)
        is_paid_elsewhere = any(held_minor(turn) > 0 for turn in situation.turns if turn is not current)
        return _drive_deposit(current, situation.money, terms[current.attempt.psp], now, at_hand, is_paid_elsewhere=is_paid_elsewhere)
    return Open() if keeper(situation) is None else waiting or Done()


def _drive_deposit(turn: Turn, money: Money, terms: DrivingTerms, now: datetime, at_hand: AtHand, *, is_paid_elsewhere: bool) -> Deed:
    if turn.state.captured_minor > 0:
        return End(turn, SUCCEEDED, "captured")
    doing = turn.last("authorise", "complete", "capture", "cancel")
    if doing is None:
        return End(turn, FAILED, "processing_error")  # a turn is opened with its first request, so this one was never asked
    if doing.outcome is None and now < doing.waited_until:
        return Pause("in_flight", doing.waited_until)
    if doing.call == "cancel":
        return _after_cancel(turn, doing, terms, now)
    if doing.call == "capture":
        return _after_capture(turn, doing, money, terms, now)
    return _after_authorise(turn, doing, money, terms, now, at_hand, is_paid_elsewhere=is_paid_elsewhere)


def _after_authorise(
    turn: Turn, doing: CallMade, money: Money, terms: DrivingTerms, now: datetime, at_hand: AtHand, *, is_paid_elsewhere: bool
) -> Deed:
    fate = _fate_of_authorisation(turn, doing, terms)
    match fate:
        case Outcome.APPROVED | Outcome.REQUIRES_ACTION if is_paid_elsewhere and terms.capturing == "separately":
            # an earlier attempt succeeded after all: its money is the intent's, and this one lets go before it takes any
            return Ask(turn, "cancel", f"{turn.attempt.attempt_id.hex}:cancel:1")
        case Outcome.APPROVED:
            if terms.capturing == "separately":
                return Ask(turn, "capture", f"{turn.attempt.attempt_id.hex}:capture:1", money)
            return ask_what_became(turn, doing, terms, now, "pending")
        case Outcome.DECLINED | Outcome.ERROR:
            return End(turn, FAILED, _refusal(turn))
        case Outcome.NOT_FOUND:
            return End(turn, FAILED, "processing_error")
        case Outcome.REQUIRES_ACTION:
            if at_hand.details:
                number = len([one for one in turn.calls if one.call == "complete"]) + 1
                return Ask(turn, "complete", f"{turn.attempt.attempt_id.hex}:complete:{number}")
            if now >= doing.asked_at + terms.action_expires:
                return Ask(turn, "cancel", f"{turn.attempt.attempt_id.hex}:cancel:1")
            if at_hand.lost_action:
                return status_of(turn, doing)
            return Pause("payer", doing.asked_at + terms.action_expires)
        case Outcome.PENDING:
            return ask_what_became(turn, doing, terms, now, "pending")
    return ask_what_became(turn, doing, terms, now, "unresolved")


def _fate_of_authorisation(turn: Turn, doing: CallMade, terms: DrivingTerms) -> Outcome:
    """What became of it: by what was told since, by its own answer, by the newest status that knows. UNKNOWN when nobody does."""
    told = _told(turn.state)
    if told is not None and doing.outcome not in (Outcome.DECLINED, Outcome.ERROR):
        return told
    if doing.outcome in (Outcome.APPROVED, Outcome.DECLINED, Outcome.ERROR):
        return doing.outcome
    for status in reversed(turn.since(doing, "status")):
        if status.outcome in (Outcome.APPROVED, Outcome.DECLINED, Outcome.PENDING):
            return status.outcome
        # that the payer is still to act says nothing of a completion that is on its way, and a second one beside it could be refused while the first is not
        if status.outcome is Outcome.REQUIRES_ACTION and (doing.call == "authorise" or is_final(status, doing, terms)):
            return Outcome.REQUIRES_ACTION
        if status.outcome is Outcome.NOT_FOUND and doing.outcome is not Outcome.PENDING and is_final(status, doing, terms):
            return Outcome.NOT_FOUND
    return doing.outcome or Outcome.UNKNOWN


def _told(state: AttemptState) -> Outcome | None:
    if state.status is Status.AUTHORISED:
        return Outcome.APPROVED
    return Outcome.DECLINED if state.status in (Status.FAILED, Status.VOIDED) else None


def _refusal(turn: Turn) -> str:
    """Why it was refused, in the unified word of the newest answer that said so; a webhook says no code."""
    return next((made.decline_code for made in reversed(turn.calls) if made.decline_code), "unread")


def _after_capture(turn: Turn, doing: CallMade, money: Money, terms: DrivingTerms, now: datetime) -> Deed:
    key = turn.attempt.attempt_id.hex
    if doing.outcome in (Outcome.DECLINED, Outcome.ERROR):
        return Ask(turn, "cancel", f"{key}:cancel:1")
    if doing.outcome in (Outcome.APPROVED, Outcome.PENDING):
        if turn.state.status in (Status.FAILED, Status.VOIDED):
            return End(turn, FAILED, "capture_failed")
        return ask_what_became(turn, doing, terms, now, "pending")
    if turn.times_sent(doing) < RESENT_AT_MOST:
        return again(turn, doing, money, terms, now)
    proof = next((one for one in reversed(turn.since(doing, "status")) if one.outcome is Outcome.APPROVED and is_final(one, doing, terms)), None)
    if proof is not None:  # long after the last try it is still only set aside: that key did nothing and never will
        return Ask(turn, "capture", doing.next_key, money)
    gone = next((one for one in reversed(turn.since(doing, "status")) if one.outcome in (Outcome.DECLINED, Outcome.NOT_FOUND)), None)
    if gone is not None and is_final(gone, doing, terms):
        return End(turn, FAILED, "capture_failed")
    return ask_what_became(turn, doing, terms, now, "unresolved")


def _after_cancel(turn: Turn, doing: CallMade, terms: DrivingTerms, now: datetime) -> Deed:
    if doing.outcome is Outcome.APPROVED or turn.state.status is Status.VOIDED:
        return End(turn, FAILED, "cancelled_by_payer" if turn.last("capture") is None else "capture_failed")
    if doing.outcome in (None, Outcome.UNKNOWN):
        return cancel_again(turn, doing, terms, now)
    # too late, or nothing there: the status says which
    for status in reversed(turn.since(doing, "status")):
        if status.outcome in (Outcome.DECLINED, Outcome.NOT_FOUND) and is_final(status, doing, terms):
            return End(turn, FAILED, "cancelled_by_payer")
    return ask_what_became(turn, doing, terms, now, "pending")


def _drive_payout(turn: Turn, money: Money, terms: DrivingTerms, now: datetime, at_hand: AtHand) -> Deed:
    """A payout is never called lost because the PSP knows nothing of it: it is sent again under its own key, or a person decides."""
    if turn.state.paid_out_minor > 0:
        return End(turn, SUCCEEDED, "sent")
    doing = turn.last("payout")
    if doing is None:
        return End(turn, FAILED, "processing_error")
    if turn.state.status in (Status.RETURNED, Status.CANCELLED):
        return End(turn, FAILED, "payout_returned")
    if doing.outcome is None and now < doing.waited_until:
        return Pause("in_flight", doing.waited_until)
    statuses = [one.outcome for one in turn.since(doing, "status")]
    if Outcome.DECLINED in (doing.outcome, *statuses) or turn.state.status is Status.FAILED:
        return End(turn, FAILED, _refusal(turn))
    if doing.outcome is Outcome.ERROR:
        return End(turn, FAILED, _refusal(turn))
    if doing.outcome in (None, Outcome.UNKNOWN) and at_hand.instrument and Outcome.PENDING not in statuses:
        return again(turn, doing, money, terms, now)
    return ask_what_became(turn, doing, terms, now, "pending" if doing.outcome in (Outcome.PENDING, Outcome.APPROVED) else "unresolved")
