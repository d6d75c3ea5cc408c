"""What the database refuses of closes, whoever writes: the rules are revision 0014's and not the service's good manners."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from transactional.db.unit_of_work import UnitOfWork
from transactional.reconciliation.closes import Close, CloseState, Frozen
from transactional.reconciliation.closing import Closes
from transactional.vocabulary.errors import CountroomError, InputRejected, Refused

DAY = date(2026, 1, 5)
FROZEN = Frozen(
    datetime(2026, 1, 6, tzinfo=UTC),
    "2026-11-25",
    "c" * 64,
    "run",
    "d" * 64,
    "closes/adyen/2026-01-05/x/standing.json",
    {"files": [{"name": "a.csv"}]},
)


@pytest.fixture
def closes(connection: Connection) -> Closes:
    return Closes(connection)


@pytest.fixture
def closed(closes: Closes) -> Close:
    return closes.freeze("adyen", DAY, FROZEN, actor="anna")


def refusal(connection: Connection, action: object) -> str:
    """The code of what an action is refused with; the transaction goes on."""
    with pytest.raises(Refused) as refused, connection.begin_nested():
        action()  # type: ignore[operator]
    return refused.value.code


def test_a_day_is_frozen_signed_by_two_and_read_back(closes: Closes, closed: Close) -> None:
    assert (closed.state, closed.generation, closed.frozen) == (CloseState.FROZEN, 1, FROZEN)
    assert closes.sign("adyen", DAY, actor="anna").state is CloseState.FROZEN
    assert closes.sign("adyen", DAY, actor="carl").state is CloseState.SIGNED
    assert [each.actor for each in closes.of("adyen", DAY)[0].signatures] == ["anna", "carl"]


def test_the_same_person_cannot_sign_twice(connection: Connection, closes: Closes, closed: Close) -> None:
    closes.sign("adyen", DAY, actor="anna")
    assert refusal(connection, lambda: closes.sign("adyen", DAY, actor="anna")) == "same_signer"
    row = "insert into app.close_events (event_id, close_id, psp, business_date, kind, actor, recorded_at, request_id) "
    again = text(row + "values (gen_random_uuid(), :close, 'adyen', '2026-01-05', 'signed', 'anna', now(), 'r')")
    with pytest.raises(DBAPIError, match="another person"), connection.begin_nested():
        connection.execute(again, {"close": closed.close_id})


def test_a_third_signature_is_refused(connection: Connection, closes: Closes, closed: Close) -> None:
    for name in ("anna", "carl"):
        closes.sign("adyen", DAY, actor=name)
    assert refusal(connection, lambda: closes.sign("adyen", DAY, actor="dora")) == "already_signed"


def test_a_closed_day_cannot_be_closed_again_until_it_is_reopened(connection: Connection, closes: Closes, closed: Close) -> None:
    assert refusal(connection, lambda: closes.freeze("adyen", DAY, FROZEN, actor="carl")) == "already_closed"
    reopened = closes.reopen("adyen", DAY, actor="carl", reason="the file of the 6th was restated")
    assert (reopened.state, reopened.reopened and reopened.reopened.reason) == (CloseState.REOPENED, "the file of the 6th was restated")
    assert closes.freeze("adyen", DAY, FROZEN, actor="anna").generation == 2
    assert [close.generation for close in closes.of("adyen", DAY)] == [1, 2]


def test_what_is_reopened_is_neither_signed_nor_reopened_again(connection: Connection, closes: Closes, closed: Close) -> None:
    closes.reopen("adyen", DAY, actor="carl", reason="late file")
    assert refusal(connection, lambda: closes.sign("adyen", DAY, actor="anna")) == "not_closed"
    for kind, reason in (("signed", None), ("reopened", "again")):
        row = "insert into app.close_events (event_id, close_id, psp, business_date, kind, actor, reason, recorded_at, request_id) "
        late = text(row + "values (gen_random_uuid(), :close, 'adyen', '2026-01-05', :kind, 'dora', :reason, now(), :kind)")
        with pytest.raises(DBAPIError, match="not held"), connection.begin_nested():
            connection.execute(late, {"close": closed.close_id, "kind": kind, "reason": reason})


def test_a_close_is_reopened_for_a_reason_by_somebody_with_a_name(closes: Closes, closed: Close) -> None:
    with pytest.raises(InputRejected, match="reason"):
        closes.reopen("adyen", DAY, actor="carl", reason=" ")
    with pytest.raises(InputRejected, match="actor"):
        closes.sign("adyen", DAY, actor="Robert'); drop table")


def test_nothing_is_frozen_with_knowledge_of_the_future(connection: Connection, closes: Closes) -> None:
    with pytest.raises((DBAPIError, CountroomError), match="watermark"), connection.begin_nested():
        closes.freeze("adyen", DAY, FROZEN, actor="anna", recorded_at=datetime(2026, 1, 5, tzinfo=UTC))


def test_of_two_who_close_a_day_at_once_one_is_refused(engine: Engine) -> None:
    # the trap: each looks, finds nothing, and the day has two closes
    def close(actor: str) -> str:
        try:
            with UnitOfWork(engine) as work:
                Closes(work.connection).freeze("adyen", DAY, FROZEN, actor=actor)
                work.commit()
        except Refused as refused:
            return refused.code
        return "closed"

    with ThreadPoolExecutor(4) as beside:
        assert sorted(beside.map(close, ("anna", "carl", "dora", "emil"))) == ["already_closed"] * 3 + ["closed"]
