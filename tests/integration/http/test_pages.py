"""Lists come in pages, the newest first, and a page that was read stays as it was while facts go on arriving."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.integration.http.conftest import Caller

AT = "2026-01-31T12:00:00Z"
PLAYER = f"ply_{UUID(int=7).hex}"
CASH = f"player_cash:{UUID(int=7).hex}"


def give(api: Caller, minor: int) -> str:
    body = {"debit_code": "house_revenue", "credit_code": CASH, "currency": "EUR", "amount_minor": minor, "effective_at": AT}
    return str(api.post("/v1/transfers", body).json()["entry_id"])


def intend(api: Caller, minor: int) -> str:
    body = {"player_id": PLAYER, "direction": "deposit", "money": {"currency": "EUR", "amount_minor": minor}}
    return str(api.post("/v1/intents", body).json()["intent_id"])


@pytest.mark.parametrize(
    ("path", "asked", "make", "name"),
    [
        ("/v1/transfers", {"code": CASH, "currency": "EUR"}, give, "entry_id"),
        ("/v1/intents", {"player_id": PLAYER}, intend, "intent_id"),
    ],
    ids=["transfers", "intents"],
)
def test_pages_have_every_item_once_although_new_ones_arrive_meanwhile(api: Caller, path: str, asked: dict[str, str], make, name: str) -> None:  # type: ignore[no-untyped-def]
    assert api.get(path, **asked).json() == {"items": [], "next_before": None}
    made = [make(api, minor) for minor in range(1, 6)]
    seen, before = [], {}
    while True:
        page = api.get(path, **asked, **before, limit=2).json()
        seen += [item[name] for item in page["items"]]
        make(api, 99)
        if page["next_before"] is None:
            break
        before = {"before": page["next_before"]}
    assert seen == sorted(made, reverse=True)
    assert len(api.get(path, **asked).json()["items"]) == 8


@pytest.mark.parametrize("change", [{"limit": 0}, {"limit": 201}, {"limit": "all"}, {"before": "jen_x"}, {"before": "int_" + "0" * 32}])
def test_a_page_that_cannot_be_meant_is_refused(api: Caller, change: dict[str, object]) -> None:
    assert api.get("/v1/transfers", code=CASH, currency="EUR", **change).status_code == 422


def test_an_entry_with_two_lines_on_an_account_is_listed_once_with_both_and_a_reversal_beside_what_it_reverses(api: Caller) -> None:
    entry = give(api, 10)
    reversal = api.post(f"/v1/transfers/{entry}/reversal", {"effective_at": AT}).json()["entry_id"]
    items = api.get("/v1/transfers", code=CASH, currency="EUR").json()["items"]
    assert [(item["entry_id"], item["reversed_by_id"], item["reverses_id"]) for item in items] == [(reversal, None, entry), (entry, reversal, None)]
