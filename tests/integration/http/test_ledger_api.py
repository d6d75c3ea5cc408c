"""The ledger over HTTP: what a caller sees of it, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from tests.integration.http.conftest import OTHER, READER, Caller

AT = "2026-01-31T12:00:00Z"
CASH = f"player_cash:{UUID(int=7).hex}"


def _transfer(amount: object = 1000, debit: str = "house_revenue", credit: str = CASH, **more: object) -> dict[str, object]:
    return {"debit_code": debit, "credit_code": credit, "currency": "EUR", "amount_minor": amount, "effective_at": AT} | more


def test_a_transfer_moves_money_and_shows_both_sides_with_currency_and_exponent(api: Caller) -> None:
    answer = api.post("/v1/transfers", _transfer())
    assert answer.status_code == 201, answer.text
    assert [(line["code"], line["amount_minor"], line["currency"], line["exponent"]) for line in answer.json()["lines"]] == [
        ("house_revenue", 1000, "EUR", 2),
        (CASH, -1000, "EUR", 2),
    ]
    account = api.get("/v1/accounts", code=CASH, currency="EUR").json()
    assert (account["balance_minor"], account["available_minor"]) == (-1000, 1000)
    assert api.get(f"/v1/transfers/{answer.json()['entry_id']}").json() == answer.json()


def test_the_same_key_and_body_give_the_first_answer_and_move_money_once(api: Caller) -> None:
    first, second = (api.post("/v1/transfers", _transfer(), key="k1") for _ in range(2))
    assert first.json() == second.json()
    assert (first.headers["Idempotent-Replayed"], second.headers["Idempotent-Replayed"]) == ("false", "true")
    assert api.get("/v1/accounts", code=CASH, currency="EUR").json()["balance_minor"] == -1000


def test_the_same_key_with_another_body_is_a_conflict_and_moves_nothing(api: Caller) -> None:
    api.post("/v1/transfers", _transfer(), key="k1")
    answer = api.post("/v1/transfers", _transfer(999), key="k1")
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")
    assert api.get("/v1/accounts", code=CASH, currency="EUR").json()["balance_minor"] == -1000


def test_two_callers_who_choose_the_same_key_do_not_get_each_others_answers(caller: Callable[[str], Caller], api: Caller) -> None:
    first, second = api.post("/v1/transfers", _transfer(), key="1"), caller(OTHER).post("/v1/transfers", _transfer(), key="1")
    assert first.json()["entry_id"] != second.json()["entry_id"]


def test_a_refused_request_does_not_burn_its_key(api: Caller) -> None:
    spend = _transfer(500, debit=CASH, credit="house_revenue")
    refused = api.post("/v1/transfers", spend, key="k1")
    assert (refused.status_code, refused.json()["code"]) == (422, "insufficient_funds")
    api.post("/v1/transfers", _transfer())
    assert api.post("/v1/transfers", spend, key="k1").status_code == 201


def test_a_post_without_an_idempotency_key_is_refused_and_says_so(api: Caller) -> None:
    answer = api.client.post("/v1/transfers", json=_transfer(), headers={"Authorization": f"Bearer {api.secret}"})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")


@pytest.mark.parametrize("amount", [12.5, 1000.0, "1000", True, 0, -5, 2**63, None])
def test_an_amount_that_is_not_a_positive_integer_of_minor_units_is_refused(api: Caller, amount: object) -> None:
    answer = api.post("/v1/transfers", _transfer(amount))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["where"] == "body.amount_minor"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"currency": "XYZ"}, "invalid_request"),
        ({"debit_code": "no_such_class"}, "invalid_request"),
        ({"effective_at": "2026-01-31T12:00:00"}, "invalid_request"),
        ({"description": "nul \x00 inside"}, "invalid_request"),
        ({"amount": 5}, "invalid_request"),
    ],
)
def test_a_request_that_cannot_be_meant_is_refused_with_a_code(api: Caller, change: dict[str, Any], code: str) -> None:
    answer = api.post("/v1/transfers", _transfer() | change)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_reader_reads_and_writes_nothing(caller: Callable[[str], Caller], api: Caller) -> None:
    reader = caller(READER)
    assert reader.get("/v1/accounts", code=CASH, currency="EUR").status_code == 200
    assert reader.post("/v1/transfers", _transfer()).json()["code"] == "forbidden"
    unsigned = api.client.get("/v1/accounts", params={"code": CASH, "currency": "EUR"})
    assert (unsigned.status_code, unsigned.headers["www-authenticate"]) == (401, "Bearer")


def test_a_reversal_is_booked_once_and_the_entry_shows_it(api: Caller) -> None:
    entry_id = api.post("/v1/transfers", _transfer()).json()["entry_id"]
    reversal = api.post(f"/v1/transfers/{entry_id}/reversal", {"effective_at": AT})
    assert reversal.status_code == 201, reversal.text
    assert api.get(f"/v1/transfers/{entry_id}").json()["reversed_by_id"] == reversal.json()["entry_id"]
    again = api.post(f"/v1/transfers/{entry_id}/reversal", {"effective_at": AT})
    assert (again.status_code, again.json()["code"]) == (409, "already_reversed")


def test_a_hold_is_captured_in_parts_then_released_and_the_rest_is_free_again(api: Caller) -> None:
    api.post("/v1/transfers", _transfer(1000))
    hold = api.post("/v1/holds", {"code": CASH, "currency": "EUR", "amount_minor": 800}).json()
    capture = {"credit_code": "house_revenue", "amount_minor": 300, "effective_at": AT}
    assert api.post(f"/v1/holds/{hold['hold_id']}/captures", capture).status_code == 201
    assert api.post(f"/v1/holds/{hold['hold_id']}/captures", capture | {"amount_minor": 501}).json()["code"] == "hold_exceeded"
    released = api.post(f"/v1/holds/{hold['hold_id']}/release", {})
    assert (released.json()["status"], released.json()["captured_minor"]) == ("released", 300)
    assert api.get("/v1/accounts", code=CASH, currency="EUR").json()["available_minor"] == 700
    assert api.post(f"/v1/holds/{hold['hold_id']}/captures", capture).json()["code"] == "closed_hold"


def test_an_account_is_read_as_it_was_known_at_a_time(api: Caller) -> None:
    api.post("/v1/accounts", {"code": CASH, "currency": "EUR"})
    recorded = api.post("/v1/transfers", _transfer()).json()["recorded_at"]
    seen = api.get("/v1/accounts", code=CASH, currency="EUR", known_by=recorded).json()["balance_minor"]
    assert (seen, api.get("/v1/accounts", code=CASH, currency="EUR", known_by="2026-01-01T00:00:00Z").json()["balance_minor"]) == (-1000, 0)


@pytest.mark.parametrize("path", ["/v1/transfers/jen_" + "0" * 32, "/v1/holds/hld_" + "0" * 32])
def test_what_is_not_there_is_a_404_problem(api: Caller, path: str) -> None:
    answer = api.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_an_id_of_another_type_is_refused_before_the_database_is_asked(api: Caller) -> None:
    assert api.get("/v1/transfers/hld_" + "0" * 32).status_code == 422
