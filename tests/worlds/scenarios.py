"""The worlds that tests speak of, by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from transactional.simulation.world import WorldSpec

NOTHING: frozenset[str] = frozenset()
SEEDS = range(1, 21)
_A_YEAR_IN_STEPS = timedelta(days=18)

# twenty casinos of one size that begin all over a year, so that month ends, clock changes and weekends fall everywhere in them
MONTHS: Mapping[str, WorldSpec] = {f"month_of_seed_{seed}": WorldSpec(2_000, 30, seed, date(2025, 2, 1) + seed * _A_YEAR_IN_STEPS) for seed in SEEDS}

SCENARIOS: Mapping[str, WorldSpec] = {
    "quiet_month": WorldSpec(2_000, 30, 3, wanted=NOTHING),
    "quiet_month_again": WorldSpec(2_000, 30, 4, date(2025, 10, 12), NOTHING),
    "clocks_go_forward": WorldSpec(700, 30, 5, date(2026, 3, 10)),
    "clocks_go_back": WorldSpec(700, 30, 6, date(2025, 10, 10)),
    "over_new_year": WorldSpec(700, 30, 7, date(2025, 12, 15)),
    "quiet_clocks_go_forward": WorldSpec(700, 30, 5, date(2026, 3, 10), NOTHING),
    "two_months": WorldSpec(300, 60, 8),
    "a_dozen_players": WorldSpec(12, 10, 9),
    "one_player_two_days": WorldSpec(1, 2, 10),
}

SLOW = frozenset({*MONTHS, "quiet_month", "quiet_month_again"})
