"""All batches of one merchant account: picks the PSP's desk. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from transactional.simulation.casino import Merchant
from transactional.simulation.fx import Rates
from transactional.simulation.movements import Batch, Line, Movement
from transactional.simulation.psps.adyen import AdyenDesk
from transactional.simulation.psps.desk import closes_on
from transactional.simulation.psps.mistakes import BatchMistakes
from transactional.simulation.psps.stripe import StripeDesk


def desk_of(seed: int, merchant: Merchant, rates: Rates, as_of: datetime, mistakes: BatchMistakes) -> AdyenDesk | StripeDesk:
    """The desk that settles this account."""
    return (AdyenDesk if merchant.psp == "adyen" else StripeDesk)(seed, merchant, rates, as_of, mistakes)


def settle(movements: Sequence[Movement], desk: AdyenDesk | StripeDesk) -> list[Batch]:
    """Every batch whose report is out by the desk's `as_of`, oldest first. `movements` are the account's, in the order in which they happened."""
    by_day: dict[date, list[Movement]] = defaultdict(list)
    for movement in movements:
        if movement.in_settlement:
            by_day[closes_on(desk.merchant, movement)].append(movement)
    return desk.batches(by_day)


def waiting_lines(movements: Sequence[Movement], desk: AdyenDesk | StripeDesk) -> list[Line]:
    """The lines movements will have when they are paid out."""
    last = desk.as_of.date()
    return [line for move in movements for line in desk.lines_of(move, min(closes_on(desk.merchant, move), last), move.occurred_at)]
