"""Who pays in and asks to be paid out, when and how much; and what becomes of it. Pure; seeded.

Amounts and habits have heavy tails: most players pay little and seldom, a few make most of the money. Later events (refunds, disputes,
returned payouts) that would fall after the window are not there yet, as in life.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from transactional.payments.money_kinds import EXPECTED_SIGN, MoneyKind
from transactional.simulation.casino import MERCHANTS, Lane, Merchant
from transactional.simulation.movements import Movement, Payment, code, dice, stripe_id
from transactional.vocabulary.ids import IdKind, public_id, uuid7

_VARIANTS = (("visa", "visastandarddebit"), ("visa", "visastandardcredit"), ("mc", "mcstandarddebit"), ("mc", "mcstandardcredit"))
_DEPOSITS_A_DAY = 0.17
_LARGEST = 40  # times the lane's typical deposit


@dataclass(frozen=True, slots=True)
class _Player:
    number: int
    player_id: UUID
    merchant: Merchant
    lane: Lane
    a_day: float
    size: float


def plan_payments(seed: int, players: int, start: datetime, days: int) -> list[Payment]:
    """Every payment of a world that begins at `start`, oldest first, each with its movements up to the end of the window."""
    rng = dice(seed, "players")
    end = start + timedelta(days=days)
    payments: list[Payment] = []
    for player in _population(rng, players, start):
        for moment in _moments(rng, player.a_day, start, days):
            payments.append(_deposit(rng, player, moment, end))
            if not payments[-1].refused and rng.random() < 0.13:
                payments.append(_withdrawal(rng, player, moment + timedelta(hours=rng.uniform(1, 20)), end))
    payments = sorted((payment for payment in payments if payment.created_at < end), key=lambda payment: (payment.created_at, payment.player))
    _drop_unaffordable(payments)
    number = 0
    for index, payment in enumerate(payments):
        payment.number = index
        for movement in payment.movements:
            movement.number, number = number, number + 1
    return payments


def _population(rng: Random, players: int, start: datetime) -> Iterator[_Player]:
    lanes = [(merchant, lane) for merchant in MERCHANTS for lane in merchant.lanes]
    chosen = rng.choices(lanes, weights=[lane.share for _, lane in lanes], k=players)
    for number, (merchant, lane) in enumerate(chosen):
        joined = start - timedelta(days=rng.uniform(1, 700))
        # the mean of a lognormal with sigma 1 is exp(1/2): divided out, so that the average is what it says
        a_day = min(_DEPOSITS_A_DAY * rng.lognormvariate(0, 1) / 1.65, 4.0)
        yield _Player(number, uuid7(joined, rng), merchant, lane, a_day, rng.lognormvariate(0, 0.5))


def _moments(rng: Random, a_day: float, start: datetime, days: int) -> Iterator[datetime]:
    """Exponential gaps, by which the times of day are as good as uniform; whole seconds, as PSPs print them."""
    at = 0.0
    while (at := at + rng.expovariate(a_day)) < days:
        yield start + timedelta(seconds=int(at * 86_400))


def _amount(rng: Random, lane: Lane, size: float) -> int:
    wanted = min(lane.typical_minor * size * rng.lognormvariate(0, 0.8), lane.typical_minor * _LARGEST)
    if rng.random() < 0.6:
        return max(lane.step_minor, round(wanted / lane.step_minor) * lane.step_minor)
    return max(lane.step_minor, int(wanted))


def _payment(rng: Random, player: _Player, at: datetime, direction: str, asked_minor: int) -> Payment:
    at = at.replace(microsecond=0)
    method, variant = rng.choice(_VARIANTS)
    attempt_id = uuid7(at + timedelta(seconds=1), rng)
    payout = direction == "withdrawal"
    reference = code(rng, 16) if player.merchant.psp == "adyen" else stripe_id(rng, "tr" if payout else "pi")
    return Payment(
        number=0,
        player=player.number,
        player_id=player.player_id,
        merchant=player.merchant,
        lane=player.lane,
        direction=direction,
        asked_minor=asked_minor,
        method=method,
        variant=variant,
        intent_id=uuid7(at, rng),
        attempt_id=attempt_id,
        merchant_reference=public_id(IdKind.ATTEMPT, attempt_id),
        psp_reference=reference,
        created_at=at,
        booked_currency=player.lane.currency,
    )


def _deposit(rng: Random, player: _Player, at: datetime, end: datetime) -> Payment:
    payment = _payment(rng, player, at, "deposit", _amount(rng, player.lane, player.size))
    if rng.random() < 0.07:
        payment.refused = True
        return payment
    captured = _capture(rng, payment)
    fate = rng.random()
    if fate < 0.030:
        _refund(rng, payment, captured)
    elif fate < 0.042:
        _dispute(rng, payment, captured)
    payment.movements = [movement for movement in payment.movements if movement.occurred_at < end]
    return payment


def _capture(rng: Random, payment: Payment) -> Movement:
    """Usually all of it; one in forty in part, and at Adyen half of those in two parts."""
    asked, at = payment.asked_minor, payment.created_at + timedelta(seconds=rng.randint(20, 240))
    if rng.random() >= 0.025:
        return _move(rng, payment, MoneyKind.DEPOSIT, at, asked)
    part = max(1, asked * rng.randint(40, 80) // 100)
    first = _move(rng, payment, MoneyKind.DEPOSIT, at, part, uncaptured_minor=asked - part if payment.merchant.psp == "stripe" else 0)
    if payment.merchant.psp == "adyen" and rng.random() < 0.5 and asked - part > 1:
        _move(rng, payment, MoneyKind.DEPOSIT, at + timedelta(minutes=rng.randint(5, 90)), (asked - part) // 2 or 1)
    return first


def _refund(rng: Random, payment: Payment, captured: Movement) -> None:
    at = captured.occurred_at + timedelta(hours=rng.uniform(12, 140))
    parts = (100,) if rng.random() < 0.6 else (30, 45)
    for index, part in enumerate(parts):
        refund = _move(rng, payment, MoneyKind.REFUND, at + timedelta(hours=20 * index), max(1, captured.amount_minor * part // 100))
        if rng.random() < 0.12:
            back = refund.occurred_at + timedelta(hours=rng.uniform(30, 80))
            _move(rng, payment, MoneyKind.REFUND_REVERSED, back, -refund.amount_minor, reference=refund.modification_reference)


def _dispute(rng: Random, payment: Payment, captured: Movement) -> None:
    at = captured.occurred_at + timedelta(days=rng.uniform(2, 9))
    dispute = _move(rng, payment, MoneyKind.CHARGEBACK, at, captured.amount_minor)
    if rng.random() < 0.55:
        won = at + timedelta(days=rng.uniform(2, 7))
        _move(rng, payment, MoneyKind.CHARGEBACK_REVERSED, won, captured.amount_minor, reference=dispute.modification_reference)
        if payment.merchant.psp == "adyen" and rng.random() < 0.4:
            again = won + timedelta(days=rng.uniform(1, 5))
            _move(rng, payment, MoneyKind.SECOND_CHARGEBACK, again, captured.amount_minor, reference=dispute.modification_reference)


def _withdrawal(rng: Random, player: _Player, at: datetime, end: datetime) -> Payment:
    payment = _payment(rng, player, at, "withdrawal", min(2 * _amount(rng, player.lane, player.size), 20 * player.lane.typical_minor))
    sent = _move(rng, payment, MoneyKind.WITHDRAWAL, payment.created_at + timedelta(hours=rng.uniform(0.5, 6)), payment.asked_minor)
    if rng.random() < 0.06:
        back = sent.occurred_at + timedelta(hours=rng.uniform(30, 110))
        _move(rng, payment, MoneyKind.WITHDRAWAL_RETURNED, back, payment.asked_minor, reference=sent.modification_reference)
    payment.movements = [movement for movement in payment.movements if movement.occurred_at < end]
    return payment


_STRIPE_PREFIX = {MoneyKind.DEPOSIT: "ch", MoneyKind.REFUND: "re", MoneyKind.CHARGEBACK: "dp"}


def _move(
    rng: Random, payment: Payment, kind: MoneyKind, at: datetime, size_minor: int, *, reference: str = "", uncaptured_minor: int = 0
) -> Movement:
    if not reference:
        reference = payment.psp_reference if kind is MoneyKind.WITHDRAWAL else _modification(rng, payment, kind)
    amount = EXPECTED_SIGN[kind] * abs(size_minor)
    movement = Movement(
        number=0,
        kind=kind,
        payment=payment,
        occurred_at=at.replace(microsecond=0),
        amount_minor=amount,
        modification_reference=reference,
        ext_id=stripe_id(rng, "txn") if payment.merchant.psp == "stripe" else "",
        uncaptured_minor=uncaptured_minor,
        booked_minor=amount,
        booked_currency=payment.lane.currency,
    )
    payment.movements.append(movement)
    return movement


def _modification(rng: Random, payment: Payment, kind: MoneyKind) -> str:
    return code(rng, 16) if payment.merchant.psp == "adyen" else stripe_id(rng, _STRIPE_PREFIX[kind])


def _drop_unaffordable(payments: Sequence[Payment]) -> None:
    """At Stripe nothing leaves a balance that fresh deposits do not cover: a balance below zero would wait for a payout that never comes.

    At Adyen a balance below zero is carried into the next batch by a Balancetransfer, so there it may happen.
    """
    moves = sorted((move for payment in payments for move in payment.movements if move.merchant.psp == "stripe"), key=lambda move: move.occurred_at)
    recent: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
    dropped: set[tuple[str, str]] = set()
    for move in moves:
        chain = (move.payment.psp_reference, move.modification_reference)
        pool = recent[move.lane.currency]
        while pool and pool[0][0] < move.occurred_at - timedelta(hours=30):
            pool.pop(0)
        if chain in dropped or (move.amount_minor < 0 and -move.amount_minor > 0.4 * sum(minor for _, minor in pool)):
            dropped.add(chain)
        else:
            pool.append((move.occurred_at, move.amount_minor))
    for payment in payments:
        if payment.merchant.psp == "stripe":
            payment.movements = [move for move in payment.movements if (payment.psp_reference, move.modification_reference) not in dropped]
