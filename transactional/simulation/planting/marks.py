"""What a planter says it did: the label of a mistake. For the planters, and defects.py and world.py, which make the key of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from transactional.simulation.movements import Movement

ALL_ITEMS, SECOND_BOOKING, SECOND_LINES, REPEATED_LINE = "all items", "second booking", "second lines", "repeated line"
TWINS, OUR_SIDE, THEIR_SIDE = "twins", "our side", "their side"


@dataclass(frozen=True, slots=True)
class Mark:
    """What a planter did: the amount and currency the break must have."""

    amount_minor: int | None
    description: str
    currency: str = ""
    members: str = ALL_ITEMS


Planter = Callable[[Movement, Random], Mark]
