"""Any order of webhooks ends with the same books and the same state, on the real ledger with its floors and back-dating (LR §5.8 property 15)."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import Connection, text

from tests.integration.payments.casino import Casino, fact
from transactional.payments.facts import Direction
from transactional.payments.lifecycle import AttemptState

DEPOSIT = (
    "authorised 100", "voided", "captured 60 c1", "captured 40 c2", "capture_failed 40 c2", "refunded 30 r1", "refund_failed 30 r1",
    "refund_cancelled 30 r1", "refunded 20 r2", "chargeback 40 d1", "chargeback_reversed 40 d1", "second_chargeback 40 d1",
)  # fmt: skip
PAYOUT = ("payout_requested", "payout_held", "payout_sent", "payout_returned", "payout_failed", "payout_cancelled")


def ending(
    connection: Connection, steps: list[tuple[int, str]], direction: Direction, *, told_by_reference_only: bool = False
) -> tuple[dict[str, int], AttemptState]:
    """Balances and state after recording the steps one by one, each at its own effective time; undone afterwards.

    `told_by_reference_only`: the PSP names its own reference and nothing else, until a last message names the attempt. A request is ours and does.
    """
    with connection.begin_nested() as savepoint:
        casino = Casino(connection)
        attempt = casino.attempt("one", direction, merchant_reference="M1")
        if direction == "withdrawal":
            casino.funded(100)
        for minute, step in steps:
            is_stranger = told_by_reference_only and not step.startswith("payout_requested")
            casino.payments.record([fact(step, minute, attempt_id=None if is_stranger else attempt)])
        casino.payments.record([fact("information", 99, merchant_reference="M1")])
        assert postings_without_their_payment(connection, told_by_reference_only) == 0
        found = casino.balances(), casino.payments.attempt_states([attempt])[attempt]
        savepoint.rollback()
    return found


def postings_without_their_payment(connection: Connection, told_by_reference_only: bool) -> int:
    """How many postings do not name intent, attempt and PSP reference, although they could.

    What was booked before its attempt was known names the PSP reference. The suspense line that clears it names the attempt but no intent (booking.py
    says why). Our own request has no PSP reference yet: the PSP has not seen it.
    """
    asked = text(
        """
        select count(*) from app.postings p join app.journal_entries e using (entry_id) join app.accounts a using (account_id)
        where (p.psp_reference is null and e.kind not in ('withdrawal_requested', 'withdrawal_cancelled'))
           or (p.attempt_id is null and not (:strangers and e.kind <> 'suspense_cleared'))
           or (p.attempt_id is not null and p.intent_id is null and not (e.kind = 'suspense_cleared' and a.account_class = 'suspense'))
        """
    )
    return int(connection.execute(asked, {"strangers": told_by_reference_only}).scalar_one())


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(("story", "direction"), [(DEPOSIT, "deposit"), (PAYOUT, "withdrawal")], ids=["deposit", "payout"])
def test_any_order_and_repetition_of_webhooks_ends_with_the_same_state_and_books(
    connection: Connection, story: tuple[str, ...], direction: Direction, seed: int
) -> None:
    chance = random.Random(seed)
    steps = sorted(chance.sample(list(enumerate(story)), chance.randint(3, len(story))))
    shuffled = chance.sample(steps, len(steps))
    repeated = shuffled + chance.choices(shuffled, k=3)
    chance.shuffle(repeated)
    in_order = ending(connection, steps, direction)
    assert ending(connection, shuffled, direction) == in_order
    assert ending(connection, repeated, direction) == in_order
    assert ending(connection, shuffled, direction, told_by_reference_only=True) == in_order
