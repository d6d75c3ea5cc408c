"""What happens to four PSPs in two days: drift, days, outages, a change for good, and payers who come when they come. For the race between policies.

Seeded and pure. Everything random is drawn before any policy runs: arrivals, cells, the draw that decides success at whatever PSP, the delay of the answer.
So policies differ by their choices alone. The simulator is that of reference RT §3.2, rebuilt from its description; what it leaves open is said in the code.
The trap: a simulator that shows its own settings (RT §3.1: real lifts are about one point); families other than the one it was tuned on are part of the race.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit  # type: ignore[import-untyped]  # its stubs are a package of their own

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

HOURS = 48
MINUTES = HOURS * 60
PSPS = ("a", "b", "c", "d")


@dataclass(frozen=True, slots=True)
class Weather:
    """One family of environments. `cells`, `per_second`: size; the others say how restless it is (reference RT §3.2 where not said otherwise).

    `outage_gap_days` None: none. `walk`: logit per square root of a day. `lasting`: whether one PSP loses 15 % in 40 % of the cells at half time.
    """

    name: str
    cells: int
    per_second: float
    walk: float = 0.35
    swing: float = 0.12
    outage_gap_days: float | None = 0.6
    lasting: bool = True


def family(cells: int, per_second: float) -> Weather:
    """The family of the reference's table."""
    return Weather("usual", cells, per_second)


def calm(usual: Weather) -> Weather:
    """Nothing ever changes."""
    return replace(usual, name="calm", walk=0.0, swing=0.0, outage_gap_days=None, lasting=False)


def stormy(usual: Weather) -> Weather:
    """Outages four times as often."""
    return replace(usual, name="outages", outage_gap_days=0.15)


def drifting(usual: Weather) -> Weather:
    """PSPs wander twice as far, without outages."""
    return replace(usual, name="drifting", walk=0.70, outage_gap_days=None)


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """Two days of one seed. Attempts in the order of their arrival; times in seconds from the start.

    `success`: (minutes, cells, psps), the true probabilities. `cell`, `at`, `luck` (approved where luck < probability), `known_at` by attempt.
    """

    weather: Weather
    seed: int
    success: Floats
    at: Floats
    cell: Integers
    luck: Floats
    known_at: Floats

    @property
    def minute(self) -> Integers:
        """The minute of each attempt."""
        return np.asarray((self.at // 60).astype(np.int64))

    def chances(self) -> Floats:
        """(attempts, psps): the true probability of each attempt at each PSP."""
        return np.asarray(self.success[self.minute, self.cell])

    def early(self) -> Floats:
        """(cells, psps): true mean success of the first six hours, which is what a static choice is made from."""
        return np.asarray(self.success[: 6 * 60].mean(axis=0))


def days(weather: Weather, seed: int) -> Days:
    """Draw two days."""
    draw = np.random.default_rng([seed, weather.cells, int(weather.per_second * 1000)])
    count = draw.poisson(weather.per_second * HOURS * 3600)
    at = np.sort(draw.random(count) * HOURS * 3600)
    share = draw.dirichlet(np.full(weather.cells, 0.6))
    cell = draw.choice(weather.cells, size=count, p=share)
    late = np.where(draw.random(count) < 0.04, draw.exponential(900.0, count), draw.exponential(4.0, count))
    return Days(weather, seed, _success(weather, draw), at, cell, draw.random(count), at + 1.0 + late)


def _success(weather: Weather, draw: np.random.Generator) -> Floats:
    psps, minutes = len(PSPS), np.arange(MINUTES)
    base = logit(0.80) + draw.normal(0, 0.18, psps)[None, :] + draw.normal(0, 0.35, (weather.cells, psps))
    walk = np.cumsum(draw.normal(0, weather.walk / np.sqrt(24 * 60), (MINUTES, psps)), axis=0)
    phase = draw.random(psps) * 2 * np.pi  # not said in the reference: each PSP has its own time of day
    swing = weather.swing * np.sin(2 * np.pi * minutes[:, None] / (24 * 60) + phase[None, :])
    success = expit(base[None, :, :] + (walk + swing)[:, None, :])
    success *= _outages(weather, draw)[:, None, :]
    weakened, where = draw.integers(psps), draw.random(weather.cells) < 0.4
    if weather.lasting:
        success[MINUTES // 2 :, where, weakened] *= 0.85
    return np.asarray(np.clip(success, 0.001, 0.999))


def _outages(weather: Weather, draw: np.random.Generator) -> Floats:
    """(minutes, psps): what an outage leaves of success."""
    left = np.ones((MINUTES, len(PSPS)))
    if weather.outage_gap_days is None:
        return left
    for psp in range(len(PSPS)):
        minute = 0.0
        while (minute := minute + draw.exponential(weather.outage_gap_days * 24 * 60)) < MINUTES:
            length = float(np.clip(25 * np.exp(draw.normal(0, 0.7)), 5, 180))
            remains = draw.uniform(0, 0.15) if draw.random() < 0.5 else draw.uniform(0.55, 0.85)
            left[int(minute) : int(minute + length) + 1, psp] *= remains
            minute += length
    return left
