"""May a new card take over from the champion? The gates, each with a code and a sentence. For the publisher.

Pure. A card that does not pass stays a shadow, and the old one goes on: its age is then told by its data, and the router's tiers do the rest.
The traps: half a card after half a load (rows), an empty cell, everything moved at once, a new policy let loose without an off-policy estimate, and a roll-back
that the next publication undoes five minutes later (`HELD`). And a gate that never opens again: the traffic of a morning has more cells than that of a night.
What two publications in a row agree on is true, so rows and shares are compared with the version before as well, a shadow or not.
Source: reference RT §5.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from assets.payments.off_policy.gate import LEAST_EFFECTIVE, TOLERATED
from transactional.payments.scorecards.cells import KEYS

ROWS_MAY_CHANGE = 0.30
SHARE_MAY_MOVE = 0.20
_ROUNDING = 1e-6
_CELL = ["direction", "level", *KEYS]


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate that was not passed."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Champion:
    """What a new card is compared with. `held`: a person put it there, and only a person may replace it. `last`: rows of the newest version."""

    rows: pl.DataFrame
    last: pl.DataFrame
    policy_id: str
    parameters: Mapping[str, object]
    held: bool


def closed_gates(
    rows: pl.DataFrame, policy_id: str, parameters: Mapping[str, object], champion: Champion | None, ope: Mapping[str, object] | None
) -> list[Gate]:
    """Every gate a card does not pass; none: it may lead. The first card of a house has nothing to be compared with."""
    gates = list(_empty(rows))
    if champion is None:
        return gates
    if champion.held:
        gates.append(Gate("HELD", "the champion was put there by a person; `countroom scorecards publish --release` replaces it"))
    for gate in (_size, _moves):
        if gate(rows, champion.last):  # else it is as the version before it
            gates += gate(rows, champion.rows)
    if policy_id != champion.policy_id or parameters != champion.parameters:
        gates += _off_policy(ope)
    return gates


def _empty(rows: pl.DataFrame) -> list[Gate]:
    if rows.is_empty():
        return [Gate("NO_ROWS", "the card says nothing at all")]
    without = rows.group_by(_CELL).agg(pl.col("share_target").sum()).filter((pl.col("share_target") - 1).abs() > _ROUNDING)
    return [Gate("CELL_WITHOUT_PSP", f"{without.height} cells give their traffic to nobody")] if without.height else []


def _size(rows: pl.DataFrame, before: pl.DataFrame) -> list[Gate]:
    low, high = (1 - ROWS_MAY_CHANGE) * before.height, (1 + ROWS_MAY_CHANGE) * before.height
    if low <= rows.height <= high:
        return []
    return [Gate("ROWS_CHANGED", f"{rows.height} rows, where the champion has {before.height}: more than {ROWS_MAY_CHANGE:.0%} apart")]


def _moves(rows: pl.DataFrame, before: pl.DataFrame) -> list[Gate]:
    key = [*_CELL, "psp"]
    both = rows.select([*key, "share_target"]).join(before.select([*key, "share_target"]), on=key, suffix="_before")
    furthest = both.select((pl.col("share_target") - pl.col("share_target_before")).abs().max()).item()
    if furthest is None or furthest <= SHARE_MAY_MOVE + _ROUNDING:
        return []
    return [Gate("SHARE_MOVED", f"a share moves by {furthest:.3f}; {SHARE_MAY_MOVE} is the most in one step")]


def _off_policy(ope: Mapping[str, object] | None) -> list[Gate]:
    if ope is None:
        return [Gate("NO_ESTIMATE", "the policy or its parameters are new, and no off-policy estimate speaks for them")]
    low, baseline, ess = (float(str(ope[name])) for name in ("lo", "baseline", "ess"))
    gates = []
    if low < baseline - TOLERATED:
        gates.append(Gate("ESTIMATE_BELOW", f"the estimate's lower bound {low:.4f} is below the baseline {baseline:.4f} by more than {TOLERATED}"))
    if ess < LEAST_EFFECTIVE:
        gates.append(Gate("SAMPLE_SMALL", f"the estimate rests on an effective sample of {ess:.0f}; {LEAST_EFFECTIVE:.0f} is the least"))
    return gates
