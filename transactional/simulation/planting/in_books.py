"""How each mistake in the casino's books is made: a function changes what ONE hand tells and returns the label of what it did. Pure.

Units: minor units of the movement's currency, unless the mark names another. The trap: a label that is not exactly what was changed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from random import Random

from transactional.payments.money_kinds import EXPECTED_SIGN
from transactional.simulation.movements import Movement, code
from transactional.simulation.planting.marks import SECOND_BOOKING, TWINS, Mark, Planter
from transactional.vocabulary.time import business_date, localise


def lost_in_books(move: Movement, _: Random) -> Mark:
    """Our books never hear of it."""
    move.booked_minor = None
    return Mark(move.amount_minor, "the webhook was lost: the PSP moved it, the casino never wrote it")


def booked_twice(move: Movement, _: Random) -> Mark:
    """A second entry and event, by hand."""
    move.booked_twice = True
    return Mark(move.amount_minor, "booked a second time by hand", members=SECOND_BOOKING)


def other_amount_in_books(move: Movement, rng: Random) -> Mark:
    """Our books say more."""
    move.booked_minor = move.amount_minor + EXPECTED_SIGN[move.kind] * max(1, abs(move.amount_minor) * rng.randint(7, 33) // 100)
    return Mark(move.amount_minor - move.booked_minor, "the casino wrote another amount")


def booked_in_other_currency(move: Movement, _: Random) -> Mark:
    """Our books have the right number in the wrong currency."""
    wrong = {"GBP": "EUR", "CAD": "USD", "USD": "CAD", "EUR": "GBP"}[move.lane.currency]
    move.booked_currency = move.payment.booked_currency = wrong
    return Mark(move.amount_minor, f"the casino wrote {wrong} instead of {move.lane.currency}")


def times(factor: int) -> Planter:
    """Our books have so many times the amount."""

    def plant(move: Movement, _: Random) -> Mark:
        move.booked_minor = move.amount_minor * factor
        return Mark(move.amount_minor - move.booked_minor, f"the casino wrote {factor} times the amount: wrong decimals for {move.lane.currency}")

    return plant


def one_decimal_lost(move: Movement, _: Random) -> Mark:
    """Our books have a tenth of the amount."""
    move.booked_minor = move.amount_minor // 10
    return Mark(move.amount_minor - move.booked_minor, f"the casino took {move.lane.currency} to have two decimals")


def on_the_next_day(move: Movement, rng: Random) -> Mark:
    """Our books have it some time after the next local midnight."""
    day = business_date(move.occurred_at, move.merchant.zone) + timedelta(days=1)
    move.booked_later = localise(datetime.combine(day, time(0, rng.randint(5, 55))), move.merchant.zone) - move.occurred_at
    return Mark(move.amount_minor, "the PSP closed its day after it, the casino wrote it on the next one")


def nameless_halves(move: Movement, rng: Random) -> Mark:
    """Captured in two equal halves, and the casino wrote neither under the PSP's references: each booking fits each half, and so does each event."""
    half = move.amount_minor // 2
    move.amount_minor = move.booked_minor = half
    move.nameless = True
    at = move.occurred_at + timedelta(minutes=rng.randint(5, 50))
    twin = replace(
        move, occurred_at=at, modification_reference=code(rng, 16), defect_id="twin", activity=[], settlement=[], books=[], second_booking=[]
    )
    move.payment.movements.append(twin)
    return Mark(4 * half, "two bookings and two events that each fit two captures", members=TWINS)


def booked_after_close(move: Movement, _: Random) -> Mark:
    """Our books have it only when its day has been signed."""
    move.booked_after_close = True
    return Mark(move.amount_minor, "the casino wrote it after two people had signed the day it belongs to")
