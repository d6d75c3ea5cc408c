"""Suggested matches over HTTP: accepted by one caller, confirmed by another, named by their items; one request once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.http.conftest import OTHER, READER, Caller
from transactional.reconciliation.matches import suggestion_id


def items(number: int = 1) -> dict[str, Any]:
    return {"layer": "L7", "item_keys": [f"bank:aa:{number}", f"payout:bb:{number}"]}


def place(number: int = 1) -> str:
    return f"/v1/suggestions/{suggestion_id('L7', items(number)['item_keys'])}"


@pytest.fixture
def other(caller: Callable[[str], Caller]) -> Caller:
    return caller(OTHER)


def test_one_caller_accepts_another_confirms_and_either_may_take_it_back(api: Caller, other: Caller) -> None:
    assert api.get(place()).json()["state"] == "open"
    first = api.post(f"{place()}/acceptances", items() | {"words": "one credit for both"}, key="accept")
    assert (first.status_code, first.json()["state"], first.json()["item_keys"]) == (201, "accepted", items()["item_keys"])
    again = api.post(f"{place()}/acceptances", items() | {"words": "one credit for both"}, key="accept")
    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    # the trap: whoever accepted it puts the second name under it as well
    same = api.post(f"{place()}/confirmations", {})
    assert (same.status_code, same.json()["code"]) == (409, "same_actor")
    done = other.post(f"{place()}/confirmations", {"words": "seen on the bank's site"}).json()
    assert (done["state"], done["accepted_by"], done["confirmed_by"]) == ("confirmed", "all", "other")
    declined = api.post(f"{place()}/declines", {"words": "the bank says otherwise"}).json()
    assert (declined["state"], [event["kind"] for event in declined["events"]]) == ("declined", ["accepted", "confirmed", "declined"])


def test_what_is_signed_is_the_items_and_not_a_name(api: Caller, other: Caller) -> None:
    # the trap: an id that was shown once, with other items under it
    more = {"layer": "L7", "item_keys": [*items()["item_keys"], "payout:bb:9"]}
    refused = api.post(f"{place()}/acceptances", more)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_items")
    assert api.post(f"{place()}/acceptances", items() | {"layer": "L8"}).json()["code"] == "wrong_items"
    assert api.post(f"{place()}/acceptances", {"layer": "L7", "item_keys": ["bank:aa:1"]}).status_code == 422
    nothing = other.post(f"{place()}/confirmations", {})
    assert (nothing.status_code, nothing.json()["code"]) == (409, "wrong_state")
    assert api.post(f"{place()}/declines", {"words": "  "}).status_code == 422
    assert api.get("/v1/suggestions").json() == {"items": [], "next_after": None}


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_pages_give_each_suggestion_once_and_a_state_is_the_last_word(api: Caller, other: Caller, limit: int) -> None:
    for number in range(3):
        api.post(f"{place(number)}/acceptances", items(number))
    other.post(f"{place(0)}/confirmations", {})
    other.post(f"{place(1)}/declines", {"words": "no"})
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = api.get("/v1/suggestions", limit=limit, **after).json()
        seen += [item["suggestion_id"] for item in page["items"]]
        if page["next_after"] is None:
            break
        after = {"after": page["next_after"]}
    assert [f"/v1/suggestions/{name}" for name in seen] == sorted(place(number) for number in range(3))
    # the trap: a suggestion listed as accepted because it once was
    for state, number in (("confirmed", 0), ("declined", 1), ("accepted", 2)):
        told = api.get("/v1/suggestions", state=state).json()["items"]
        assert [f"/v1/suggestions/{item['suggestion_id']}" for item in told] == [place(number)]


def test_a_caller_without_the_scope_reads_nothing_and_says_nothing(caller: Callable[[str], Caller]) -> None:
    reader = caller(READER)
    assert reader.get("/v1/suggestions").status_code == 403
    assert reader.post(f"{place()}/acceptances", items()).status_code == 403
