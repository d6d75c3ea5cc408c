"""How each mistake of a PSP with one movement is made: a function changes what ONE hand tells and returns the label of what it did. Pure.

Units: minor units of the movement's currency, unless the mark names another. The trap: a label that is not exactly what was changed.
"""

from __future__ import annotations

from decimal import Decimal
from random import Random

from transactional.simulation.movements import Movement
from transactional.simulation.planting.marks import REPEATED_LINE, SECOND_LINES, Mark, Planter


def unknown_at_psp(move: Movement, _: Random) -> Mark:
    """The PSP never has it."""
    move.in_activity = move.in_settlement = False
    return Mark(move.amount_minor, "the casino wrote it, the PSP never had it")


def never_settled(move: Movement, _: Random) -> Mark:
    """It is in the activity and in no batch."""
    move.in_settlement = False
    return Mark(move.amount_minor, "the PSP had it and never settled it")


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


def in_another_column(minor: int) -> Planter:
    """A part of the interchange is printed as markup."""

    def plant(move: Movement, _: Random) -> Mark:
        move.shifted_fee_minor = minor
        return Mark(0, f"the PSP charged {minor} as markup that the contract has as interchange: the sum is right", currency=move.lane.settles_in)

    return plant


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
