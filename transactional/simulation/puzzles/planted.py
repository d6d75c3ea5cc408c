"""All puzzles of one world, from choosing their places to what should be suggested. The one door of this folder for world.py. Pure; seeded.

Order matters: payments before the dry run of the settlement, payouts after the other mistakes on batches have taken theirs. The trap: a draw of dice that
others use too; every concern here has its own, so a world without puzzles has the bytes it always had.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from transactional.simulation.answer_key import Expected
from transactional.simulation.batch_defects import BatchPlan
from transactional.simulation.defects import Planted
from transactional.simulation.movements import Batch, Payment, Spot
from transactional.simulation.puzzles import by_hand, in_payouts
from transactional.simulation.puzzles.by_hand import PaidByHand, paid_by_hand
from transactional.simulation.puzzles.in_payments import HalvedPayments, halved_payments
from transactional.simulation.puzzles.in_payouts import LostPayouts, credited, lost_payouts
from transactional.simulation.puzzles.names import ExpectedSuggestion


@dataclass(slots=True)
class Puzzles:
    """What was planted. `planted`: the breaks that the movements are."""

    seed: int
    wanted: frozenset[str]
    as_of: datetime
    halved: list[HalvedPayments]
    by_hand: list[PaidByHand]
    planted: list[Planted]
    lost: list[LostPayouts] = field(default_factory=list)

    @classmethod
    def in_payments(cls, seed: int, payments: Sequence[Payment], wanted: frozenset[str], start: datetime, as_of: datetime) -> Puzzles:
        """Those on payments: before anything is settled."""
        halved, halves = halved_payments(seed, payments, wanted, start, as_of)
        paid, lines = paid_by_hand(seed, payments, wanted, start, as_of)
        return cls(seed, wanted, as_of, halved, paid, [*halves, *lines])

    def choose_payouts(self, dry: Sequence[Batch], plan: BatchPlan) -> None:
        """Those on payouts: after the dry run, where no other mistake sits."""
        self.lost = lost_payouts(self.seed, dry, plan, self.wanted, self.as_of)

    def credit(self, batches: Sequence[Batch], plan: BatchPlan) -> None:
        """What the bank shows for them."""
        credited(self.seed, self.lost, batches, plan)

    def batches(self, batches: Sequence[Batch]) -> Iterator[Expected]:
        """The breaks that payouts by hand are."""
        yield from by_hand.expected_batches(self.by_hand, batches)

    def suggestions(self, batches: Sequence[Batch], spots_of: Mapping[int, Spot]) -> Iterator[ExpectedSuggestion]:
        """What should be suggested, when the files are written."""
        for puzzle in self.halved:
            yield from puzzle.expected()
        yield from by_hand.expected(self.by_hand, batches)
        yield from in_payouts.expected(self.lost, batches, spots_of)
