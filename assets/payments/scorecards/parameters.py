"""Which choices stand behind a card? One value, published with every version, so that a figure can be computed again. For all modules beside it.

Pure. The trap: a constant in the middle of a formula, changed one day, and no card of before can be reproduced. Changing a parameter changes no stored fact.
Source: reference RT §2.3, §2.4; the measured reasons stand beside the values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from transactional.vocabulary.errors import InputRejected


@dataclass(frozen=True, slots=True)
class Parameters:
    """Units: seconds, shares of 1, basis points. `min_shares` are promised to a PSP by contract."""

    half_life_seconds: int = 3600  # 60 to 120 min were best at both volumes; 10 min lost 8 to 12 points
    window_half_lives: int = 24  # what is older weighs less than 1 in 16 million
    kappa_min: float = 20.0  # 20 to 200 lie within 4 points of each other; 2 is 11 points worse with 200 cells
    kappa_max: float = 2000.0
    exploration: float = 0.02
    least_share: float = 0.005  # so that no decision's weight in an off-policy estimate is above 200
    max_share_move: float = 0.20
    min_shares: Mapping[str, float] = field(default_factory=dict)
    switch_probability: float = 0.6  # another head only when it is the better one with this probability
    cost_coverage_needed: float = 0.8
    margin_bps: int | None = None  # what an approved unit earns; without it no expected value is told
    interval_seconds: int = 300  # a newer card is due after so long

    def __post_init__(self) -> None:
        promised = sum(self.min_shares.values())
        if not 0 <= promised <= 0.9 or self.half_life_seconds < 600:
            raise InputRejected(
                f"a card needs a half-life of 600 s or more and promised shares of 0.9 at most, not {self.half_life_seconds} s and {promised}",
                code="parameters",
            )

    def window_seconds(self) -> int:
        """How far back attempts count."""
        return self.half_life_seconds * self.window_half_lives

    def published(self) -> dict[str, object]:
        """As a manifest has them."""
        return asdict(self) | {"min_shares": dict(sorted(self.min_shares.items()))}
