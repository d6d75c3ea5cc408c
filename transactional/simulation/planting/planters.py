"""How each mistake on a single movement is made: a function changes what ONE hand tells and returns the label of what it did. For defects.py. Pure.

Units: minor units of the movement's currency, unless the mark names another. The trap: a label that is not exactly what was changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from random import Random

from transactional.payments.money_kinds import EXPECTED_SIGN
from transactional.simulation.movements import Movement, code
from transactional.vocabulary.time import business_date, localise

ALL_ITEMS, SECOND_BOOKING, SECOND_LINES, REPEATED_LINE = "all items", "second booking", "second lines", "repeated line"
TWINS = "twins"


@dataclass(frozen=True, slots=True)
class Mark:
    """What a planter did: the amount and currency the break must have."""

    amount_minor: int | None
    description: str
    currency: str = ""
    members: str = ALL_ITEMS


Planter = Callable[[Movement, Random], Mark]


def lost_in_books(move: Movement, _: Random) -> Mark:
    """Our books never hear of it."""
    move.booked_minor = None
    return Mark(move.amount_minor, "the webhook was lost: the PSP moved it, the casino never wrote it")


def unknown_at_psp(move: Movement, _: Random) -> Mark:
    """The PSP never has it."""
    move.in_activity = move.in_settlement = False
    return Mark(move.amount_minor, "the casino wrote it, the PSP never had it")


def never_settled(move: Movement, _: Random) -> Mark:
    """It is in the activity and in no batch."""
    move.in_settlement = False
    return Mark(move.amount_minor, "the PSP had it and never settled it")


def booked_twice(move: Movement, _: Random) -> Mark:
    """A second entry and event, by hand."""
    move.booked_twice = True
    return Mark(move.amount_minor, "booked a second time by hand", members=SECOND_BOOKING)


def moved_twice(move: Movement, _: Random) -> Mark:
    """Two lines everywhere at the PSP."""
    move.copies = 2
    return Mark(move.amount_minor, "the PSP moved it twice and paid accordingly", members=SECOND_LINES)


def printed_twice(move: Movement, _: Random) -> Mark:
    """The settlement file prints its line again."""
    move.repeated_in_file = True
    return Mark(move.amount_minor, "printed twice in one file, moved once", members=REPEATED_LINE)


def other_amount_at_psp(move: Movement, rng: Random) -> Mark:
    """The PSP moves less."""
    wrong = move.amount_minor * rng.randint(61, 89) // 100
    move.amount_minor, before = wrong, move.amount_minor
    return Mark(wrong - before, "the PSP moved another amount, and paid accordingly")


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


def turned_round(move: Movement, _: Random) -> Mark:
    """The PSP moves it the other way."""
    move.amount_minor = -move.amount_minor
    return Mark(2 * move.amount_minor, "the PSP moved it the wrong way round, and paid accordingly")


def charged(extra_minor: int) -> Planter:
    """The PSP charges so much more than agreed."""

    def plant(move: Movement, _: Random) -> Mark:
        move.extra_fee_minor = extra_minor
        return Mark(extra_minor, f"the PSP charged {extra_minor} more than the contract says (minor units)", currency=move.lane.settles_in)

    return plant


def on_the_next_day(move: Movement, rng: Random) -> Mark:
    """Our books have it some time after the next local midnight."""
    day = business_date(move.occurred_at, move.merchant.zone) + timedelta(days=1)
    move.booked_later = localise(datetime.combine(day, time(0, rng.randint(5, 55))), move.merchant.zone) - move.occurred_at
    return Mark(move.amount_minor, "the PSP closed its day after it, the casino wrote it on the next one")


def in_another_column(minor: int) -> Planter:
    """A part of the interchange is printed as markup."""

    def plant(move: Movement, _: Random) -> Mark:
        move.shifted_fee_minor = minor
        return Mark(0, f"the PSP charged {minor} as markup that the contract has as interchange: the sum is right", currency=move.lane.settles_in)

    return plant


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


def exchanged_at(factor: str) -> Planter:
    """The PSP exchanges at so many times the agreed rate."""

    def plant(move: Movement, _: Random) -> Mark:
        move.rate_factor = Decimal(factor)
        return Mark(None, f"the PSP exchanged at {factor} times the agreed rate", currency=move.lane.settles_in)

    return plant


def net_off_by(minor: int) -> Planter:
    """The net is off by so much, and so is the payout."""

    def plant(move: Movement, _: Random) -> Mark:
        move.net_error_minor = minor
        return Mark(minor, "gross less fees is not the net that was paid", currency=move.lane.settles_in)

    return plant
