"""How good are the suggestions (L7, L8) about a world whose puzzles are known? For worlds.py and the tests over worlds.

One outcome for each suggestion of the key: `right` (one answer: named alone, as unique), `refused` (several answers: all named ones are among them, every
one said to be ambiguous, with the right count of rivals), `silent` (a decoy: nothing is suggested over its items), `among_rivals` (one answer, but told as
ambiguous because other sums happen to fit), `missed` (nothing of it told) and `wrong` (a unique suggestion over its items that is not the answer, a wrong
count, or anything over a decoy).
The traps: a false suggestion that is nowhere counted (every unique one that is no answer of the key is), and items that were matched by themselves.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from assets.reconciliation.matching import Outcome
from assets.reconciliation.suggestions.search import suggested
from transactional.simulation.answer_key import Names
from transactional.simulation.puzzles.names import ExpectedSuggestion, suggestion_key

OUTCOMES = ("right", "refused", "silent", "among_rivals", "missed", "wrong")


@dataclass(frozen=True, slots=True)
class PuzzleScore:
    """One world. `by_puzzle`: puzzle → outcome → how often. `false_unique`: suggestions said to be unique that are no answer; `false_matches`: items of
    puzzles that ended in a group; `odd`: what came out as `among_rivals`, `missed` or `wrong`, by name."""

    by_puzzle: Mapping[str, Mapping[str, int]]
    false_unique: tuple[str, ...]
    told_ambiguous: int
    not_searched: int
    false_matches: int
    odd: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        """Nothing missed, wrong, invented or matched. An answer among rivals that fit by chance is no fault."""
        failed = any(counts["missed"] or counts["wrong"] for counts in self.by_puzzle.values())
        return not (failed or self.false_unique or self.false_matches)


@dataclass(frozen=True, slots=True)
class PuzzleLine:
    """One kind of puzzle over all worlds."""

    puzzle: str
    planted: int
    right: int
    refused: int
    silent: int
    among_rivals: int
    missed: int
    wrong: int


def score_suggestions(items: pl.DataFrame, outcome: Outcome, expected: Iterable[ExpectedSuggestion], files: Mapping[str, bytes]) -> PuzzleScore:
    """Search, and compare with the key."""
    told = suggested(items, outcome.dispositions, outcome.breaks).with_columns(pl.col("item_keys").str.split(" "))
    searched = [(row, frozenset(row["item_keys"])) for row in told.filter(pl.col("finding") != "not_searched").iter_rows(named=True)]
    counted: Counter[tuple[str, str]] = Counter()
    odd, answers, members = [], set[frozenset[str]](), set[str]()
    for row in suggestion_key(expected, Names(files)).iter_rows(named=True):
        wanted = [frozenset(answer) for answer in row["answers"]]
        members |= frozenset().union(*wanted)
        touching = [(one, keys) for one, keys in searched if keys & wanted[0]]
        if row["is_decoy"]:
            outcome_of = "wrong" if touching else "silent"
        else:
            answers |= set(wanted)
            outcome_of = judged([(one, keys) for one, keys in touching if one["layer"] == row["layer"]], wanted, row["rivals_count"])
        counted[row["puzzle"], outcome_of] += 1
        odd += [f"{row['puzzle_id']}: {outcome_of}"] if outcome_of in OUTCOMES[3:] else []
    matched = outcome.dispositions.filter(pl.col("disposition") == "matched")["item_key"]
    unique = [(row, keys) for row, keys in searched if row["finding"] == "unique"]
    return PuzzleScore(
        by_puzzle={name: {each: counted[name, each] for each in OUTCOMES} for name in sorted({name for name, _ in counted})},
        false_unique=tuple(f"{row['layer']} {row['why']}" for row, keys in unique if keys not in answers),
        told_ambiguous=len(searched) - len(unique),
        not_searched=told.height - len(searched),
        false_matches=len(members & set(matched)),
        odd=tuple(odd),
    )


def judged(told: list[tuple[dict[str, object], frozenset[str]]], wanted: list[frozenset[str]], rivals: int) -> str:
    """The outcome of one suggestion of the key; `told` are those of its layer that have an item of the truth."""
    unique = [keys for row, keys in told if row["finding"] == "unique"]
    if not told:
        return "missed"
    if len(wanted) == 1:
        if unique:
            return "right" if unique == wanted else "wrong"
        return "among_rivals" if any(keys == wanted[0] for _, keys in told) else "missed"
    if unique or any(keys not in wanted or row["rivals_count"] != rivals for row, keys in told):
        return "wrong"
    return "refused"


def totals(scores: Iterable[PuzzleScore]) -> list[PuzzleLine]:
    """The worlds added up, by kind of puzzle."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for one in scores:
        for name, counts in one.by_puzzle.items():
            counted[name].update(counts)
    return [PuzzleLine(name, counts.total(), *(counts[each] for each in OUTCOMES)) for name, counts in sorted(counted.items())]


def table(lines: Iterable[PuzzleLine]) -> Iterator[str]:
    """The lines of the table in docs/benchmarks.md."""
    yield "| puzzle | planted | suggested alone | rightly said ambiguous | rightly silent | among chance rivals | missed | wrong |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for line in lines:
        yield f"| {line.puzzle} | {line.planted} | {line.right} | {line.refused} | {line.silent} | {line.among_rivals} | {line.missed} | {line.wrong} |"


def beside(scores: Iterable[PuzzleScore]) -> str:
    """What the table does not say: suggestions that answer no puzzle, and searches that were not made."""
    told = list(scores)
    false, ambiguous = sum(len(one.false_unique) for one in told), sum(one.told_ambiguous for one in told)
    not_searched, matched = sum(one.not_searched for one in told), sum(one.false_matches for one in told)
    said = f"{false} unique suggestions that are no answer, {ambiguous} said to be ambiguous in all, {not_searched} not searched"
    return f"{said}, {matched} items of puzzles matched"
