"""The worlds that tests speak of, by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from transactional.simulation.world import WorldSpec

NOTHING: frozenset[str] = frozenset()

SCENARIOS: Mapping[str, WorldSpec] = {
    "every_defect": WorldSpec(2_000, 30, 1),
    "every_defect_again": WorldSpec(2_000, 30, 2),
    "quiet_month": WorldSpec(2_000, 30, 3, wanted=NOTHING),
    "clocks_go_forward": WorldSpec(700, 30, 5, date(2026, 3, 10)),
    "clocks_go_back": WorldSpec(700, 30, 6, date(2025, 10, 10)),
    "over_new_year": WorldSpec(700, 30, 7, date(2025, 12, 15)),
    "quiet_clocks_go_forward": WorldSpec(700, 30, 5, date(2026, 3, 10), NOTHING),
    "two_months": WorldSpec(300, 60, 8),
    "a_dozen_players": WorldSpec(12, 10, 9),
    "one_player_two_days": WorldSpec(1, 2, 10),
}

SLOW = frozenset({"every_defect", "every_defect_again", "quiet_month"})
