"""Every error is a problem: from our refusals to the framework's own, and to a bug of ours; none shows a trace, a statement or a person."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from sqlalchemy.exc import TimeoutError as PoolExhausted

from tests.integration.http.conftest import ALL, Caller
from transactional.http.deps import Work

JSON = {"Content-Type": "application/json", "Authorization": f"Bearer {ALL}", "Idempotency-Key": "k"}
SECRET_WORD = "anna.smith@example.com"


def problem(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    body = answer.json()
    assert (body["status"], body["code"], body["type"]) == (status, code, f"urn:countroom:problem:{code}")
    assert "Traceback" not in answer.text
    assert "app." not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("GET", "/", 404, "not_found"),
        ("GET", "/v1/transfers/jen_" + "0" * 32, 404, "not_found"),
        ("DELETE", "/v1/transfers/jen_" + "0" * 32, 405, "method_not_allowed"),
        ("PUT", "/v1/accounts", 405, "method_not_allowed"),
        ("GET", "/v1/accounts", 422, "invalid_request"),
        ("GET", "/v1/accounts?code=rake&currency=EUR&known_by=yesterday", 422, "invalid_request"),
        ("POST", "/v1/webhooks/nobody", 422, "empty_body"),
    ],
)
def test_an_error_of_the_framework_is_a_problem_too(api: Caller, method: str, path: str, status: int, code: str) -> None:
    problem(api.client.request(method, path, headers={"Authorization": f"Bearer {ALL}"}), status, code)


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b"{}", {"Content-Type": "text/plain"}, 415, "not_json"),
        (b"a=1", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "not_json"),
        (b"{}", {"Content-Type": ""}, 415, "not_json"),
        (b"{}", {}, 422, "invalid_request"),
        (b"", {}, 422, "invalid_request"),
        (b"{", {}, 422, "invalid_request"),
        (b"[1]", {}, 422, "invalid_request"),
        (b"\xff\xfe", {}, 422, "invalid_request"),
        (b'{"amount_minor": NaN}', {}, 422, "invalid_request"),
        (b"[" * 5_000, {}, 400, "bad_request"),
        (b"{}", {"Idempotency-Key": ""}, 400, "idempotency_key_missing"),
        (b"{}", {"Idempotency-Key": "x" * 201}, 400, "idempotency_key_missing"),
        (b"{}", {"Authorization": "Bearer nobody"}, 401, "unauthenticated"),
        (b"{}", {"Authorization": "Basic YTpi"}, 401, "unauthenticated"),
        (b" " * 1_000_001, {}, 413, "too_large"),
    ],
)
def test_a_body_or_header_that_cannot_be_meant_is_a_problem(api: Caller, content: bytes, headers: dict[str, str], status: int, code: str) -> None:
    problem(api.client.post("/v1/transfers", content=content, headers=JSON | headers), status, code)


def test_a_chunked_body_that_grows_too_large_is_refused_although_it_declares_no_length(api: Caller) -> None:
    answer = api.client.post("/v1/transfers", content=iter([b" " * 100_000] * 11), headers=JSON)
    assert "content-length" not in answer.request.headers
    problem(answer, 413, "too_large")


def test_a_long_name_of_an_unknown_field_does_not_come_back_whole(api: Caller) -> None:
    answer = api.post("/v1/holds/hld_" + "0" * 32 + "/release", {"x" * 100_000: 1} | {f"y{number}": 1 for number in range(200)})
    problem(answer, 422, "invalid_request")
    assert len(answer.content) < 5_000


@pytest.fixture
def database_url(worker_engine: Engine) -> str:
    """The worker's own database: nothing here is ever committed."""
    return worker_engine.url.render_as_string(hide_password=False)


@pytest.fixture
def broken(app: FastAPI) -> Callable[[Callable[[Work], None]], Any]:
    """Add a route with a bug, call it, answer what came."""

    def call(bug: Callable[[Work], None]) -> Any:
        app.add_api_route("/broken", bug)
        with TestClient(app, raise_server_exceptions=True) as client:
            return client.get("/broken")

    return call


def test_a_bug_is_a_500_without_its_cause_and_the_log_has_where_but_not_whom(broken: Any, caplog: pytest.LogCaptureFixture) -> None:
    def statement_with_a_person(work: Work) -> None:
        work.connection.execute(text("select cast(:who as integer)"), {"who": SECRET_WORD})

    with caplog.at_level(logging.DEBUG):
        answer = broken(statement_with_a_person)
    problem(answer, 500, "internal")
    assert SECRET_WORD not in answer.text + caplog.text
    assert "statement_with_a_person" in caplog.text
    assert "SQLSTATE 22P02" in caplog.text


def test_a_pool_without_a_free_connection_is_a_503_to_try_again(broken: Any) -> None:
    def exhausted(work: Work) -> None:
        raise PoolExhausted("QueuePool limit reached")

    answer = broken(exhausted)
    problem(answer, 503, "database_unavailable")
    assert answer.headers["retry-after"] == "1"


def test_a_statement_that_takes_too_long_is_a_503(broken: Any) -> None:
    def slow(work: Work) -> None:
        work.connection.execute(text("set local statement_timeout = 1"))
        work.connection.execute(text("select pg_sleep(5)"))

    problem(broken(slow), 503, "database_unavailable")


def test_no_secret_and_no_person_gets_into_a_log_or_a_refusal(api: Caller, caplog: pytest.LogCaptureFixture) -> None:
    transfer = {"debit_code": "rake", "credit_code": "rake", "currency": "XYZ", "amount_minor": 1, "effective_at": "soon", "description": SECRET_WORD}
    with caplog.at_level(logging.DEBUG):
        answers = [
            api.client.post("/v1/transfers", json={}, headers=JSON | {"Authorization": f"Bearer {SECRET_WORD}"}),
            api.client.post("/v1/transfers", json=transfer | {"name": SECRET_WORD}, headers=JSON),
            api.client.post("/v1/transfers", content=f'{{"name": "{SECRET_WORD}"', headers=JSON),
            api.client.post("/v1/webhooks/adyen", json={"eventCode": "CAPTURE", "shopperEmail": SECRET_WORD}),
            api.client.post("/v1/webhooks/stripe", json={"email": SECRET_WORD}, headers={"Stripe-Signature": SECRET_WORD}),
        ]
    assert [answer.status_code for answer in answers] == [401, 422, 422, 401, 401]
    said = caplog.text + "".join(answer.text for answer in answers)
    assert SECRET_WORD not in said
    assert ALL not in said
