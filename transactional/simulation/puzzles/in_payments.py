"""Which payments does the casino know under another reference than the PSP? L8's puzzles. Pure; seeded.

One hand mistypes one reference, and no other reference is left in common: our books and the PSP's reports are two halves of one payment, each a break. The
traps: a slip that happens to be another payment's reference (the slip and the neighbour differ in different halves), and a movement with another mistake.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from transactional.payments.money_kinds import MoneyKind
from transactional.simulation.casino import MERCHANTS
from transactional.simulation.defects import SAFE_AGE, Planted, eligible
from transactional.simulation.movements import Movement, Payment, dice
from transactional.simulation.planting.marks import OUR_SIDE, THEIR_SIDE
from transactional.simulation.puzzles.names import MONEY_ALONE, SLIP, SLIP_RIVALS, ExpectedSuggestion
from transactional.simulation.puzzles.slips import Slip, doubled, mistyped, neighbour, transposed, truncated

K = MoneyKind
Pool = dict[tuple[str, str, MoneyKind], list[Movement]]
_EU, _TR, _US = (merchant.account for merchant in MERCHANTS)
_NEAR = timedelta(days=4)


def _theirs(slip: Slip) -> Callable[[Movement, Random], str]:
    """The casino typed the PSP's reference off a screen, and the PSP's reports have no reference of ours."""

    def plant(move: Movement, rng: Random) -> str:
        move.miswritten = slip(move.payment.psp_reference, rng)
        move.payment.printed_reference = ""
        return f"the casino wrote {move.miswritten} for {move.payment.psp_reference}"

    return plant


def _theirs_beside_ours(slip: Slip) -> Callable[[Movement, Random], str]:
    """As above, but the PSP prints our own reference rightly: equal words, which another PSP reference beside them keeps apart."""

    def plant(move: Movement, rng: Random) -> str:
        move.miswritten = slip(move.payment.psp_reference, rng)
        return f"the casino wrote {move.miswritten} for {move.payment.psp_reference}, beside its own reference"

    return plant


def _ours(slip: Slip) -> Callable[[Movement, Random], str]:
    """The casino wrote it under its own reference only, and the PSP prints that one wrongly."""

    def plant(move: Movement, rng: Random) -> str:
        move.nameless = True
        move.payment.printed_reference = slip(move.payment.merchant_reference, rng)
        return f"the PSP prints {move.payment.printed_reference} for {move.payment.merchant_reference}"

    return plant


@dataclass(frozen=True, slots=True)
class _Recipe:
    account: str
    currency: str
    kind: MoneyKind
    plant: Callable[[Movement, Random], str]


_RECIPES: tuple[_Recipe, ...] = (
    _Recipe(_EU, "EUR", K.DEPOSIT, _theirs(mistyped)),
    _Recipe(_US, "USD", K.DEPOSIT, _theirs(truncated)),
    _Recipe(_TR, "TRY", K.WITHDRAWAL, _theirs(transposed)),
    _Recipe(_EU, "GBP", K.DEPOSIT, _theirs(doubled)),
    _Recipe(_EU, "EUR", K.REFUND, _theirs_beside_ours(mistyped)),
    _Recipe(_US, "CAD", K.DEPOSIT, _ours(truncated)),
    _Recipe(_EU, "JPY", K.DEPOSIT, _ours(transposed)),
)
_PAIRS = ((SLIP_RIVALS, _EU, "EUR"), (SLIP_RIVALS, _TR, "TRY"), (MONEY_ALONE, _EU, "EUR"), (MONEY_ALONE, _US, "USD"))


@dataclass(frozen=True, slots=True)
class HalvedPayments:
    """One puzzle: movements of equal money of which any half may be the other's. Of several, each is a suggestion that should be made as ambiguous."""

    puzzle: str
    puzzle_id: str
    movements: tuple[Movement, ...]
    description: str

    def expected(self) -> Iterator[ExpectedSuggestion]:
        """What should be suggested. Call it when the files are written: the items are known then."""
        if self.puzzle == MONEY_ALONE:
            yield self._decoy()
            return
        for index, move in enumerate(self.movements):
            others = [each for each in self.movements if each is not move]
            pairs = [(move, move), *((one, other) for each in others for one, other in ((move, each), (each, move)))]
            yield ExpectedSuggestion(
                self.puzzle,
                f"{self.puzzle_id}{'abc'[index] if others else ''}",
                "L8",
                move.merchant.psp,
                move.merchant.account,
                move.lane.currency,
                move.amount_minor,
                tuple((*ours.books, *theirs.activity, *theirs.settlement) for ours, theirs in pairs),
                2 * len(others),
                self.description,
            )

    def _decoy(self) -> ExpectedSuggestion:
        first, items = self.movements[0], tuple(spot for move in self.movements for spot in move.spots)
        place = (first.merchant.psp, first.merchant.account, first.lane.currency)
        return ExpectedSuggestion(self.puzzle, self.puzzle_id, "L8", *place, first.amount_minor, (items,), 0, self.description, is_decoy=True)


