"""Where does an attempt go, asked over HTTP: decided once, written down, explained, and never refused for want of a scorecard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI

from tests.integration.http.conftest import READER, Caller
from tests.unit.payments.scorecards.cards import document, row
from transactional.payments.routing.candidates import candidates_among
from transactional.payments.routing.policies import policy_on
from transactional.payments.routing.router import Router
from transactional.payments.scorecards.client import Fetched, ScorecardClient


def intent(api: Caller, currency: str = "JPY", direction: str = "deposit") -> str:
    """JPY is taken by two PSPs of the demo casino."""
    body = {"player_id": f"ply_{uuid4().hex}", "direction": direction, "money": {"currency": currency, "amount_minor": 5_000}}
    answer = api.post("/v1/intents", body)
    assert answer.status_code == 201
    return str(answer.json()["intent_id"])


def asked(intent_id: str, **more: Any) -> dict[str, Any]:
    return {"intent_id": intent_id, "attempt_no": 1, "country": "JP", "method": "card", "bin": "411111"} | more


@pytest.fixture
def scored(app: FastAPI) -> FastAPI:
    """The application with a card that prefers Stripe in Japan and Adyen elsewhere."""
    now = datetime.now(UTC).replace(microsecond=0)
    rows = [
        row("adyen", sr_mean=0.9, rank=1),
        row("stripe", sr_mean=0.7, rank=2),
        row("adyen", "country", country="JP", sr_mean=0.6, sr_lo=0.55, sr_hi=0.65, rank=2),
        row("stripe", "country", country="JP", sr_mean=0.8, sr_lo=0.75, sr_hi=0.85, rank=1),
    ]
    body = document(rows, version=9, watermark=now, expires_at=now + timedelta(hours=1))
    client = ScorecardClient(lambda _etag: Fetched(200, "e", body))
    client.poll(now)
    app.state.router = Router(client, policy_on, candidates_among())
    return app


def test_without_a_card_the_list_decides_and_the_answer_says_so(api: Caller) -> None:
    answer = api.post("/v1/route", asked(intent(api)))
    assert answer.status_code == 201
    said = answer.json()
    assert (said["psp"], said["rule"], said["tier"], said["card_version"], said["propensity"]) == ("adyen", "static", "unread", None, 1.0)
    assert said["explained"][:2] == [
        "There was no card fresh enough: adyen comes first on the list of that country.",
        "There was no card at all.",
    ]


def test_a_card_decides_by_the_narrowest_cell_it_knows(scored: FastAPI, api: Caller) -> None:
    assert scored.state.router is not None
    said = api.post("/v1/route", asked(intent(api))).json()
    assert (said["card_version"], said["choices"][0]["psp"], said["choices"][0]["level"]) == (9, "stripe", "country")
    assert sum(one["propensity"] for one in said["choices"]) == pytest.approx(1)


def test_an_attempt_is_decided_once_whoever_asks_again(scored: FastAPI, api: Caller) -> None:
    # the trap: the caller timed out, asks again under a new key, the card has changed: the payment is tried at two PSPs
    one = intent(api)
    first = api.post("/v1/route", asked(one)).json()
    scored.state.router = Router(ScorecardClient(lambda _etag: Fetched(503)), policy_on, candidates_among())
    assert api.post("/v1/route", asked(one)).json() == first
    assert api.get(f"/v1/decisions/{first['decision_id']}").json() == first
    retry = api.post("/v1/route", asked(one, attempt_no=2, tried=[first["psp"]])).json()
    assert (retry["psp"] != first["psp"], retry["rule"]) == (True, "only_one") or retry["rule"] == "retry"
    assert [said["attempt_no"] for said in api.get(f"/v1/intents/{one}/decisions").json()] == [1, 2]


def test_what_cannot_be_routed_is_refused_with_its_code(api: Caller) -> None:
    nobody = api.post("/v1/route", asked(f"pin_{uuid4().hex}"))
    assert (nobody.status_code, nobody.json()["code"]) == (404, "unknown_intent")
    back = api.post("/v1/route", asked(intent(api, direction="withdrawal")))
    assert (back.status_code, back.json()["code"]) == (409, "not_a_deposit")
    no_account = api.post("/v1/route", asked(intent(api, currency="SEK")))
    assert (no_account.status_code, no_account.json()["code"]) == (409, "no_eligible_psp")


@pytest.mark.parametrize(("field", "value"), [("bin", "4111111111111111"), ("country", "Japan"), ("attempt_no", 0)])
def test_a_card_number_is_not_taken_for_a_bin(api: Caller, field: str, value: object) -> None:
    answer = api.post("/v1/route", asked(intent(api), **{field: value}))
    assert answer.status_code == 422
    assert str(value) not in answer.text or field != "bin"


def test_reading_payments_is_no_leave_to_decide(caller: Any, api: Caller) -> None:
    refused = caller(READER).post("/v1/route", asked(intent(api)))
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
