"""Any order of webhooks ends with the same books and the same state, on the real ledger with its floors and back-dating (LR §5.8 property 15)."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import Connection

from tests.integration.payments.casino import Casino, fact
from transactional.payments.facts import Direction
from transactional.payments.lifecycle import AttemptState

DEPOSIT = (
    "authorised 100", "captured 60 c1", "captured 40 c2", "capture_failed 40 c2", "refunded 30 r1", "refund_failed 30 r1", "refund_cancelled 30 r1",
    "refunded 20 r2", "chargeback 40 d1", "chargeback_reversed 40 d1", "second_chargeback 40 d1",
)  # fmt: skip
PAYOUT = ("payout_requested", "payout_held", "payout_sent", "payout_returned", "payout_failed", "payout_cancelled")


def ending(connection: Connection, steps: list[tuple[int, str]], direction: Direction, *, by: str) -> tuple[dict[str, int], AttemptState]:
    """Balances and state after recording the steps one by one, each at its own effective time; undone afterwards."""
    with connection.begin_nested() as savepoint:
        casino = Casino(connection)
        attempt = casino.attempt("one", direction, merchant_reference="M1")
        if direction == "withdrawal":
            casino.funded(100)
        for minute, step in steps:
            ours = by == "attempt" or step.startswith("payout_requested")
            names = {"attempt_id": attempt} if ours else {"merchant_reference": "M1"} if minute % 3 == 0 else {}
            casino.payments.record([fact(step, minute, **names)])
        found = casino.balances(), casino.payments.attempt_states([attempt])[attempt]
        savepoint.rollback()
    return found


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(("story", "direction"), [(DEPOSIT, "deposit"), (PAYOUT, "withdrawal")], ids=["deposit", "payout"])
def test_any_order_of_webhooks_ends_the_same(connection: Connection, story: tuple[str, ...], direction: Direction, seed: int) -> None:
    chance = random.Random(seed)
    steps = sorted(chance.sample(list(enumerate(story)), chance.randint(3, len(story))))
    shuffled = chance.sample(steps, len(steps))
    in_order = ending(connection, steps, direction, by="attempt")
    assert ending(connection, shuffled, direction, by="attempt") == in_order
    assert ending(connection, shuffled, direction, by="webhook")[1].status in set(type(in_order[1].status))
