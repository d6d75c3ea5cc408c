"""How does a hand or a spreadsheet garble a reference? One slip each; seeded. For the planters of puzzles.

The slip falls into the second half of the reference: what PSPs print in front (`pi_`, `TX`) is what nobody gets wrong. The trap: a slip that leaves the
reference as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

_LOOK_ALIKE = {"0": "O", "O": "0", "1": "I", "I": "1", "5": "S", "S": "5", "8": "B", "B": "8", "2": "Z", "Z": "2", "6": "G", "G": "6"}
_DIGITS = "0123456789"

Slip = Callable[[str, Random], str]


def mistyped(reference: str, rng: Random) -> str:
    """One sign taken for another: O for 0 where there is such a pair, else the next digit or letter."""
    places = range(len(reference) // 2, len(reference))
    alike = [place for place in places if reference[place] in _LOOK_ALIKE]
    place = rng.choice(alike or [place for place in places if reference[place].isalnum()])
    sign = reference[place]
    return reference[:place] + _LOOK_ALIKE.get(sign, _next(sign)) + reference[place + 1 :]


def transposed(reference: str, rng: Random) -> str:
    """Two unequal neighbours turned round."""
    places = [n for n in range(len(reference) // 2, len(reference) - 1) if reference[n] != reference[n + 1] and reference[n : n + 2].isalnum()]
    if not places:
        return mistyped(reference, rng)
    place = rng.choice(places)
    return reference[:place] + reference[place + 1] + reference[place] + reference[place + 2 :]


def truncated(reference: str, _: Random) -> str:
    """The last two signs lost: a column that was too narrow."""
    return reference[:-2]


def doubled(reference: str, rng: Random) -> str:
    """One sign typed twice."""
    place = rng.choice([place for place in range(len(reference) // 2, len(reference)) if reference[place].isalnum()])
    return reference[: place + 1] + reference[place:]


def neighbour(reference: str) -> str:
    """The reference of the next payment where a PSP numbers them: one sign of the first half is another."""
    place = len(reference) // 4
    return reference[:place] + _next(reference[place]) + reference[place + 1 :]


def _next(sign: str) -> str:
    if sign in _DIGITS:
        return _DIGITS[(int(sign) + 1) % 10]
    return "A" if sign in "zZ" else chr(ord(sign) + 1)
