"""API keys: who may do what, and that nothing about a secret leaks."""

from __future__ import annotations

import hmac

import pytest

from transactional.http.keys import authenticate, authorise, parse_keys
from transactional.vocabulary.errors import InputRejected, Refused

CASHIER, AUDITOR = "c" * 32, "a" * 32
KEYS = parse_keys(f"cashier:payments:write+payments:read:{CASHIER}, auditor:ledger:read:{AUDITOR}")


def test_a_key_opens_only_the_scopes_it_was_given() -> None:
    cashier = authenticate(KEYS, CASHIER)
    authorise(cashier, "payments:write")
    with pytest.raises(Refused, match="lacks the scope ledger:write") as refusal:
        authorise(cashier, "ledger:write")
    assert refusal.value.code == "forbidden"


@pytest.mark.parametrize("secret", ["", "c" * 31, "c" * 33, "é" * 32])
def test_a_wrong_secret_opens_nothing_and_is_not_repeated_in_the_answer(secret: str) -> None:
    with pytest.raises(Refused) as refusal:
        authenticate(KEYS, secret)
    assert refusal.value.code == "unauthenticated"
    assert not secret or secret not in str(refusal.value)


def test_no_configured_key_opens_nothing_not_everything() -> None:
    with pytest.raises(Refused):
        authenticate(parse_keys(""), "")


def test_every_key_is_compared_in_constant_time_without_stopping_at_the_first_hit(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []
    real = hmac.compare_digest

    def counting(left: bytes, right: bytes) -> bool:
        compared.append(left)
        return real(left, right)

    monkeypatch.setattr(hmac, "compare_digest", counting)
    assert authenticate(KEYS, CASHIER).name == "cashier"
    assert len(compared) == len(KEYS)


def test_a_printed_key_shows_no_secret_and_no_digest() -> None:
    assert CASHIER not in repr(KEYS)
    assert "digest" not in repr(KEYS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cashier", "expected name:scope"),
        (f"cashier:payments:steal:{CASHIER}", "unknown scopes"),
        ("cashier:payments:read:short", "shorter than"),
        (f"a:ledger:read:{CASHIER},a:ledger:read:{AUDITOR}", "given twice"),
    ],
)
def test_a_key_that_cannot_be_meant_is_refused_by_name_and_never_by_secret(text: str, expected: str) -> None:
    with pytest.raises(InputRejected, match=expected) as refusal:
        parse_keys(text)
    assert CASHIER not in str(refusal.value)
