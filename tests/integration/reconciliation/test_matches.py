"""What the database refuses of suggested matches, whoever writes: the rules are revision 0016's and not the service's good manners."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from transactional.reconciliation.match_service import Matches
from transactional.reconciliation.matches import MatchState, suggestion_id
from transactional.vocabulary.errors import InputRejected, Refused

KEYS = ("bank:aa:1", "payout:bb:2")
NAME = suggestion_id("L7", KEYS)


@pytest.fixture
def matches(connection: Connection) -> Matches:
    return Matches(connection)


def refusal(connection: Connection, action: object) -> str:
    """The code of what an action is refused with; the transaction goes on."""
    with pytest.raises((Refused, InputRejected)) as refused, connection.begin_nested():
        action()  # type: ignore[operator]
    return refused.value.code


def test_two_people_make_a_match_and_a_third_may_take_it_back(matches: Matches) -> None:
    assert matches.accept(NAME, "L7", KEYS, actor="ana", request_id="one").match.state is MatchState.ACCEPTED
    assert matches.accept(NAME, "L7", KEYS, actor="ana", request_id="one").replayed
    confirmed = matches.confirm(NAME, actor="ben")
    assert (confirmed.match.state, confirmed.match.accepted_by, confirmed.match.confirmed_by) == (MatchState.CONFIRMED, "ana", "ben")
    assert matches.decline(NAME, actor="cem", words="the bank says otherwise").match.state is MatchState.DECLINED
    events = matches.events_of()[NAME]
    assert [event.kind.value for event in events] == ["accepted", "confirmed", "declined"]
    assert events[0].item_keys == KEYS


def test_what_may_not_come_is_refused(connection: Connection, matches: Matches) -> None:
    assert refusal(connection, lambda: matches.confirm(NAME, actor="ben")) == "wrong_state"
    # the trap: an id that was shown, with other items under it
    assert refusal(connection, lambda: matches.accept(NAME, "L7", (*KEYS, "payout:bb:3"), actor="ana")) == "wrong_items"
    matches.accept(NAME, "L7", KEYS, actor="ana")
    assert refusal(connection, lambda: matches.confirm(NAME, actor="ana")) == "same_actor"
    assert refusal(connection, lambda: matches.accept(NAME, "L7", KEYS, actor="ben")) == "wrong_state"
    assert refusal(connection, lambda: matches.decline(NAME, actor="ben", words=" ")) == "wrong_act"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ("2, 'confirmed', 'ana', null, null, null", "another person"),
        ("3, 'confirmed', 'ben', null, null, null", "without a gap"),
        ("2, 'accepted', 'ben', null, 'L7', 'a b'", "already"),
        ("2, 'declined', 'ben', ' ', null, null", "ck_match_events_words"),
        ("2, 'confirmed', 'ben', null, null, 'other items'", "ck_match_events_accepted"),
    ],
)
def test_the_database_refuses_it_too(connection: Connection, matches: Matches, values: str, message: str) -> None:
    matches.accept(NAME, "L7", KEYS, actor="ana")
    row = "insert into app.match_events (event_id, suggestion_id, request_id, event_no, kind, actor, words, layer, item_keys) "
    with pytest.raises(DBAPIError, match=message), connection.begin_nested():
        connection.execute(text(f"{row} values (gen_random_uuid(), :name, 'r', {values})"), {"name": NAME})


def test_nothing_that_was_said_is_changed(connection: Connection, matches: Matches) -> None:
    matches.accept(NAME, "L7", KEYS, actor="ana")
    for change in ("update app.match_events set actor = 'ben'", "delete from app.match_events"):
        with pytest.raises(DBAPIError), connection.begin_nested():
            connection.execute(text(change))
