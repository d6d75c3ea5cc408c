"""Payments over HTTP: from a player's wish to the ledger."""

from __future__ import annotations

from uuid import UUID

from tests.integration.http.conftest import Caller

AT = "2026-01-31T12:00:00Z"
PLAYER = UUID(int=7).hex


def _attempt(api: Caller, direction: str = "deposit", amount: int = 5000) -> str:
    intent = api.post(
        "/v1/intents", {"player_id": f"ply_{PLAYER}", "direction": direction, "money": {"currency": "EUR", "amount_minor": amount}}
    ).json()
    made = api.post(f"/v1/intents/{intent['intent_id']}/attempts", {"psp": "adyen", "merchant_account": "CountroomEU", "payment_method": "visa"})
    assert made.status_code == 201, made.text
    return str(made.json()["attempt_id"])


def _captured(amount: int = 5000, reference: str = "MOD1") -> dict[str, object]:
    money = {"money": {"amount_minor": amount, "currency": "EUR"}}
    return money | {"kind": "captured", "effective_at": AT, "psp_reference": "PSP1", "modification_reference": reference}


def test_a_captured_deposit_is_in_the_ledger_and_in_the_players_cash(api: Caller) -> None:
    attempt_id = _attempt(api)
    event = api.post(f"/v1/attempts/{attempt_id}/events", _captured())
    assert event.status_code == 201, event.text
    assert event.json()["attempt"]["status"] == "captured"
    entry = api.get(f"/v1/transfers/{event.json()['entry_id']}").json()
    assert {(line["code"], line["amount_minor"]) for line in entry["lines"]} == {
        ("psp_receivable:adyen:CountroomEU", 5000),
        (f"player_cash:{PLAYER}", -5000),
    }


def test_a_capture_told_twice_under_two_keys_is_booked_once(api: Caller) -> None:
    attempt_id = _attempt(api)
    first, second = (api.post(f"/v1/attempts/{attempt_id}/events", _captured()) for _ in range(2))
    assert first.json()["entry_id"] == second.json()["entry_id"]
    assert second.json()["attempt"]["captured_minor"] == 5000


def test_one_key_for_two_different_captures_is_a_conflict_not_a_second_booking(api: Caller) -> None:
    attempt_id = _attempt(api)
    api.post(f"/v1/attempts/{attempt_id}/events", _captured(2000, "MOD1"), key="k")
    answer = api.post(f"/v1/attempts/{attempt_id}/events", _captured(3000, "MOD2"), key="k")
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")
    assert api.get(f"/v1/attempts/{attempt_id}").json()["captured_minor"] == 2000


def test_a_movement_without_its_reference_is_refused_since_a_webhook_could_not_be_told_from_it(api: Caller) -> None:
    body = {key: value for key, value in _captured().items() if key != "modification_reference"}
    answer = api.post(f"/v1/attempts/{_attempt(api)}/events", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


def test_a_withdrawal_the_player_cannot_cover_is_refused_and_leaves_no_event(api: Caller) -> None:
    attempt_id = _attempt(api, "withdrawal")
    asked = {"kind": "payout_requested", "effective_at": AT, "money": {"amount_minor": 5000, "currency": "EUR"}}
    answer = api.post(f"/v1/attempts/{attempt_id}/events", asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "insufficient_funds")
    assert api.get(f"/v1/attempts/{attempt_id}").json()["status"] == "unknown"


def test_an_intent_shows_its_attempts(api: Caller) -> None:
    attempt = api.get(f"/v1/attempts/{_attempt(api)}").json()
    assert [one["attempt_id"] for one in api.get(f"/v1/intents/{attempt['intent_id']}").json()["attempts"]] == [attempt["attempt_id"]]


def test_an_attempt_at_a_psp_nobody_knows_is_refused(api: Caller) -> None:
    intent = api.post("/v1/intents", {"player_id": f"ply_{PLAYER}", "direction": "deposit", "money": {"currency": "EUR", "amount_minor": 1}}).json()
    answer = api.post(f"/v1/intents/{intent['intent_id']}/attempts", {"psp": "nobody", "merchant_account": "x"})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_psp")
