"""Closes over HTTP: read, signed by two callers, re-opened; one request once, and never a signature under what the caller has not read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine

from tests.integration.http.conftest import OTHER, READER, Caller
from transactional.db.unit_of_work import UnitOfWork
from transactional.reconciliation.closes import Close, Frozen
from transactional.reconciliation.closing import Closes

DAY = date(2026, 1, 5)


def frozen(checksum: str) -> Frozen:
    return Frozen(datetime(2026, 1, 6, tzinfo=UTC), "2026-11-25", "c" * 64, "run", checksum, "closes/adyen/x/standing.json", {"files": []})


def freeze(engine: Engine, day: date = DAY, psp: str = "adyen", checksum: str = "d" * 64) -> Close:
    with UnitOfWork(engine) as work:
        done = Closes(work.connection).freeze(psp, day, frozen(checksum), actor="anna")
        work.commit()
    return done


@pytest.fixture
def close(engine: Engine) -> Close:
    return freeze(engine)


@pytest.fixture
def other(caller: Callable[[str], Caller]) -> Caller:
    return caller(OTHER)


def test_a_close_is_signed_by_two_callers_and_not_twice_by_one(api: Caller, other: Caller, close: Close) -> None:
    where, body = f"/v1/closes/{close.close_id}/signatures", {"checksum": "d" * 64}
    first = api.post(where, body, key="sign")
    assert (first.status_code, first.json()["state"]) == (201, "frozen")
    assert api.post(where, body, key="sign").json() == first.json()
    again = api.post(where, body)
    assert (again.status_code, again.json()["code"]) == (409, "same_signer")
    assert other.post(where, body).json()["state"] == "signed"
    told = api.get(f"/v1/closes/{close.close_id}").json()
    assert [each["actor"] for each in told["signatures"]] == ["all", "other"]


def test_nobody_signs_what_was_frozen_anew_since_they_read_it(engine: Engine, api: Caller, other: Caller, close: Close) -> None:
    # the trap: "sign adyen's 5th" signs whatever close holds the day by the time the request arrives
    assert api.post(f"/v1/closes/{close.close_id}/reopenings", {"reason": "late file"}).status_code == 201
    anew = freeze(engine, checksum="e" * 64)
    old = other.post(f"/v1/closes/{close.close_id}/signatures", {"checksum": "d" * 64})
    assert (old.status_code, old.json()["code"]) == (409, "not_closed")
    misread = other.post(f"/v1/closes/{anew.close_id}/signatures", {"checksum": "d" * 64})
    assert (misread.status_code, misread.json()["code"]) == (409, "other_checksum")
    assert api.get(f"/v1/closes/{anew.close_id}").json()["signatures"] == []


def test_a_reopened_close_stays_readable_and_cannot_be_reopened_again(api: Caller, close: Close) -> None:
    where = f"/v1/closes/{close.close_id}/reopenings"
    assert api.post(where, {"reason": " "}).status_code == 422
    done = api.post(where, {"reason": "the file of the 6th was restated"}).json()
    assert (done["state"], done["reopened_by"], done["reopen_reason"]) == ("reopened", "all", "the file of the 6th was restated")
    assert api.post(where, {"reason": "again"}).json()["code"] == "not_closed"
    assert [item["state"] for item in api.get("/v1/closes").json()["items"]] == ["reopened"]


def test_a_caller_without_the_scope_reads_nothing_and_signs_nothing(caller: Callable[[str], Caller], close: Close) -> None:
    reader = caller(READER)
    assert reader.get("/v1/closes").status_code == 403
    assert reader.post(f"/v1/closes/{close.close_id}/signatures", {"checksum": "d" * 64}).status_code == 403


def test_a_close_nobody_knows_is_not_found(api: Caller) -> None:
    nobody = "018f0000-0000-7000-8000-000000000000"
    assert api.get(f"/v1/closes/{nobody}").status_code == 404
    assert api.post(f"/v1/closes/{nobody}/signatures", {"checksum": "d" * 64}).status_code == 404


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_pages_of_closes_give_each_close_once_and_keep_days_whole(engine: Engine, api: Caller, limit: int) -> None:
    for back in range(3):
        for psp in ("adyen", "stripe"):
            freeze(engine, DAY - timedelta(days=back), psp)
    seen, before = [], None
    while True:
        page = api.get("/v1/closes", limit=limit, **({"before": before} if before else {})).json()
        seen.append([(item["business_date"], item["psp"]) for item in page["items"]])
        if not (before := page["next_before"]):
            break
    days = [(DAY - timedelta(days=back)).isoformat() for back in range(3)]
    assert sorted(item for page in seen for item in page) == sorted((day, psp) for day in days for psp in ("adyen", "stripe"))
    assert all({day for day, _ in one}.isdisjoint({day for day, _ in another}) for one in seen for another in seen if one is not another)
    assert [item["psp"] for item in api.get("/v1/closes", psp="stripe", since=DAY.isoformat()).json()["items"]] == ["stripe"]
