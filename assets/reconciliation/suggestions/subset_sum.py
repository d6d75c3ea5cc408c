"""L7: which sums of a small pool make a target, and how many rival answers are there? Pure arithmetic over integers; for search.py.

The trap: the first answer taken for the answer. With 16 round deposits nearly every target has several (reference LR §5.4), so all are counted: over
the whole pool, whatever their size, equal amounts being interchangeable. Only answers of at most `MOST_PARTS` parts are worth showing.

Cost: the pool is cut in two halves whose sums are all listed (at most 4,096 each at `LARGEST_POOL`), then joined: milliseconds, whatever the amounts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from transactional.vocabulary.errors import InvariantBroken

LARGEST_POOL, MOST_PARTS, MOST_COUNTED = 24, 8, 1_000

Parts = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """The sub-multisets of a pool that add up to a target. `parts`: those worth showing, the fewest amounts first; each sorted.

    `count` counts the others too; when `is_capped` there are at least so many.
    """

    parts: tuple[Parts, ...]
    count: int
    is_capped: bool


def answers(pool: Sequence[int], target: int) -> Answers:
    """Every way to make `target` (minor units, not zero) of the amounts of `pool`, each used once. Order of the pool decides nothing.

    Amounts of zero belong to every answer and to none: they are left out. Raises: InvariantBroken for a pool larger than `LARGEST_POOL`.
    """
    if len(pool) > LARGEST_POOL:
        raise InvariantBroken(f"a pool of {len(pool)} amounts is not searched: {LARGEST_POOL} at most")
    found: list[Parts] = []
    if target:
        for parts in _found(Counter(amount for amount in pool if amount), target):
            found.append(parts)
            if len(found) > MOST_COUNTED:
                break
    shown = sorted((parts for parts in found if len(parts) <= MOST_PARTS), key=lambda parts: (len(parts), parts))
    return Answers(tuple(shown), min(len(found), MOST_COUNTED), len(found) > MOST_COUNTED)


def _found(counted: Mapping[int, int], target: int) -> Iterator[Parts]:
    amounts = sorted(counted)
    by_sum: dict[int, list[Parts]] = defaultdict(list)
    for parts in _multisets(amounts[1::2], counted):
        by_sum[sum(parts)].append(parts)
    for parts in sorted(_multisets(amounts[::2], counted), key=lambda parts: (len(parts), parts)):
        yield from (tuple(sorted((*parts, *rest))) for rest in by_sum.get(target - sum(parts), ()) if parts or rest)


def _multisets(amounts: Sequence[int], counted: Mapping[int, int]) -> list[Parts]:
    """Every choice of so many of each amount as there are."""
    chosen: list[Parts] = [()]
    for amount in amounts:
        chosen = [(*parts, *([amount] * times)) for parts in chosen for times in range(counted[amount] + 1)]
    return chosen
