"""/health says what is wrong, and only what stops the service makes it 503."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.integration.http.conftest import Caller
from transactional.http.app import create_app
from transactional.migrations.runner import migrate
from transactional.settings import load_settings


def test_a_service_at_head_is_healthy_without_a_key(app: FastAPI) -> None:
    with TestClient(app) as client:
        answer = client.get("/health")
    assert (answer.status_code, answer.json()["state"]) == (200, "ok")
    assert answer.json()["migrations"]["state"] == "ok"


def test_a_schema_behind_head_is_not_fit_to_take_money(database_url: str) -> None:
    migrate(database_url, "0002")
    with TestClient(create_app(load_settings(database_url=database_url))) as client:
        answer = client.get("/health")
    assert (answer.status_code, answer.json()["migrations"]["state"]) == (503, "failed")
    assert "countroom migrate" in answer.json()["migrations"]["detail"]


def test_a_database_that_is_away_is_said_and_not_raised() -> None:
    nowhere = "postgresql://nobody:secret-word@127.0.0.1:1/none"
    with TestClient(create_app(load_settings(database_url=nowhere))) as client:
        answer = client.get("/health")
        refused = client.get("/v1/accounts", params={"code": "rake", "currency": "EUR"})
    assert (answer.status_code, answer.json()["database"]["state"]) == (503, "failed")
    assert "secret-word" not in answer.text
    assert refused.status_code == 401


def test_a_webhook_nobody_could_use_shows_in_the_queue_with_its_age(api: Caller) -> None:
    assert api.client.get("/health").json()["queue"]["state"] == "ok"
