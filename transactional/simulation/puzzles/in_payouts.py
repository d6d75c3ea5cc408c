"""Which payouts reach the bank under no name, in another number, or under a garbled one? L7's puzzles and L8's at the bank. Pure; seeded.

The places are chosen from the dry run, like every mistake on a batch; the credits are made of what the batches really came to. Where rivals are planted
the payouts are brought to chosen amounts by a deduction, which is the only way to have equal sums. The trap: two puzzles on one payout.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from transactional.simulation.banks import SENDERS, text_of
from transactional.simulation.batch_defects import BatchPlan, Where, case_spots, places
from transactional.simulation.casino import MERCHANTS
from transactional.simulation.defects import SAFE_AGE
from transactional.simulation.formats.bank_statements import BankLine
from transactional.simulation.movements import Batch, Payout, Spot, dice
from transactional.simulation.puzzles.names import EQUAL, JOINT, JOINT_RIVALS, OFF_BY_ONE, SLIP_AT_BANK, SPLIT, ExpectedSuggestion
from transactional.simulation.puzzles.slips import mistyped, transposed
from transactional.vocabulary.time import add_business_days, business_date

_EU, _TR, _US = (merchant.account for merchant in MERCHANTS)
_SPAN = timedelta(days=9)
_SHARES = {JOINT_RIVALS: (50, 90, 63, 77), EQUAL: (80, 80), SLIP_AT_BANK: (85, 85)}
"""What the payouts are brought to, in hundredths of the smallest of them. The first two of the rivals make the credit, and so would the others."""

_RECIPES: tuple[tuple[str, str, str, int], ...] = (
    (JOINT, _EU, "GBP", 2),
    (JOINT, _US, "USD", 3),
    (JOINT_RIVALS, _EU, "JPY", 4),
    (EQUAL, _US, "JPY", 2),
    (SPLIT, _EU, "EUR", 1),
    (SPLIT, _US, "USD", 1),
    (SLIP_AT_BANK, _EU, "GBP", 2),
    (SLIP_AT_BANK, _TR, "EUR", 2),
    (OFF_BY_ONE, _US, "USD", 2),
)


@dataclass(slots=True)
class LostPayouts:
    """One puzzle: payouts that the bank shows as other `lines` than their own. The lines are made when the batches are."""

    puzzle: str
    puzzle_id: str
    wheres: tuple[Where, ...]
    lines: list[BankLine] = field(default_factory=list)


def lost_payouts(seed: int, batches: Sequence[Batch], plan: BatchPlan, wanted: frozenset[str], as_of: datetime) -> list[LostPayouts]:
    """Choose payouts for every wanted puzzle that finds enough of them near each other; `plan` is told that they do not arrive as they are."""
    rng, found = dice(seed, "lost payouts"), list[LostPayouts]()
    taken = {where for _, _, where in plan.named}
    amounts = {where: payout.amount_minor for where, _, payout in _by_place(batches)}
    for index, (puzzle, account, currency, count) in enumerate(_RECIPES, start=1):
        free = [where for where in places(batches, account, currency, (as_of - SAFE_AGE).date(), "missing_at_bank") if where not in taken]
        runs = [run for n in range(len(free)) if _is_near(run := tuple(free[n : n + count]), count)]
        if puzzle not in wanted or not runs:
            continue
        lost = LostPayouts(puzzle, f"{puzzle}-{index:02d}", rng.choice(runs))
        hundredth = min(amounts[where] for where in lost.wheres) // 100
        plan.mistakes.brought_to |= {where: hundredth * share for where, share in zip(lost.wheres, _SHARES.get(puzzle, ()), strict=False)}
        plan.mistakes.never_arrives |= set(lost.wheres)
        plan.named += [("missing_at_bank", f"{lost.puzzle_id}{'abcd'[n]}", where) for n, where in enumerate(lost.wheres)]
        taken |= set(lost.wheres)
        found.append(lost)
    return found


def _is_near(run: tuple[Where, ...], count: int) -> bool:
    return len(run) == count and run[-1][1] - run[0][1] < _SPAN


def _by_place(batches: Iterable[Batch]) -> Iterator[tuple[Where, Batch, Payout]]:
    for batch in batches:
        if not batch.by_hand:
            yield from (((batch.merchant.account, batch.closed_on, payout.currency), batch, payout) for payout in batch.payouts)


def credited(seed: int, lost: Iterable[LostPayouts], batches: Iterable[Batch], plan: BatchPlan) -> None:
    """Make the bank lines of every puzzle, and tell `plan` of them: they are credits that name a PSP and no payout."""
    found = {where: (batch, payout) for where, batch, payout in _by_place(batches)}
    for puzzle in lost:
        rng = dice(seed, puzzle.puzzle_id)
        parts = [found[where] for where in puzzle.wheres]
        puzzle.lines += _lines(puzzle.puzzle, parts, rng)
        plan.strangers += [(puzzle.wheres[0][2], f"{puzzle.puzzle_id}-line{n}", line) for n, line in enumerate(puzzle.lines, start=1)]


def _lines(puzzle: str, parts: Sequence[tuple[Batch, Payout]], rng: Random) -> Iterator[BankLine]:
    psp = parts[0][0].merchant.psp
    days = [add_business_days(business_date(payout.paid_at, batch.merchant.zone), 1) for batch, payout in parts]
    amounts = [payout.amount_minor for _, payout in parts]
    nameless = f"COLLECTIVE CREDIT {rng.randint(100, 999)}"
    if puzzle == SPLIT:
        first = amounts[0] * rng.randint(23, 71) // 100
        yield _line(psp, first, days[0], nameless)
        yield _line(psp, amounts[0] - first, add_business_days(days[0], 1), nameless)
    elif puzzle == SLIP_AT_BANK:
        for slip, (_, payout), day in zip((mistyped, transposed), parts, days, strict=True):
            name, *rest = payout.bank_reference.split(" ")
            garbled = " ".join([slip(name, rng), *rest])
            yield _line(psp, payout.amount_minor, day, text_of(psp, garbled))
    else:
        counted = {JOINT: len(amounts), OFF_BY_ONE: len(amounts), JOINT_RIVALS: 2, EQUAL: 1}[puzzle]
        yield _line(psp, sum(amounts[:counted]) - (puzzle == OFF_BY_ONE), max(days), nameless)


def _line(psp: str, minor: int, day: date, text: str) -> BankLine:
    return BankLine(amount_minor=minor, booked_on=day, counterparty=SENDERS[psp], text=text, reference="", code="TRF")


def expected(lost: Iterable[LostPayouts], batches: Iterable[Batch], spots_of: Mapping[int, Spot]) -> Iterator[ExpectedSuggestion]:
    """What should be suggested, when the files are written. `spots_of`: places of bank lines, by the id of the line."""
    found = {where: (batch, payout) for where, batch, payout in _by_place(batches)}
    for puzzle in lost:
        cases = [tuple(case_spots(*found[where])) for where in puzzle.wheres]
        lines = [spots_of[id(line)] for line in puzzle.lines]
        match puzzle.puzzle:
            case "slip_at_bank":
                for n, (case, line) in enumerate(zip(cases, lines, strict=True)):
                    yield _expected(puzzle, "ab"[n], "L8", puzzle.lines[n].amount_minor, [(*case, line)], 0)
            case "joint_credit_rivals":
                answers = [(*cases[0], *cases[1], *lines), (*cases[2], *cases[3], *lines)]
                yield _expected(puzzle, "", "L7", puzzle.lines[0].amount_minor, answers, 1)
            case "equal_payouts":
                yield _expected(puzzle, "", "L7", puzzle.lines[0].amount_minor, [(*case, *lines) for case in cases], 0)
            case _:
                whole = [spot for case in cases for spot in case]
                yield _expected(puzzle, "", "L7", sum(line.amount_minor for line in puzzle.lines), [(*whole, *lines)], 0)


def _expected(lost: LostPayouts, part: str, layer: str, minor: int, answers: Sequence[tuple[Spot, ...]], rivals: int) -> ExpectedSuggestion:
    """A row of the key."""
    account, _, currency = lost.wheres[0]
    psp = next(merchant.psp for merchant in MERCHANTS if merchant.account == account)
    text = f"{len(lost.wheres)} payouts that the bank shows as {len(lost.lines)} credits: {', '.join(line.text for line in lost.lines)}"
    decoy = lost.puzzle == OFF_BY_ONE
    return ExpectedSuggestion(lost.puzzle, f"{lost.puzzle_id}{part}", layer, psp, account, currency, minor, tuple(answers), rivals, text, decoy)
