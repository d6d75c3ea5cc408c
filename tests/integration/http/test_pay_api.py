"""Paying over HTTP: the whole way of a client that knows only the document, what it may repeat, and what it may not see."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine

from tests.integration.http.conftest import READER, Caller
from tests.integration.payments.driven import Driven

PLAYER = "ply_" + "0" * 31 + "7"
TOKEN = "tok_only_for_this_request"
PAYER = {
    "country": "DE",
    "payment_method": "card",
    "instruments": {"stripe": TOKEN, "adyen": TOKEN},
    "card": {"fingerprint": "ab" * 16, "bin": "41111111", "scheme": "visa", "funding": "credit"},
}


@pytest.fixture
def driven(app: FastAPI, engine: Engine) -> Driven:
    """The service with two PSPs in memory behind it."""
    made = Driven(engine)
    app.state.orchestrator = made.orchestrator
    return made


@pytest.fixture
def intent(api: Caller) -> str:
    body = {"player_id": PLAYER, "direction": "deposit", "money": {"currency": "EUR", "amount_minor": 100}}
    return str(api.post("/v1/intents", body).json()["intent_id"])


def pay(api: Caller, intent: str, key: str | None = None, **more: Any) -> Any:
    return api.post(f"/v1/intents/{intent}/pay", PAYER | more, key=key)


def test_a_client_pays_and_reads_the_attempts_that_were_made(driven: Driven, api: Caller, intent: str) -> None:
    driven.results("processing_error")
    answer = pay(api, intent)
    assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")
    attempts = api.get(f"/v1/intents/{intent}").json()["attempts"]
    assert [(one["psp"], one["status"]) for one in attempts] == [("stripe", "failed"), ("adyen", "captured")]


def test_three_d_secure_is_two_requests_of_the_client(driven: Driven, api: Caller, intent: str) -> None:
    driven.results("action")
    first = pay(api, intent).json()
    assert (first["status"], first["action"]["url"]) == ("requires_action", "https://acs.example/")
    done = api.post(f"/v1/intents/{intent}/complete", {"details": {"redirectResult": "abc"}}).json()
    assert (done["status"], done["action"]) == ("succeeded", None)


def test_the_same_request_is_answered_alike_once_it_is_final_and_goes_on_before(driven: Driven, api: Caller, intent: str) -> None:
    """An answer `unresolved` repeated for ever would leave the payer before a closed door."""
    driven.faults("lost_answer")
    assert pay(api, intent, key="one").json()["status"] == "unresolved"
    driven.after(minutes=1)
    final = pay(api, intent, key="one")
    assert final.json()["status"] == "succeeded"
    repeated = pay(api, intent, key="one")
    assert (repeated.json(), repeated.headers["Idempotent-Replayed"]) == (final.json(), "true")
    assert pay(api, intent, key="one", country="FR").json()["code"] == "idempotency_conflict"
    assert driven.sent("stripe") == ["authorise", "status", "capture"]


def test_tokens_and_what_the_browser_brought_are_in_no_table(driven: Driven, api: Caller, intent: str) -> None:
    """RT 4.19: a request kept whole for a retry keeps what must not be kept. Every text of every table is read."""
    driven.results("action")
    pay(api, intent)
    api.post(f"/v1/intents/{intent}/complete", {"details": {"redirectResult": "brought-by-the-browser"}})
    tables = driven.rows("select table_name from information_schema.tables where table_schema = 'app' and table_type = 'BASE TABLE'")
    for (table,) in tables:
        for (row,) in driven.rows(f"select to_jsonb(t)::text from app.{table} t"):
            assert TOKEN not in row, table
            assert "brought-by" not in row, table


def test_an_attempt_by_hand_beside_a_driven_one_is_refused_and_the_other_way_round(driven: Driven, api: Caller, intent: str) -> None:
    """Two ways to make an attempt are two ways to charge twice."""
    by_hand = {"psp": "adyen", "merchant_account": "CountroomEU"}
    driven.faults("lost_answer")
    pay(api, intent)
    refused = api.post(f"/v1/intents/{intent}/attempts", by_hand)
    assert (refused.status_code, refused.json()["code"]) == (409, "driven_elsewhere")
    other = api.post("/v1/intents", {"player_id": PLAYER, "direction": "deposit", "money": {"currency": "EUR", "amount_minor": 5}}).json()[
        "intent_id"
    ]
    assert api.post(f"/v1/intents/{other}/attempts", by_hand).status_code == 201
    assert pay(api, other).json()["code"] == "driven_elsewhere"


def test_a_card_number_has_no_place_in_a_request(driven: Driven, api: Caller, intent: str) -> None:
    for card in ({"bin": "4111111111111111"}, {"number": "4111111111111111"}, {"fingerprint": "4111111111111111"}):
        answer = pay(api, intent, card=card)
        assert (answer.status_code, "4111" in answer.text) == (422, False)
    assert driven.sent("stripe") == []


def test_what_must_go_back_is_listed_for_who_may_read(driven: Driven, api: Caller, caller: Any, intent: str) -> None:
    pay(api, intent)
    assert caller(READER).get("/v1/surpluses").json() == {"items": []}
    assert pay(caller(READER), intent).status_code == 403
    assert pay(api, "pin_" + "0" * 32).json()["code"] == "unknown_intent"


def test_a_service_without_psps_says_so(api: Caller, intent: str) -> None:
    answer = pay(api, intent)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_configured")
