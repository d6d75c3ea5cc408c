"""Mistakes for a replayed file, in the casino's books and at its bank only: the file stays as it came. Pure; seeded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from transactional.payments.money_kinds import EXPECTED_SIGN, MoneyKind
from transactional.simulation.answer_key import Expected
from transactional.simulation.batch_defects import case_spots
from transactional.simulation.movements import Batch, Movement, Payment, Payout, Spot, code
from transactional.vocabulary.ids import uuid7

K = MoneyKind


@dataclass(frozen=True, slots=True)
class Mark:
    """A mistake: its class, what it sits on, and its amount."""

    break_class: str
    amount_minor: int
    currency: str
    description: str
    movement: Movement | None = None
    payout: Payout | None = None
    members: str = "all"


def plant(rng: Random, payments: list[Payment], batches: Sequence[Batch], mistakes: int) -> list[Mark]:
    """Mistakes of every sort in turn, each on a movement of its own; one of them at the bank."""
    marks: list[Mark] = []
    payouts = [payout for batch in batches for payout in batch.payouts]
    if payouts and mistakes:
        marks.append(_at_bank(rng, rng.choice(payouts)))
    plain = [move for payment in payments for move in payment.movements if _is_plain(payment, move)]
    chosen = rng.sample(plain, min(max(mistakes - len(marks), 0), len(plain)))
    sorts = [_lost, _twice, _other_amount, _wrong_decimals, _unknown_to_psp]
    for index, move in enumerate(chosen):
        marks.append(sorts[index % len(sorts)](rng, move, payments))
    return marks


def _is_plain(payment: Payment, move: Movement) -> bool:
    alone = len(payment.movements) == 1 and move.kind in (K.DEPOSIT, K.REFUND) and move.repetition == 0
    return alone and move.booked_minor == move.amount_minor and abs(move.amount_minor) >= 10


def _at_bank(rng: Random, payout: Payout) -> Mark:
    if rng.random() < 0.5:
        payout.arrives_on = None
        return Mark("missing_at_bank", payout.amount_minor, payout.currency, "paid out by the PSP, never seen at the bank", payout=payout)
    payout.arrives_minor -= max(1, payout.amount_minor // 1_000)
    difference = payout.arrives_minor - payout.amount_minor
    return Mark("amount", difference, payout.currency, "the bank booked another amount than was paid out", payout=payout)


def _lost(_: Random, move: Movement, __: list[Payment]) -> Mark:
    move.booked_minor = None
    return _mark("missing_in_ledger", move, move.amount_minor, "the webhook was lost: the PSP moved it, the casino never wrote it")


def _twice(_: Random, move: Movement, __: list[Payment]) -> Mark:
    move.booked_twice = True
    return _mark("duplicate_ledger", move, move.amount_minor, "booked a second time by hand", members="second")


def _other_amount(rng: Random, move: Movement, _: list[Payment]) -> Mark:
    move.booked_minor = move.amount_minor + EXPECTED_SIGN[move.kind] * max(1, abs(move.amount_minor) * rng.randint(3, 30) // 100)
    return _mark("amount", move, move.amount_minor - move.booked_minor, "the casino wrote another amount")


def _wrong_decimals(_: Random, move: Movement, __: list[Payment]) -> Mark:
    move.booked_minor = move.amount_minor * 100
    return _mark("exponent", move, move.amount_minor - move.booked_minor, "the casino wrote a hundred times the amount: wrong decimals")


def _unknown_to_psp(rng: Random, move: Movement, payments: list[Payment]) -> Mark:
    """A deposit beside this one that only the casino knows. The account has no activity reports: what is missing is its settlement."""
    model, at = move.payment, move.occurred_at
    copy = Payment(
        number=len(payments),
        player=len(payments),
        player_id=uuid7(at, rng),
        merchant=model.merchant,
        lane=model.lane,
        direction="deposit",
        asked_minor=abs(move.amount_minor) + 7,
        method=model.method,
        variant=model.variant,
        intent_id=uuid7(at, rng),
        attempt_id=uuid7(at, rng),
        merchant_reference=f"{model.merchant_reference}-X",
        psp_reference=code(rng, 16),
        created_at=at - timedelta(minutes=5),
        booked_currency=model.booked_currency,
    )
    stray = Movement(
        number=0,
        kind=K.DEPOSIT,
        payment=copy,
        occurred_at=at,
        amount_minor=copy.asked_minor,
        modification_reference=code(rng, 16),
        booked_minor=copy.asked_minor,
        booked_currency=copy.booked_currency,
    )
    copy.movements.append(stray)
    payments.append(copy)
    return _mark("missing_in_settlement", stray, stray.amount_minor, "the casino wrote it, the PSP never settled it")


def _mark(break_class: str, move: Movement, amount: int, description: str, members: str = "all") -> Mark:
    return Mark(break_class, amount, move.payment.booked_currency, description, movement=move, members=members)


def labels(marks: Iterable[Mark], batches: Sequence[Batch]) -> Iterator[Expected]:
    for index, mark in enumerate(marks, start=1):
        spots: tuple[Spot, ...] = ()
        if mark.movement is not None:
            spots = tuple(mark.movement.second_booking if mark.members == "second" else mark.movement.spots)
        for batch in batches:
            if mark.payout in batch.payouts and mark.payout is not None:
                spots = tuple(case_spots(batch, mark.payout))
        merchant = batches[0].merchant
        yield Expected(
            mark.break_class, merchant.psp, merchant.account, mark.currency, mark.amount_minor, spots, f"replay-{index:02d}", mark.description
        )
