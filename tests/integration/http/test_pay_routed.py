"""The service as it is put together: a payment is routed, the decision is written down, the PSP is asked over HTTP, and the detector hears what it answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.integration.http.conftest import ALL, KEYS
from tests.integration.payments.psp_benches import API_KEY, DRIVEN, simulator_of
from transactional.http.app import create_app
from transactional.payments.gateways.configured import parse_gateways
from transactional.settings import load_settings
from transactional.simulation.psp_servers.behaviour import Behaviour
from transactional.simulation.psp_servers.http import PspServer
from transactional.vocabulary.errors import InputRejected

PAYER = {
    "country": "JP",
    "payment_method": "card",
    "instruments": {one.psp: one.instrument for one in DRIVEN},
    "return_url": "https://casino.example/",
}


@pytest.fixture
def routed(database_url: str) -> Iterator[tuple[FastAPI, TestClient, dict[str, Any]]]:
    """`create_app` with both PSPs in its settings, on servers of their own."""
    with ExitStack() as stack:
        simulators = {one.psp: simulator_of(one) for one in DRIVEN}
        urls = {psp: stack.enter_context(PspServer(simulator)).url for psp, simulator in simulators.items()}
        gateways = ",".join(f"{psp}={API_KEY}@{url};{url}" for psp, url in urls.items())
        app = create_app(load_settings(database_url=database_url, api_keys=KEYS, gateways=gateways))
        client = stack.enter_context(TestClient(app, headers={"Authorization": f"Bearer {ALL}"}))
        yield app, client, simulators


def pay(client: TestClient, number: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A deposit of 5,000 JPY, which both PSPs take: how it ended, and the decisions about it."""
    body = {"player_id": f"ply_{number:032x}", "direction": "deposit", "money": {"currency": "JPY", "amount_minor": 5_000}}
    intent = client.post("/v1/intents", json=body, headers={"Idempotency-Key": f"i{number}"}).json()["intent_id"]
    ended = client.post(f"/v1/intents/{intent}/pay", json=PAYER, headers={"Idempotency-Key": f"p{number}"})
    assert ended.status_code == 200, ended.text
    return ended.json(), client.get(f"/v1/intents/{intent}/decisions").json()


def test_a_payment_goes_where_the_logged_decision_says(routed: tuple[FastAPI, TestClient, dict[str, Any]]) -> None:
    _, client, _ = routed
    ended, decisions = pay(client, 1)
    # authorised, and taken: that PSP says by webhook that it has
    assert (ended["status"], [one["psp"] for one in decisions], decisions[0]["rule"]) == ("pending", ["adyen"], "static")


def test_a_psp_that_goes_on_failing_is_left_by_the_router(routed: tuple[FastAPI, TestClient, dict[str, Any]]) -> None:
    # the trap: a detector that nobody tells anything: the list goes on sending everybody into the outage
    app, client, simulators = routed
    simulators["adyen"].script.otherwise = lambda _call: Behaviour(decline="2")
    seen = [pay(client, number)[1] for number in range(1, 12)]
    assert seen[0][0]["psp"] == "adyen"
    assert seen[-1][0]["psp"] == "stripe"
    assert seen[-1][0]["excluded"] == [{"psp": "adyen", "rule": "breaker_open"}]
    assert app.state.router is not None


@pytest.mark.parametrize("text", ["stripe", "stripe=sk_secret@ftp://x", "stripe=sk_secret@http://a,stripe=sk_secret@http://b"])
def test_a_setting_that_cannot_be_is_refused_without_showing_the_key(text: str) -> None:
    with pytest.raises(InputRejected) as refusal:
        parse_gateways(text)
    assert "sk_secret" not in str(refusal.value)
