"""A close asked for over HTTP: one open request a day, told what became of it, never frozen by the service itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from tests.integration.http.conftest import OTHER, READER, Caller
from transactional.db.unit_of_work import UnitOfWork
from transactional.reconciliation.close_requests.service import CloseRequests
from transactional.reconciliation.closes import Frozen
from transactional.reconciliation.closing import Closes
from transactional.vocabulary.errors import Refused

PLACE = "/v1/close-requests"
DAY = date(2026, 1, 5)
ASKED = {"psp": "adyen", "business_date": "2026-01-05"}
FROZEN = Frozen(datetime(2026, 1, 6, tzinfo=UTC), "2026-11-25", "c" * 64, "run", "d" * 64, "closes/adyen/x/standing.json", {"files": []})


def carry_out(engine: Engine, day: date = DAY) -> str:
    """What the pipeline does, without its warehouse."""
    with UnitOfWork(engine) as work:
        requests = CloseRequests(work.connection)
        (request,) = [each for each in requests.open() if each.asked.business_date == day]
        close = Closes(work.connection).freeze("adyen", day, FROZEN, actor=request.asked.actor)
        requests.carried_out(request, close.close_id)
        work.commit()
    return str(close.close_id)


def test_a_close_is_asked_for_once_carried_out_elsewhere_and_signed_by_its_id(engine: Engine, api: Caller) -> None:
    first = api.post(PLACE, ASKED, key="ask")
    assert (first.status_code, first.json()["state"], first.json()["requested_by"]) == (201, "open", "all")
    assert api.post(PLACE, ASKED, key="ask").content == first.content
    again = api.post(PLACE, ASKED)
    assert (again.status_code, again.json()["code"]) == (409, "already_requested")
    assert api.get("/v1/closes").json()["items"] == []  # the service froze nothing
    close_id = carry_out(engine)
    told = api.get(f"{PLACE}/{first.json()['close_request_id']}").json()
    assert (told["state"], told["ended_by"], told["close_id"]) == ("carried_out", "countroom", close_id)
    assert api.get(f"/v1/closes/{close_id}").json()["frozen_by"] == "all"
    closed = api.post(PLACE, ASKED)
    assert (closed.status_code, closed.json()["code"]) == (409, "already_closed")


def test_a_request_ends_once_and_who_is_too_late_hears_it(engine: Engine, api: Caller, caller: Callable[[str], Caller]) -> None:
    # the trap: withdrawn by one person while the pipeline carries it out, and both are told that it was done
    name = api.post(PLACE, ASKED).json()["close_request_id"]
    assert api.post(f"{PLACE}/{name}/withdrawals", {"reason": " "}).status_code == 422
    done = caller(OTHER).post(f"{PLACE}/{name}/withdrawals", {"reason": "the file of the 6th is awaited"}).json()
    assert (done["state"], done["ended_by"], done["reason"]) == ("withdrawn", "other", "the file of the 6th is awaited")
    late = api.post(f"{PLACE}/{name}/withdrawals", {"reason": "again"})
    assert (late.status_code, late.json()["code"]) == (409, "not_open")
    with UnitOfWork(engine) as work:
        requests = CloseRequests(work.connection)
        request = requests.named(done["close_request_id"])
        assert request is not None
        with pytest.raises(Refused, match="not open"):
            requests.refused(request, "close_blocked", "2 files missing")
    assert api.post(PLACE, ASKED).status_code == 201  # and the day may be asked for anew


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"psp": "nobody"}, 404, "unknown_psp"),
        ({"business_date": "2100-01-01"}, 409, "day_not_over"),
        ({"business_date": "2026-02-30"}, 422, "invalid_request"),
        ({"despite_reason": " "}, 422, "invalid_request"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_once(api: Caller, change: dict[str, str], status: int, code: str) -> None:
    refused = api.post(PLACE, ASKED | change)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert api.get(PLACE).json() == {"items": [], "next_before": None}


def test_the_database_holds_a_request_to_its_day_whoever_writes(engine: Engine, api: Caller) -> None:
    name = api.post(PLACE, ASKED).json()["close_request_id"]
    with UnitOfWork(engine) as work:
        other = Closes(work.connection).freeze("adyen", DAY + timedelta(days=1), FROZEN, actor="anna")
        work.commit()
    row = "insert into app.close_request_events (event_id, close_request_id, psp, business_date, kind, actor, close_id, request_id) "
    ended = text(row + "values (gen_random_uuid(), :name, :psp, '2026-01-05', 'carried_out', 'anna', :close, 'r')")
    for psp, close, words in (("stripe", other.close_id, "not open"), ("adyen", other.close_id, "no close of the day"), ("adyen", None, "ck_close")):
        with engine.connect() as connection, pytest.raises(DBAPIError, match=words):
            connection.execute(ended, {"name": name, "psp": psp, "close": close})
    with engine.connect() as connection, pytest.raises(DBAPIError, match=r"append-only|permission denied"):
        connection.execute(text("delete from app.close_request_events"))


def test_pages_of_requests_give_each_once_newest_first(api: Caller, caller: Callable[[str], Caller]) -> None:
    made = [api.post(PLACE, ASKED | {"business_date": f"2026-01-0{day}"}).json()["close_request_id"] for day in (1, 2, 3)]
    page = api.get(PLACE, limit=2).json()
    rest = api.get(PLACE, limit=2, before=page["next_before"]).json()
    assert [item["close_request_id"] for item in page["items"] + rest["items"]] == made[::-1]
    assert rest["next_before"] is None
    assert caller(READER).get(PLACE).status_code == 403
    assert caller(READER).post(PLACE, ASKED).status_code == 403
