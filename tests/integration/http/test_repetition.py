"""The same request twice: one effect and one answer, whatever happened between them, also when both come at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from tests.integration.http.conftest import Caller

AT = "2026-01-31T12:00:00Z"
PLAYER = UUID(int=7).hex
CASH = f"player_cash:{PLAYER}"
FUNDS = {"debit_code": "house_revenue", "credit_code": CASH, "currency": "EUR", "amount_minor": 1000, "effective_at": AT}
INTENT = {"player_id": f"ply_{PLAYER}", "direction": "deposit", "money": {"currency": "EUR", "amount_minor": 500}}
CAPTURED = {"kind": "captured", "effective_at": AT, "modification_reference": "M1", "money": {"amount_minor": 500, "currency": "EUR"}}
Posts = dict[str, tuple[str, dict[str, Any], dict[str, Any]]]


@pytest.fixture
def posts(api: Caller) -> Posts:
    """Every POST of the API, ready to send: path, body, and another body that its key must refuse."""
    entry = api.post("/v1/transfers", FUNDS).json()["entry_id"]
    api.post("/v1/transfers", FUNDS)
    holds = [api.post("/v1/holds", {"code": CASH, "currency": "EUR", "amount_minor": 100}).json()["hold_id"] for _ in range(2)]
    intent = api.post("/v1/intents", INTENT).json()["intent_id"]
    attempt = api.post(f"/v1/intents/{intent}/attempts", {"psp": "adyen", "merchant_account": "EU"}).json()["attempt_id"]
    capture = {"credit_code": "rake", "amount_minor": 10, "effective_at": AT}
    return {
        "account": ("/v1/accounts", {"code": CASH, "currency": "EUR"}, {"code": CASH, "currency": "USD"}),
        "transfer": ("/v1/transfers", FUNDS, FUNDS | {"amount_minor": 999}),
        "reversal": (f"/v1/transfers/{entry}/reversal", {"effective_at": AT}, {"effective_at": "2026-02-01T00:00:00Z"}),
        "hold": ("/v1/holds", {"code": CASH, "currency": "EUR", "amount_minor": 5}, {"code": CASH, "currency": "EUR", "amount_minor": 6}),
        "capture": (f"/v1/holds/{holds[0]}/captures", capture, capture | {"amount_minor": 11}),
        "release": (f"/v1/holds/{holds[1]}/release", {}, {}),
        "intent": ("/v1/intents", INTENT, INTENT | {"direction": "withdrawal"}),
        "attempt": (
            f"/v1/intents/{intent}/attempts",
            {"psp": "stripe", "merchant_account": "US"},
            {"psp": "adyen", "merchant_account": "EU"},
        ),
        "event": (f"/v1/attempts/{attempt}/events", CAPTURED, CAPTURED | {"modification_reference": "M2"}),
    }


def test_a_repeated_post_gets_its_first_answer_although_the_world_has_moved_on(api: Caller, posts: Posts) -> None:
    first = {name: api.post(path, body, key="again") for name, (path, body, _) in posts.items()}
    assert [answer.status_code for answer in first.values()] == [201, 201, 201, 201, 201, 200, 201, 201, 201]
    for name, (path, body, _) in posts.items():  # everything happens once more, and changes what the first answers were about
        api.post(path, body, key=f"once more {name}".replace(" ", "-"))
    for name, (path, body, other) in posts.items():
        again = api.post(path, body, key="again")
        assert (name, again.status_code, again.content) == (name, first[name].status_code, first[name].content)
        assert (first[name].headers["Idempotent-Replayed"], again.headers["Idempotent-Replayed"]) == ("false", "true")
        if other != body:
            refused = api.post(path, other, key="again")
            assert (refused.status_code, refused.json()["code"]) == (409, "idempotency_conflict")


def test_eight_requests_with_one_key_at_once_have_one_effect_and_one_answer(api: Caller, posts: Posts, engine: Engine) -> None:
    facts = text("select (select count(*) from app.journal_entries) + (select count(*) from app.holds)")
    with engine.connect() as connection:
        before = connection.execute(facts).scalar_one()
    raced = ("transfer", "hold", "capture", "event")
    for name in raced:
        answers = at_once(api, *posts[name][:2])
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        assert sorted(answer.headers["Idempotent-Replayed"] for answer in answers) == ["false"] + ["true"] * 7
    with engine.connect() as connection:
        assert connection.execute(facts).scalar_one() == before + len(raced)


def at_once(api: Caller, path: str, body: dict[str, Any]) -> list[Any]:
    """Eight times the same request, all starting together."""
    start = Barrier(8)

    def send(_: int) -> Any:
        start.wait()
        return api.post(path, body, key="at-once")

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(send, range(8)))
