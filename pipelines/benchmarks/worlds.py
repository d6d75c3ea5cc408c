"""How well does the engine find what many seeded casinos had planted: precision and recall by class, and whether anything was matched that should not be?

Each world is built in memory from its seed, its files go through the parsers that landing uses, its books are what the services would be told, and the
whole ladder runs over the items. A break counts as found when class, currency, amount and every item are those of the key.
A false auto-match is an item of a planted mistake that ended in a group, or an item in two. What suggestions (L7, L8) say of the puzzles is scored in
puzzles.py. The traps: a score of 1 over a class that was never planted
(the table says how often each was), and worlds that all begin on one day (they begin all over a year: month ends and clock changes fall everywhere).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from multiprocessing import get_context

import polars as pl

from assets.reconciliation.matching import Outcome, reconcile
from pipelines.benchmarks.puzzles import PuzzleScore, score_suggestions
from pipelines.benchmarks.world_items import items_of
from pipelines.standing.score import Score, identities_of_breaks, identities_of_key, score
from transactional.simulation.answer_key import Expected, Names, key_frame
from transactional.simulation.defects import NEEDS_CLOSES
from transactional.simulation.puzzles.names import PUZZLES
from transactional.simulation.world import CLASSES, WorldSpec, build

_FIRST, _A_YEAR = date(2025, 2, 1), 365
_PLANTED_AND_OPEN = "timing_open"


@dataclass(frozen=True, slots=True)
class WorldScore:
    """One world. `by_class`: in the key, reported, right. `false_matches`: items of planted mistakes that ended in a group."""

    seed: int
    items: int
    groups: int
    by_class: Mapping[str, tuple[int, int, int]]
    false_matches: Mapping[str, int]
    certificate_closes: bool
    missed: tuple[str, ...]
    invented: tuple[str, ...]
    puzzles: PuzzleScore

    @property
    def is_right(self) -> bool:
        """Nothing missed, invented or wrongly matched, nothing wrong suggested."""
        return self.certificate_closes and self.puzzles.is_right and not (self.missed or self.invented or self.false_matches)


@dataclass(frozen=True, slots=True)
class ClassLine:
    """One class over all worlds."""

    break_class: str
    in_key: int
    reported: int
    right: int
    precision: float
    recall: float
    false_matches: int


def specs(seeds: int, players: int, days: int) -> list[WorldSpec]:
    """Worlds of one size with seeds from 1 on, that begin all over a year."""
    wanted = frozenset({*CLASSES, *NEEDS_CLOSES, *PUZZLES})
    return [WorldSpec(players, days, seed, _FIRST + timedelta(days=(seed - 1) * _A_YEAR // seeds), wanted) for seed in range(1, seeds + 1)]


def run(worlds: Iterable[WorldSpec], processes: int) -> Iterator[WorldScore]:
    """The score of each world as it is ready, in the order given. A world of 5,000 players and 60 days needs about 2 GB and a minute."""
    if processes == 1:
        yield from map(score_world, worlds)
        return
    # not ProcessPoolExecutor: with one task per child it can wait for ever (python/cpython issue 115634)
    with get_context("spawn").Pool(processes, maxtasksperchild=1) as pool:
        yield from pool.imap(score_world, worlds)


def score_world(spec: WorldSpec) -> WorldScore:
    """Build, reconcile, compare."""
    world = build(spec)
    items, context = items_of(world.files, world.chunks, world.payout_entries, spec.as_of, world.closed, spec.files_known_at)
    outcome = reconcile(items, context)
    scored = score_of(outcome, world.expected, world.files)
    return WorldScore(
        seed=spec.seed,
        items=outcome.dispositions.height,
        groups=outcome.groups.height,
        by_class={one.break_class: (one.expected, one.reported, one.right) for one in scored.classes},
        false_matches=false_matches(outcome, world.expected, world.files),
        certificate_closes=bool(outcome.certificate["closes"].all()),
        missed=tuple(str(one) for one in scored.missed),
        invented=tuple(str(one) for one in scored.invented),
        puzzles=score_suggestions(items, outcome, world.suggestions, world.files),
    )


def score_of(outcome: Outcome, expected: Iterable[Expected], files: Mapping[str, bytes]) -> Score:
    """What the engine reported against the key of a world."""
    members = outcome.dispositions.filter(pl.col("break_id").is_not_null()).group_by("break_id").agg(item_keys=pl.col("item_key").str.join(" "))
    breaks = outcome.breaks.join(members, on="break_id", how="left").with_columns(pl.col("item_keys").fill_null(""))
    return score(identities_of_breaks(breaks), identities_of_key(key_frame(expected, Names(files))))


def totals(scores: Iterable[WorldScore]) -> list[ClassLine]:
    """The worlds added up, by class."""
    counted: dict[str, list[int]] = {}
    matched: Counter[str] = Counter()
    for one in scores:
        matched.update(one.false_matches)
        for name, figures in one.by_class.items():
            counted[name] = [old + new for old, new in zip(counted.get(name, [0, 0, 0]), figures, strict=True)]
    return [
        ClassLine(name, key, reported, right, right / reported if reported else 1.0, right / key if key else 1.0, matched[name])
        for name, (key, reported, right) in sorted(counted.items())
    ]


def table(lines: Iterable[ClassLine]) -> Iterator[str]:
    """The lines of the table in docs/benchmarks.md."""
    yield "| class | in the key | reported | right | precision | recall | false auto-matches |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for line in lines:
        figures = f"{line.in_key:,} | {line.reported:,} | {line.right:,} | {line.precision:.4f} | {line.recall:.4f} | {line.false_matches}"
        yield f"| {line.break_class} | {figures} |"


def false_matches(outcome: Outcome, expected: Iterable[Expected], files: Mapping[str, bytes]) -> dict[str, int]:
    """Items of planted mistakes that ended in a group, by class of the mistake.

    A case that is rightly open is no mistake of its items; a reserve has no items of its own, its lines belong to their batches.
    """
    key = key_frame(expected, Names(files)).filter(pl.col("break_class") != _PLANTED_AND_OPEN)
    named = key.select("break_class", pl.col("item_keys").alias("item_key")).explode("item_key").unique()
    matched = outcome.dispositions.filter(pl.col("disposition") == "matched").select("item_key")
    return {str(name): int(count) for name, count in named.join(matched, on="item_key").group_by("break_class").len().iter_rows()}