def halved_payments(
    seed: int, payments: Iterable[Payment], wanted: frozenset[str], start: datetime, as_of: datetime
) -> tuple[list[HalvedPayments], list[Planted]]:
    """Plant every wanted puzzle that finds a movement to sit on; with the breaks that its halves are."""
    rng, found = dice(seed, "slips"), list[HalvedPayments]()
    pool = eligible(payments, start + timedelta(days=1), as_of - SAFE_AGE)
    for index, recipe in enumerate(_RECIPES if SLIP in wanted else (), start=1):
        free = _free(pool[recipe.account, recipe.currency, recipe.kind])
        if free:
            move = rng.choice(free)
            found.append(HalvedPayments(SLIP, _named(f"{SLIP}-{index:02d}", move), (move,), recipe.plant(move, rng)))
    for index, (puzzle, account, currency) in enumerate(_PAIRS, start=1):
        twins = list(_twins(_free(pool[account, currency, K.DEPOSIT])))
        if puzzle in wanted and twins:
            pair = rng.choice(twins)
            plant = _entangle if puzzle == SLIP_RIVALS else _part
            found.append(HalvedPayments(puzzle, f"{puzzle}-{index:02d}", pair, plant(pair, rng)))
            for move in pair:
                _named(found[-1].puzzle_id, move)
    return found, [each for puzzle in found for each in _breaks(puzzle)]


def _named(puzzle_id: str, move: Movement) -> str:
    move.defect_id = puzzle_id
    return puzzle_id


def _free(moves: Iterable[Movement]) -> list[Movement]:
    """Movements of payments that carry nothing yet."""
    return [move for move in moves if not any(each.defect_id for each in move.payment.movements) and move.payment.printed_reference is None]


def _twins(moves: Iterable[Movement]) -> Iterator[tuple[Movement, Movement]]:
    """Two payments of equal money within a few days."""
    by_amount: dict[int, list[Movement]] = defaultdict(list)
    for move in sorted(moves, key=lambda move: (move.occurred_at, move.number)):
        alone = len(move.payment.movements) == 1
        if alone:
            earlier = next((each for each in by_amount[move.amount_minor] if move.occurred_at - each.occurred_at < _NEAR), None)
            if earlier is not None:
                yield earlier, move
            by_amount[move.amount_minor].append(move)


def _entangle(pair: tuple[Movement, Movement], rng: Random) -> str:
    """Neighbours in the PSP's numbering, both mistyped: each writing is near both."""
    first, second = pair
    second.payment.psp_reference = neighbour(first.payment.psp_reference)
    for move in pair:
        _theirs(mistyped)(move, rng)
    return f"{first.payment.psp_reference} and {second.payment.psp_reference}, both mistyped"


def _part(pair: tuple[Movement, Movement], _: Random) -> str:
    """Two payments of equal money and nothing else in common: of one our books are silent, of the other the PSP."""
    first, second = pair
    first.booked_minor = None
    second.in_activity = second.in_settlement = False
    return f"{first.payment.psp_reference} is in no book and {second.payment.psp_reference} at no PSP: equal money, nothing else"


def _breaks(puzzle: HalvedPayments) -> Iterator[Planted]:
    """The breaks that the movements are: both halves of each, or of a decoy the one that is there."""
    if puzzle.puzzle == MONEY_ALONE:
        for name, break_class, move in zip("ab", ("missing_in_ledger", "missing_at_psp"), puzzle.movements, strict=True):
            yield Planted(f"{puzzle.puzzle_id}{name}", break_class, move, move.lane.currency, move.amount_minor, puzzle.description)
        return
    for index, move in enumerate(puzzle.movements):
        name, currency = f"{puzzle.puzzle_id}{'abc'[index]}", move.lane.currency
        yield Planted(name, "missing_at_psp", move, currency, move.amount_minor, puzzle.description, OUR_SIDE)
        yield Planted(name, "missing_in_ledger", move, currency, move.amount_minor, puzzle.description, THEIR_SIDE)
