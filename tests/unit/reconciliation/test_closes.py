"""What do the events of a close add up to, whatever order they are read in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from uuid import UUID

from transactional.reconciliation.closes import CloseEvent, CloseKind, CloseState, Frozen, closed_days, closes_of, last_signed, live_close

DAY, BEGIN = date(2026, 1, 5), datetime(2026, 1, 6, tzinfo=UTC)
FROZEN = Frozen(BEGIN, "2026-11-25", "c" * 64, "run", "d" * 64, "closes/x")


def event(number: int, close: int, kind: str, actor: str, reason: str | None = None) -> CloseEvent:
    is_first = kind == "frozen"
    at = BEGIN + timedelta(hours=number)
    return CloseEvent(UUID(int=number), UUID(int=close), "adyen", DAY, close, CloseKind(kind), actor, at, reason, FROZEN if is_first else None)


HISTORY = (event(1, 1, "frozen", "anna"), event(2, 1, "signed", "anna"), event(3, 1, "signed", "carl"))


def test_events_read_in_any_order_tell_the_same_close() -> None:
    told = {repr(closes_of(order)) for order in permutations(HISTORY)}
    (close,) = closes_of(HISTORY)
    assert len(told) == 1
    assert (close.state, [each.actor for each in close.signatures]) == (CloseState.SIGNED, ["anna", "carl"])


def test_one_signature_is_not_a_signed_close() -> None:
    (close,) = closes_of(HISTORY[:2])
    assert (close.state, close.is_signed, close.is_live) == (CloseState.FROZEN, False, True)
    assert closed_days([close]) == {}


def test_a_reopened_close_holds_nothing_and_can_still_be_read_as_it_was_signed() -> None:
    # the trap: an auditor who asks for last month finds that it never was
    closes = closes_of((*HISTORY, event(4, 1, "reopened", "anna", "late file"), event(5, 2, "frozen", "anna")))
    live, signed = live_close(closes), last_signed(closes)
    assert live is not None
    assert signed is not None
    assert (live.generation, signed.generation, signed.state) == (2, 1, CloseState.REOPENED)
    assert closed_days(closes) == {}


def test_a_signed_close_holds_its_day_with_its_watermark() -> None:
    assert closed_days(closes_of(HISTORY)) == {"adyen": ((DAY, BEGIN),)}
