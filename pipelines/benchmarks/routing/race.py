"""Which policy captures how much of what could be captured? Every policy over the same two days, shares, paired intervals. For `countroom bench routing`.

Success is counted by the true probability of each choice, not by its luck: less noise, the same mean. Captured = (policy - static) / (oracle - static): static
is the PSP that was best in the first six hours, oracle knows every minute's truth. Intervals are of the paired difference over seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student  # type: ignore[import-untyped]  # its stubs are a package of their own

from pipelines.benchmarks.routing.rivals import Rival
from pipelines.benchmarks.routing.weather import Days, Floats, Integers, Weather, days

Entry = Callable[[Days], Rival]
STATIC, ORACLE = "static best", "oracle"


@dataclass(frozen=True, slots=True)
class Result:
    """A policy over the seeds of a family. Rates 0..1; `captured` None where there is nothing to capture. `gap`: its success less that of `over`, with 95 %."""

    weather: Weather
    policy: str
    seeds: int
    success: float
    captured: float | None
    captured_half: float | None
    gap: float | None = None
    gap_half: float | None = None


def run(entry: Entry, two_days: Days) -> Integers:
    """The PSP a policy takes for each attempt. Answers become known in their own time, between the arrivals."""
    rival = entry(two_days)
    taken = np.empty(len(two_days.at), dtype=np.int64)
    at, cell, luck = two_days.at.tolist(), two_days.cell.tolist(), two_days.luck.tolist()
    chances, known = two_days.chances(), two_days.known_at
    heard = np.argsort(known, kind="stable").tolist()
    known_at, due = known.tolist(), 0
    for number, now in enumerate(at):
        while due < len(heard) and known_at[heard[due]] <= now:
            one = heard[due]
            psp = int(taken[one])
            rival.told(one, cell[one], psp, approved=luck[one] < chances[one, psp], at=known_at[one])
            due += 1
        taken[number] = rival.choose(number, cell[number], now)
    return taken


def success_of(taken: Integers, two_days: Days) -> float:
    """Mean true success of the choices."""
    return float(two_days.chances()[np.arange(len(taken)), taken].mean())


def race(
    weather: Weather, seeds: Sequence[int], entries: Mapping[str, Entry], over: str, told: Callable[[str], None] = lambda said: None
) -> list[Result]:
    """Every policy over every seed. `over`: the policy the others' gaps are against."""
    found: dict[str, list[float]] = {name: [] for name in (*entries, ORACLE)}
    for seed in seeds:
        two_days = days(weather, seed)
        for name, entry in entries.items():
            found[name].append(success_of(run(entry, two_days), two_days))
        found[ORACLE].append(float(two_days.chances().max(axis=1).mean()))
        told(f"{weather.name}, {weather.cells} cells, {weather.per_second:g}/s, seed {seed}")
    table = {name: np.array(values) for name, values in found.items()}
    return [_result(weather, name, values, table, over) for name, values in table.items()]


def _result(weather: Weather, name: str, values: Floats, table: Mapping[str, Floats], over: str) -> Result:
    static, room = table[STATIC], table[ORACLE] - table[STATIC]
    possible = float(room.mean())
    captured = float((values - static).mean() / possible) if possible > 0 else None
    # ratio of means: its error is that of what each seed lies off the line through the origin
    half = None if captured is None else _half((values - static) - captured * room) / possible
    gap = values - table[over]
    return Result(weather, name, len(values), float(values.mean()), captured, half, float(gap.mean()), _half(gap))


def _half(differences: Floats) -> float:
    """Half the 95 % interval of a mean over seeds."""
    count = len(differences)
    if count < 2:
        return float("inf")
    return float(student.ppf(0.975, count - 1) * differences.std(ddof=1) / np.sqrt(count))
