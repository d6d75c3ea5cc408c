"""What is raced, with which seeds, and how it is told. For `countroom bench routing` and docs/benchmarks.md.

Ours was set on seeds 1 to 8 (the threshold of the detector, the probe share); the table is of fresh seeds. The trap: constants chosen on the seeds that are
then shown. The window with its hedge is the public router's way as reference RT §3.2 restates it, not the running service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pipelines.benchmarks.routing.ours import Ours, Setting
from pipelines.benchmarks.routing.race import STATIC, Entry, Result, race
from pipelines.benchmarks.routing.rivals import (
    DiscountedThompson,
    DiscountedUcb,
    RoundRobin,
    SlidingUcb,
    Window,
    static_best,
    static_by_cell,
)
from pipelines.benchmarks.routing.weather import Weather, calm, drifting, family, stormy
from transactional.payments.routing.detector import Alarm, DetectorSettings
from transactional.vocabulary.errors import InputRejected

FRESH = 101
WINDOW, OURS = "window 125, hedge 5 %", "ours"
_HALF_TIME = 24 * 3600.0


def _ours(**more: object) -> Entry:
    return lambda days: Ours(days, replace(Setting(), **more))  # type: ignore[arg-type]


RIVALS: Mapping[str, Entry] = {
    STATIC: static_best,
    "static by cell": static_by_cell,
    "round robin": lambda _days: RoundRobin(),
    WINDOW: Window,
    "SW-UCB 800, xi .05": SlidingUcb,
    "D-UCB .995, xi .01": DiscountedUcb,
    "discounted Thompson .995": DiscountedThompson,
}
VARIANTS: Mapping[str, Entry] = {
    OURS: _ours(),
    "ours, h=8": _ours(detector=DetectorSettings(fast=Alarm(0.5, 8.0))),
    "ours, no detector": _ours(detector=None),
}
FROZEN: Mapping[str, Entry] = {
    "frozen after 24 h": _ours(frozen_from=_HALF_TIME),
    "frozen, no detector": _ours(frozen_from=_HALF_TIME, detector=None),
    "frozen, no list, no detector": _ours(frozen_from=_HALF_TIME, detector=None, falls_back=False),
}


@dataclass(frozen=True, slots=True)
class Heat:
    """One table: a family of weather and who runs in it."""

    name: str
    weather: Weather
    entries: Mapping[str, Entry]


def _plain(weather: Weather) -> Heat:
    return Heat(weather.name, weather, {STATIC: static_best, WINDOW: Window, OURS: _ours()})


HEATS: Mapping[str, Heat] = {
    "12-slow": Heat("12 cells, 0.1 a second", family(12, 0.1), {**RIVALS, **VARIANTS}),
    "12-fast": Heat("12 cells, 1 a second", family(12, 1.0), {**RIVALS, **VARIANTS}),
    "200-slow": Heat("200 cells, 0.1 a second", family(200, 0.1), {**RIVALS, **VARIANTS}),
    "calm": _plain(calm(family(12, 0.1))),
    "outages": _plain(stormy(family(12, 0.1))),
    "drifting": _plain(drifting(family(12, 0.1))),
    "frozen": Heat("12 cells, 0.1 a second, no card in the second day", family(12, 0.1), {STATIC: static_best, WINDOW: Window, **FROZEN}),
}


def run(heats: Sequence[str], seeds: int, told: Callable[[str], None]) -> Iterator[tuple[Heat, list[Result]]]:
    """Each heat over fresh seeds. Raises: InputRejected (`unknown_heat`)."""
    if unknown := [name for name in heats if name not in HEATS]:
        raise InputRejected(f"there is no heat {', '.join(unknown)}; there are {', '.join(HEATS)}", code="unknown_heat")
    for name in heats:
        heat = HEATS[name]
        yield heat, race(heat.weather, range(FRESH, FRESH + seeds), heat.entries, WINDOW, told)


def table(heat: Heat, results: Sequence[Result]) -> list[str]:
    """Lines for a person: captured share of the way from static to oracle, and points of success against the window, with 95 %."""
    seeds = results[0].seeds
    lines = [f"{heat.name}; seeds {FRESH} to {FRESH + seeds - 1}", f"{'policy':<30} {'success':>8} {'captured':>16} {'points against window':>24}"]
    for one in results:
        captured = "-" if one.captured is None else f"{one.captured * 100:.1f} +- {(one.captured_half or 0) * 100:.1f} %"
        gap = "-" if one.policy == WINDOW or one.gap is None else f"{one.gap * 100:+.2f} +- {(one.gap_half or 0) * 100:.2f}"
        lines.append(f"{one.policy:<30} {one.success:>8.4f} {captured:>16} {gap:>24}")
    return lines


def static_gap(results: Sequence[Result], policy: str = OURS) -> float:
    """Points of success that a policy is above static: in a calm world it must not be below -0.1."""
    by_name = {one.policy: one.success for one in results}
    return (by_name[policy] - by_name[STATIC]) * 100
