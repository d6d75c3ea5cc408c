"""Which payouts did somebody at Stripe's dashboard send by hand? L7's puzzle between payouts and payments. Pure; seeded.

A manual payout is one line of the payout report and says nothing of what it is made of (reference LR §4.1): its payments are in the activity report only,
and its batch adds up to nothing. The trap: round amounts, of which several sums are equal by chance; the payments chosen are of odd amounts, but where a
rival is planted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from transactional.payments.money_kinds import MoneyKind
from transactional.simulation.answer_key import Expected
from transactional.simulation.batch_defects import case_spots
from transactional.simulation.casino import MERCHANTS
from transactional.simulation.defects import SAFE_AGE, Planted, eligible
from transactional.simulation.movements import Batch, Movement, Payment, dice
from transactional.simulation.psps.desk import closes_on
from transactional.simulation.puzzles.names import MANUAL, MANUAL_RIVALS, ExpectedSuggestion

_US = MERCHANTS[2]


@dataclass(frozen=True, slots=True)
class PaidByHand:
    """One puzzle: the payments of a manual payout, and those that are of equal money and in no payout at all."""

    puzzle: str
    puzzle_id: str
    paid: tuple[Movement, ...]
    left: tuple[Movement, ...] = ()


def paid_by_hand(
    seed: int, payments: Iterable[Payment], wanted: frozenset[str], start: datetime, as_of: datetime
) -> tuple[list[PaidByHand], list[Planted]]:
    """Plant every wanted puzzle that finds payments that close on one bank day; with the breaks that the payments are."""
    rng, found = dice(seed, "by hand"), list[PaidByHand]()
    pool = eligible(payments, start + timedelta(days=3), as_of - SAFE_AGE)
    by_day: dict[date, list[Movement]] = defaultdict(list)
    for move in pool[_US.account, "USD", MoneyKind.DEPOSIT]:
        day = closes_on(_US, move)
        if day.weekday() < 5 and not any(each.defect_id for each in move.payment.movements) and len(move.payment.movements) == 1:
            by_day[day].append(move)
    for puzzle, choose in ((MANUAL, _odd), (MANUAL_RIVALS, _with_an_equal)):
        choices = {day: chosen for day, moves in sorted(by_day.items()) if (chosen := choose(moves)) is not None}
        if puzzle not in wanted or not choices:
            continue
        day = rng.choice(list(choices))
        del by_day[day]
        paid, left = choices[day]
        found.append(PaidByHand(puzzle, f"{puzzle}-01", paid, left))
        for move in (*paid, *left):
            move.defect_id = found[-1].puzzle_id
            move.paid_by_hand = move in paid
            move.in_settlement = move in paid
    return found, [each for puzzle in found for each in _breaks(puzzle)]


def _odd(moves: Sequence[Movement]) -> tuple[tuple[Movement, ...], tuple[Movement, ...]] | None:
    odd = [move for move in moves if move.amount_minor % 10]
    return (tuple(odd[:3]), ()) if len(odd) >= 3 else None


def _with_an_equal(moves: Sequence[Movement]) -> tuple[tuple[Movement, ...], tuple[Movement, ...]] | None:
    """Two payments of equal money and one more: one of the two and the one more are paid."""
    by_amount: dict[int, list[Movement]] = defaultdict(list)
    for move in moves:
        by_amount[move.amount_minor].append(move)
    equals = next((same for same in by_amount.values() if len(same) > 1), None)
    other = next((move for move in moves if move.amount_minor % 10 and (equals is None or move not in equals)), None)
    return ((equals[0], other), (equals[1],)) if equals and other else None


def _breaks(puzzle: PaidByHand) -> Iterator[Planted]:
    for n, move in enumerate((*puzzle.paid, *puzzle.left)):
        text = "paid out by hand: no report says in which payout" if move.paid_by_hand else "never settled, and of equal money with one that was"
        yield Planted(f"{puzzle.puzzle_id}{'abc'[n]}", "missing_in_settlement", move, move.lane.currency, move.amount_minor, text)


def expected(found: Iterable[PaidByHand], batches: Sequence[Batch]) -> Iterator[ExpectedSuggestion]:
    """What should be suggested, when the files are written."""
    for puzzle in found:
        batch = _batch_of(puzzle, batches)
        payout = batch.payouts[0]
        ways = [puzzle.paid, *((each, *puzzle.paid[1:]) for each in puzzle.left)]
        answers = tuple((*case_spots(batch, payout), *(spot for move in way for spot in move.spots)) for way in ways)
        text = f"a payout by hand of {len(puzzle.paid)} payments"
        yield ExpectedSuggestion(puzzle.puzzle, puzzle.puzzle_id, "L7", "stripe", _US.account, payout.currency, payout.amount_minor, answers, 0, text)


def expected_batches(found: Iterable[PaidByHand], batches: Sequence[Batch]) -> Iterator[Expected]:
    """The break that each of the payouts is: nothing that its report prints makes it up."""
    for puzzle in found:
        batch = _batch_of(puzzle, batches)
        payout, text = batch.payouts[0], "a payout by hand: its report says nothing of what it is made of"
        spots = tuple(case_spots(batch, payout))
        yield Expected("batch_residue", "stripe", _US.account, payout.currency, -payout.amount_minor, spots, puzzle.puzzle_id, text)


def _batch_of(puzzle: PaidByHand, batches: Iterable[Batch]) -> Batch:
    return next(batch for batch in batches if any(line.movement is puzzle.paid[0] for line in batch.lines))
