"""Is what is held neither spent, nor captured twice, nor given back twice. Traps: reference LR §3, cases 2 to 8."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection, text

from tests.integration.ledger.moves import CASH, DAY, NOON, REVENUE, move
from transactional.ledger.holds import Hold, HoldStatus
from transactional.ledger.service import Ledger
from transactional.vocabulary.errors import InputRejected, Refused
from transactional.vocabulary.ids import IdKind, public_id


@pytest.fixture
def ledger(connection: Connection) -> Ledger:
    """A player with 5,000."""
    made = Ledger(connection)
    made.post(move(5_000, "d"))
    return made


def refusal_of(connection: Connection, call: object, *arguments: object, **options: object) -> str:
    with pytest.raises(Refused) as refusal, connection.begin_nested():
        call(*arguments, **options)  # type: ignore[operator]
    return refusal.value.code


def test_six_holds_of_a_thousand_do_not_fit_five_thousand(ledger: Ledger, connection: Connection) -> None:
    for number in range(5):
        ledger.place_hold(CASH, 1_000, idempotency_key=f"h{number}")
    assert ledger.available(CASH) == 0
    assert refusal_of(connection, ledger.place_hold, CASH, 1_000, idempotency_key="h5") == "insufficient_funds"
    assert refusal_of(connection, ledger.post, move(-1, "w")) == "insufficient_funds"
    assert ledger.balance(CASH) == -5_000


def test_a_held_amount_cannot_be_paid_out_in_a_batch_either(ledger: Ledger, connection: Connection) -> None:
    ledger.place_hold(CASH, 4_000, idempotency_key="h")
    assert refusal_of(connection, ledger.post_batch, [move(-500, "a"), move(-501, "b")]) == "insufficient_funds"
    ledger.post_batch([move(-500, "a"), move(-500, "b")])
    assert ledger.available(CASH) == 0


def test_a_hold_is_captured_in_parts_and_the_rest_given_back(ledger: Ledger) -> None:
    hold = ledger.place_hold(CASH, 1_000, idempotency_key="h")
    ledger.capture_hold(hold.hold_id, move(-300, "c1"))
    ledger.capture_hold(hold.hold_id, move(-200, "c2"))
    assert (ledger.available(CASH), ledger.balance(CASH), ledger.balance(REVENUE)) == (4_000, -4_500, 4_500)
    half = ledger.hold(hold.hold_id)
    assert (half.status, half.captured_minor, half.remaining_minor) == (HoldStatus.OPEN, 500, 500)
    released = ledger.release_hold(hold.hold_id, now=NOON)
    assert (released.status, released.captured_minor, released.remaining_minor) == (HoldStatus.RELEASED, 500, 0)
    assert ledger.available(CASH) == 4_500


def test_partial_captures_do_not_exceed_the_hold(ledger: Ledger, connection: Connection) -> None:
    hold = ledger.place_hold(CASH, 1_000, idempotency_key="h")
    ledger.capture_hold(hold.hold_id, move(-600, "c1"))
    assert refusal_of(connection, ledger.capture_hold, hold.hold_id, move(-401, "c2")) == "hold_exceeded"
    ledger.capture_hold(hold.hold_id, move(-400, "c2"))
    assert ledger.hold(hold.hold_id).status is HoldStatus.CAPTURED
    assert refusal_of(connection, ledger.capture_hold, hold.hold_id, move(-1, "c3")) == "closed_hold"


def test_the_same_capture_twice_is_one_capture(ledger: Ledger, connection: Connection) -> None:
    hold = ledger.place_hold(CASH, 1_000, idempotency_key="h")
    first, again = (ledger.capture_hold(hold.hold_id, move(-600, "c")) for _ in range(2))
    assert (again.entry_id, again.replayed) == (first.entry_id, True)
    assert ledger.hold(hold.hold_id).captured_minor == 600
    assert refusal_of(connection, ledger.capture_hold, hold.hold_id, move(-500, "c")) == "idempotency_conflict"


def test_a_second_release_of_a_hold_changes_nothing(ledger: Ledger, connection: Connection) -> None:
    hold = ledger.place_hold(CASH, 1_000, idempotency_key="h")
    first = ledger.release_hold(hold.hold_id, now=NOON)
    second = ledger.release_hold(hold.hold_id, now=NOON + DAY)
    assert first == second
    assert ledger.available(CASH) == 5_000
    assert connection.execute(text("select count(*) from app.hold_events")).scalar_one() == 1


def test_every_name_of_a_hold_sees_its_end(ledger: Ledger, connection: Connection) -> None:
    hold = ledger.place_hold(CASH, 1_000, idempotency_key="request-77")
    names = [hold.hold_id, str(hold.hold_id), hold.hold_id.hex, public_id(IdKind.HOLD, hold.hold_id), "request-77"]
    ledger.release_hold("request-77", now=NOON)
    assert {ledger.hold(name).status for name in names} == {HoldStatus.RELEASED}
    for number, name in enumerate(names):
        assert refusal_of(connection, ledger.capture_hold, name, move(-1, f"c{number}")) == "closed_hold"
        assert ledger.release_hold(name, now=NOON).status is HoldStatus.RELEASED
    assert refusal_of(connection, ledger.hold, UUID(int=404)) == "unknown_hold"
    assert refusal_of(connection, ledger.release_hold, "no such key", now=NOON) == "unknown_hold"


def test_a_key_that_looks_like_an_id_still_names_its_hold(ledger: Ledger) -> None:
    key = str(UUID(int=5))
    assert ledger.place_hold(CASH, 1, idempotency_key=key).hold_id == ledger.hold(key).hold_id


def test_a_captured_or_expired_hold_is_not_released(ledger: Ledger, connection: Connection) -> None:
    captured = ledger.place_hold(CASH, 100, idempotency_key="a")
    ledger.capture_hold(captured.hold_id, move(-100, "c"))
    expired = ledger.place_hold(CASH, 100, idempotency_key="b", expires_at=NOON)
    ledger.expire_holds(now=NOON)
    for hold in (captured, expired):
        assert refusal_of(connection, ledger.release_hold, hold.hold_id, now=NOON) == "closed_hold"
    assert ledger.available(CASH) == 4_900


def test_a_hold_expires_when_its_time_has_come_and_once(ledger: Ledger) -> None:
    soon = ledger.place_hold(CASH, 1_000, idempotency_key="a", expires_at=NOON + DAY)
    later = ledger.place_hold(CASH, 500, idempotency_key="b", expires_at=NOON + 2 * DAY)
    ledger.place_hold(CASH, 10, idempotency_key="c")
    ledger.capture_hold(soon.hold_id, move(-300, "x", recorded_at=NOON))
    assert ledger.expire_holds(now=NOON + DAY - timedelta(microseconds=1)) == []
    assert ledger.expire_holds(now=NOON + DAY) == [soon.hold_id]
    assert ledger.expire_holds(now=NOON + DAY) == []
    assert ledger.hold(soon.hold_id).status is HoldStatus.EXPIRED
    assert ledger.hold(later.hold_id).status is HoldStatus.OPEN
    assert ledger.available(CASH) == 4_700 - 510


def test_a_hold_past_its_time_is_not_captured_even_before_the_sweep(ledger: Ledger, connection: Connection) -> None:
    hold = ledger.place_hold(CASH, 1_000, idempotency_key="h", expires_at=NOON + DAY)
    assert refusal_of(connection, ledger.capture_hold, hold.hold_id, move(-1, "late", recorded_at=NOON + DAY)) == "closed_hold"
    assert not ledger.capture_hold(hold.hold_id, move(-1, "in time", recorded_at=NOON)).replayed


def test_a_late_capture_after_the_release_is_a_new_entry(ledger: Ledger, connection: Connection) -> None:
    hold = ledger.place_hold(CASH, 1_000, idempotency_key="h")
    ledger.release_hold(hold.hold_id, now=NOON)
    late = move(-1_000, "late")
    assert refusal_of(connection, ledger.capture_hold, hold.hold_id, late) == "closed_hold"
    assert not ledger.post(late).replayed
    assert (ledger.available(CASH), ledger.hold(hold.hold_id).status) == (4_000, HoldStatus.RELEASED)


def test_a_capture_takes_from_the_held_account(ledger: Ledger, connection: Connection) -> None:
    hold = ledger.place_hold(CASH, 1_000, idempotency_key="h")
    assert refusal_of(connection, ledger.capture_hold, hold.hold_id, move(100, "c")) == "not_a_capture"
    assert ledger.hold(hold.hold_id).remaining_minor == 1_000


def test_placing_a_hold_twice_is_one_hold(ledger: Ledger, connection: Connection) -> None:
    first, again = (ledger.place_hold(CASH, 1_000, idempotency_key="h", hold_id=UUID(int=9), intent_id=UUID(int=1)) for _ in range(2))
    assert first == again == Hold(UUID(int=9), CASH, 1_000, intent_id=UUID(int=1))
    assert ledger.available(CASH) == 4_000
    assert refusal_of(connection, ledger.place_hold, CASH, 1_001, idempotency_key="h") == "idempotency_conflict"
    assert refusal_of(connection, ledger.place_hold, CASH, 1, idempotency_key="h2", hold_id=UUID(int=9)) == "hold_id_taken"


def test_nothing_is_held_where_no_floor_is(ledger: Ledger, connection: Connection) -> None:
    assert refusal_of(connection, ledger.place_hold, REVENUE, 1, idempotency_key="h") == "no_floor"
    for amount in (0, -1, 1.0, 2**63):
        with pytest.raises(InputRejected):
            ledger.place_hold(CASH, amount, idempotency_key="h")  # type: ignore[arg-type]


def test_the_balance_moves_only_with_an_entry(ledger: Ledger) -> None:
    # blnk 55: a hold moved balances without a transaction
    hold = ledger.place_hold(CASH, 1_000, idempotency_key="h")
    for act in (lambda: ledger.release_hold(hold.hold_id, now=NOON), lambda: ledger.expire_holds(now=NOON)):
        act()
        assert ledger.balance(CASH) == -5_000
