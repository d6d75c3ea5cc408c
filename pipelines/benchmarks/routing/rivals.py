"""The policies ours is raced against: static lists, the public router's window, and the bandits of the literature. For the race.

Each sees an attempt's cell and number, and what became of earlier attempts once that is known; constants are those of reference RT §2.4, which were best there.
The trap: rivals tuned badly. The bandits have the exploration that won on the reference's seeds, not the theory's (which loses everything).
"""

from __future__ import annotations

import math
from collections import deque
from typing import Protocol

import numpy as np

from pipelines.benchmarks.routing.weather import PSPS, Days

K = len(PSPS)


class Rival(Protocol):
    """A policy: choose for attempt number `number` in `cell`; be told of it later. Times are seconds from the start."""

    def choose(self, number: int, cell: int, at: float) -> int: ...
    def told(self, number: int, cell: int, psp: int, *, approved: bool, at: float) -> None: ...


class Fixed:
    """A list by cell that never learns."""

    def __init__(self, by_cell: list[int]) -> None:
        self._by_cell = by_cell

    def choose(self, number: int, cell: int, at: float) -> int:
        return self._by_cell[cell]

    def told(self, number: int, cell: int, psp: int, *, approved: bool, at: float) -> None:
        """A list does not listen."""


def static_best(days: Days) -> Fixed:
    """The PSP that was best over the first six hours, everywhere: true means weighted by how often each cell comes."""
    traffic = np.bincount(days.cell, minlength=days.weather.cells)
    return Fixed([int(np.argmax(traffic @ days.early()))] * days.weather.cells)


def static_by_cell(days: Days) -> Fixed:
    """The best of the first six hours of each cell."""
    return Fixed([int(one) for one in np.argmax(days.early(), axis=1)])


class RoundRobin(Fixed):
    """One after the other."""

    def __init__(self) -> None:
        super().__init__([])

    def choose(self, number: int, cell: int, at: float) -> int:
        return number % K


class Window:
    """The public router's way: the last 125 outcomes of each PSP and cell, a window that begins full of successes; 5 % go to the others, evenly."""

    def __init__(self, days: Days, length: int = 125, hedge: float = 0.05) -> None:
        self._seen = [[deque([1] * length, maxlen=length) for _ in range(K)] for _ in range(days.weather.cells)]
        self._sum = [[length] * K for _ in range(days.weather.cells)]
        self._draw, self._hedge = np.random.default_rng([days.seed, 1]).random((len(days.at), 2)).tolist(), hedge

    def choose(self, number: int, cell: int, at: float) -> int:
        sums = self._sum[cell]
        head = sums.index(max(sums))
        hedging, which = self._draw[number]
        return head if hedging >= self._hedge else (head + 1 + int(which * (K - 1))) % K

    def told(self, number: int, cell: int, psp: int, *, approved: bool, at: float) -> None:
        seen = self._seen[cell][psp]
        self._sum[cell][psp] += approved - seen[0]
        seen.append(int(approved))


class SlidingUcb:
    """SW-UCB per cell: the last `length` plays of the cell (Garivier, Moulines 2011)."""

    def __init__(self, days: Days, length: int = 800, xi: float = 0.05) -> None:
        self._plays: list[deque[tuple[int, int]]] = [deque() for _ in range(days.weather.cells)]
        self._sum = [[0] * K for _ in range(days.weather.cells)]
        self._count = [[0] * K for _ in range(days.weather.cells)]
        self._length, self._xi = length, xi

    def choose(self, number: int, cell: int, at: float) -> int:
        sums, counts = self._sum[cell], self._count[cell]
        if 0 in counts:
            return counts.index(0)
        room = self._xi * math.log(max(len(self._plays[cell]), 2))
        index = [sums[psp] / counts[psp] + math.sqrt(room / counts[psp]) for psp in range(K)]
        return index.index(max(index))

    def told(self, number: int, cell: int, psp: int, *, approved: bool, at: float) -> None:
        plays = self._plays[cell]
        plays.append((psp, int(approved)))
        self._sum[cell][psp] += approved
        self._count[cell][psp] += 1
        if len(plays) > self._length:
            gone, was = plays.popleft()
            self._sum[cell][gone] -= was
            self._count[cell][gone] -= 1


class DiscountedUcb:
    """D-UCB per cell."""

    def __init__(self, days: Days, gamma: float = 0.995, xi: float = 0.01) -> None:
        self._sum = [[0.0] * K for _ in range(days.weather.cells)]
        self._count = [[0.0] * K for _ in range(days.weather.cells)]
        self._gamma, self._xi = gamma, xi

    def choose(self, number: int, cell: int, at: float) -> int:
        sums, counts = self._sum[cell], self._count[cell]
        if 0.0 in counts:
            return counts.index(0.0)
        room = self._xi * math.log(max(sum(counts), 2.0))
        index = [sums[psp] / counts[psp] + 2 * math.sqrt(room / counts[psp]) for psp in range(K)]
        return index.index(max(index))

    def told(self, number: int, cell: int, psp: int, *, approved: bool, at: float) -> None:
        gamma = self._gamma
        self._sum[cell] = [gamma * one for one in self._sum[cell]]
        self._count[cell] = [gamma * one for one in self._count[cell]]
        self._sum[cell][psp] += approved
        self._count[cell][psp] += 1


class DiscountedThompson:
    """Thompson sampling with fading counts per cell, from Beta(1, 1) (Raj, Kalyani 2017)."""

    def __init__(self, days: Days, gamma: float = 0.995) -> None:
        self._wins = np.zeros((days.weather.cells, K))
        self._losses = np.zeros((days.weather.cells, K))
        self._gamma, self._draw = gamma, np.random.default_rng([days.seed, 2])

    def choose(self, number: int, cell: int, at: float) -> int:
        return int(np.argmax(self._draw.beta(self._wins[cell] + 1, self._losses[cell] + 1)))

    def told(self, number: int, cell: int, psp: int, *, approved: bool, at: float) -> None:
        self._wins[cell] *= self._gamma
        self._losses[cell] *= self._gamma
        (self._wins if approved else self._losses)[cell, psp] += 1
