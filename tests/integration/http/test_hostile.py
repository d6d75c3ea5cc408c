"""Whatever a caller puts where an amount, a code, an id or a time belongs: a problem that a person understands, never a 500, and nothing repeated.

schemathesis (test_openapi.py) draws requests from the document; here stand the ones a hostile or hurried person would type.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from tests.integration.http.conftest import ALL, Caller

AT = "2026-01-31T12:00:00Z"
PERSON = "anna.smith@example.com"
PLAYER = UUID(int=7).hex
MONEY = {"currency": "EUR", "amount_minor": 100}
TRANSFER = {"debit_code": "rake", "credit_code": "bonus_cost", **MONEY, "effective_at": AT, "description": "words"}
HOLD = {"code": f"player_cash:{PLAYER}", **MONEY, "expires_at": AT}
INTENT = {"player_id": f"ply_{PLAYER}", "direction": "deposit", "money": MONEY}
ATTEMPT = {"psp": "adyen", "merchant_account": "CountroomEU", "payment_method": "visa"}
EVENT = {"kind": "captured", "effective_at": AT, "money": MONEY, "modification_reference": "M1", "psp_reference": "P1"}
# as JSON text: some of it no JSON library would write
VALUES = [
    *("9" * 5_000, "9223372036854775808", "1000000000000001", "-1", "-0", "0", "1.5", "100.0", "1e2", "1e400", "NaN", "-Infinity", "true"),
    *(
        '"100"',
        "[]",
        "[[" * 50 + "]]" * 50,
        '{"a": {"a": {"a": 1}}}',
        '"a\\u0000b"',
        '"\\ud800"',
        '"\\u202e\\u0007"',
        f'"{PERSON}"',
        f'"{"x" * 100_000}"',
    ),
    *(
        '"XXX"',
        '"eur"',
        '"\'; drop table app.accounts; --"',
        '"2026-13-45T99:99:99Z"',
        '"2026-01-31T12:00:00"',
        '"0000-00-00T00:00:00Z"',
        "1767268800",
    ),
]


@pytest.fixture
def routes(api: Caller) -> dict[str, dict[str, Any]]:
    """Each route that takes money or leads to it, with a body it accepts."""
    intent = api.post("/v1/intents", INTENT).json()["intent_id"]
    attempt = api.post(f"/v1/intents/{intent}/attempts", ATTEMPT).json()["attempt_id"]
    return {
        "/v1/transfers": TRANSFER,
        "/v1/holds": HOLD,
        "/v1/intents": INTENT,
        f"/v1/intents/{intent}/attempts": ATTEMPT,
        f"/v1/attempts/{attempt}/events": EVENT,
    }


def spoilt(body: dict[str, Any], value: str) -> Iterator[bytes]:
    """The body with one field after the other, also inside, replaced by a JSON text."""
    for name, held in body.items():
        yield json.dumps(body | {name: "@"}).replace('"@"', value, 1).encode()
        if isinstance(held, dict):
            for inner in spoilt(held, value):
                yield json.dumps(body | {name: "@"}).encode().replace(b'"@"', inner, 1)


def send(api: Caller, path: str, content: bytes, **headers: str) -> Any:
    usual = {"Authorization": f"Bearer {ALL}", "Content-Type": "application/json", "Idempotency-Key": f"key-{next(api._keys)}"}
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    return api.client.post(path, content=content, headers={name: value for name, value in (usual | changed).items() if value})


def understood(answer: Any, *statuses: int) -> dict[str, Any]:
    """The problem, in words: no pattern, no library's address, nothing of what was sent."""
    assert answer.status_code in (statuses or (400, 404, 409, 413, 415, 422)), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = dict(answer.json())
    assert problem["status"] == answer.status_code
    assert 10 < len(problem["detail"]) < 1_000, problem
    assert [word for word in (PERSON, "pattern", "pydantic", "Traceback", "drop table", "xxxxx", "[[[[") if word in answer.text] == []
    return problem


def test_no_value_in_any_field_is_more_than_a_problem_in_words(api: Caller, routes: dict[str, dict[str, Any]]) -> None:
    for path, body in routes.items():
        for value in VALUES:
            for content in spoilt(body, value):
                answer = send(api, path, content)
                if answer.status_code != 201:
                    understood(answer)


def test_an_amount_that_is_no_positive_integer_of_minor_units_is_refused_at_its_place(api: Caller) -> None:
    for value in VALUES:
        content = json.dumps(TRANSFER | {"amount_minor": "@"}).replace('"@"', value).encode()
        if value == "1767268800":
            assert send(api, "/v1/transfers", content).status_code == 201
            continue
        problem = understood(send(api, "/v1/transfers", content), 400, 422)
        assert problem["code"] == "bad_request" or problem["errors"][0]["where"] == "body.amount_minor"


def test_a_number_is_no_time(api: Caller) -> None:
    # the trap: seconds, or milliseconds, since 1970; the caller and we would differ by thirty thousand years
    problem = understood(send(api, "/v1/transfers", json.dumps(TRANSFER | {"effective_at": 1_767_268_800}).encode()), 422)
    assert "RFC 3339" in problem["detail"]


def test_an_unknown_currency_is_named_as_one_and_not_answered_with_two_hundred_others(api: Caller) -> None:
    for currency in ("XXX", "eur", "EURO", ""):
        problem = understood(send(api, "/v1/transfers", json.dumps(TRANSFER | {"currency": currency}).encode()), 422)
        assert problem["errors"] == [{"where": "body.currency", "expected": "expected the ISO 4217 code of a currency in capital letters, as EUR"}]


def test_a_body_that_is_none_is_a_problem_in_words(api: Caller, routes: dict[str, dict[str, Any]]) -> None:
    for path, body in routes.items():
        content = json.dumps(body).encode()
        for broken in (content[:-1], content * 2, b"\x00", b"null", b"[]", b'"text"', b"\xff\xfe\xfd", b"[" * 100_000, b'{"a":' * 20_000):
            understood(send(api, path, broken), 400, 422)
        understood(send(api, path, content[:-1] + f', "{PERSON[:4]}": 1}}'.encode()), 422)
        understood(send(api, path, b" " * 10_000_000), 413)
        understood(send(api, path, content, Content_Length="99999999999999999999999"), 413)
        understood(send(api, path, content, Content_Length="9" * 5_000), 413)
        understood(send(api, path, content, Content_Length="-5"), 400)
        for kind in ("", "text/html", "application/xml", "multipart/form-data"):
            assert understood(send(api, path, content, Content_Type=kind), 415)["code"] == "not_json"
        for key in ("", "a b", "x" * 201, "\t"):
            assert understood(send(api, path, content, Idempotency_Key=key), 400)["code"] == "idempotency_key_missing"


def test_an_address_that_leads_nowhere_is_a_problem_in_words(api: Caller) -> None:
    content = json.dumps(ATTEMPT).encode()
    for intent in ("x", "pin_" + "f" * 32, "%00", "..%2f..", "x" * 10_000, PERSON):
        understood(send(api, f"/v1/intents/{intent}/attempts", content), 404, 422)
    assert (
        understood(send(api, "/v1/intents/pin_1/attempts", content), 422)["errors"][0]["expected"] == "expected an id: pin_ and 32 hexadecimal digits"
    )
