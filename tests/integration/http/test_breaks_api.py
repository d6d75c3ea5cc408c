"""The work on breaks over HTTP: one request for many breaks, all or none, once; and two callers for money."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient

from tests.integration.http.conftest import OTHER, Caller
from transactional.http.app import create_app
from transactional.settings import load_settings

ONE, TWO = "brk_" + "1" * 32, "brk_" + "2" * 32
LARGE = "a-caller-who-approves-large-write-offs"


@pytest.fixture
def other(caller: Callable[[str], Caller]) -> Caller:
    return caller(OTHER)


def proposal(thread: str = ONE, **changes: object) -> dict[str, object]:
    accounts = {"debit_code": "psp_receivable:adyen:CountroomEU", "credit_code": "suspense:adyen"}
    return {"thread_id": thread, "kind": "adjustment", "currency": "EUR", "amount_minor": 50_00, **accounts} | changes


def states(answer: object) -> dict[str, str]:
    assert answer.status_code == 201, answer.text  # type: ignore[attr-defined]
    return {item["thread_id"]: item["state"] for item in answer.json()["items"]}  # type: ignore[attr-defined]


def test_many_breaks_are_worked_on_in_one_request_and_told_with_their_events(api: Caller) -> None:
    both = [ONE, TWO]
    assert states(api.post("/v1/breaks/assignments", {"threads": both, "owner": "ana"})) == {ONE: "assigned", TWO: "assigned"}
    api.post("/v1/breaks/comments", {"threads": [ONE], "words": "asked the PSP"})
    api.post("/v1/breaks/evidence", {"threads": [ONE], "evidence_key": "evidence/mail", "sha256": "0" * 64})
    assert states(api.post("/v1/breaks/explanations", {"threads": [ONE], "root_cause": "late_file"})) == {ONE: "explained"}
    told = api.get(f"/v1/breaks/{ONE}").json()
    assert [event["kind"] for event in told["events"]] == ["assigned", "commented", "evidence_attached", "explained"]
    assert (told["owner"], told["note_count"], told["evidence_count"]) == ("ana", 2, 1)
    assert {event["actor"] for event in told["events"]} == {"all"}


def test_a_break_nobody_did_anything_about_is_open(api: Caller) -> None:
    nothing = dict.fromkeys(("owner", "root_cause", "proposal", "entry_id"))
    told = {"thread_id": TWO, "state": "open", "note_count": 0, "evidence_count": 0, "events": []}
    assert api.get(f"/v1/breaks/{TWO}").json() == nothing | told


def test_money_is_proposed_by_one_caller_approved_by_another_and_booked_once(api: Caller, other: Caller) -> None:
    assert states(api.post("/v1/breaks/proposals", {"proposals": [proposal()]})) == {ONE: "proposed"}
    own = api.post("/v1/breaks/approvals", {"threads": [ONE]})
    assert (own.status_code, own.json()["code"]) == (409, "same_actor")
    assert own.headers["content-type"] == "application/problem+json"
    assert states(other.post("/v1/breaks/approvals", {"threads": [ONE]})) == {ONE: "approved"}
    first = other.post("/v1/breaks/postings", {"threads": [ONE]}, key="post")
    again = other.post("/v1/breaks/postings", {"threads": [ONE]}, key="post")
    anew = api.post("/v1/breaks/postings", {"threads": [ONE]})
    assert first.json() == again.json() == anew.json()
    assert (first.headers["idempotent-replayed"], again.headers["idempotent-replayed"]) == ("false", "true")
    entry = api.get(f"/v1/transfers/{first.json()['items'][0]['entry_id']}").json()
    assert (entry["kind"], [posting["amount_minor"] for posting in entry["lines"]]) == ("adjustment", [50_00, -50_00])
    balance = api.get("/v1/accounts", code="suspense:adyen", currency="EUR").json()["balance_minor"]
    assert balance == -50_00


def test_one_refusal_refuses_the_whole_request_and_says_which_break(api: Caller) -> None:
    api.post("/v1/breaks/proposals", {"proposals": [proposal(TWO)]})
    answer = api.post("/v1/breaks/proposals", {"proposals": [proposal(ONE), proposal(TWO)]})
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
    assert TWO in answer.json()["detail"]
    assert api.get(f"/v1/breaks/{ONE}").json()["events"] == []


def test_a_key_used_for_another_body_is_a_conflict(api: Caller) -> None:
    api.post("/v1/breaks/comments", {"threads": [ONE], "words": "one"}, key="k")
    assert api.post("/v1/breaks/comments", {"threads": [ONE], "words": "two"}, key="k").json()["code"] == "idempotency_conflict"


@pytest.fixture
def large(database_url: str) -> Iterator[Caller]:
    """A caller who may also approve large write-offs."""
    keys = f"cara:reconciliation:approve+reconciliation:approve_large:{LARGE}"
    with TestClient(create_app(load_settings(database_url=database_url, api_keys=keys))) as client:
        yield Caller(client, LARGE, iter(range(9)))


def test_a_large_write_off_needs_the_second_scope(api: Caller, other: Caller, large: Caller) -> None:
    api.post("/v1/breaks/proposals", {"proposals": [proposal(kind="write_off", amount_minor=100_01)]})
    refused = other.post("/v1/breaks/approvals", {"threads": [ONE]})
    assert (refused.status_code, refused.json()["code"]) == (409, "second_role_needed")
    assert states(large.post("/v1/breaks/approvals", {"threads": [ONE]})) == {ONE: "approved"}
    assert states(other.post("/v1/breaks/postings", {"threads": [ONE]})) == {ONE: "written_off"}
    assert states(other.post("/v1/breaks/reopenings", {"threads": [ONE], "words": "the player paid"})) == {ONE: "open"}
    assert other.post("/v1/breaks/rejections", {"threads": [ONE], "words": "no"}).json()["code"] == "wrong_state"


def test_what_is_no_proposal_is_refused_in_words(api: Caller) -> None:
    same = api.post("/v1/breaks/proposals", {"proposals": [proposal(credit_code="psp_receivable:adyen:CountroomEU")]})
    assert (same.status_code, same.json()["code"]) == (409, "same_account")
    unknown = api.post("/v1/breaks/proposals", {"proposals": [proposal(debit_code="psp_recievable:adyen:EU")]})
    assert unknown.status_code == 422
    assert "account of the chart" in unknown.json()["detail"]
    twice = api.post("/v1/breaks/proposals", {"proposals": [proposal(), proposal()]})
    assert twice.json()["code"] == "repeated_break"
