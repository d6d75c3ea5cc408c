"""One row of a scorecard as a value, and what makes its figures the same bytes everywhere. For the statistics, the document and the router.

Pure. Grain: one row per direction, cell and PSP. What each field means stands in columns.py, and a test holds the two together.
The trap: 0.1 + 0.2 in a file whose hash is compared. A rate is rounded once, here, and is never negative zero, NaN or infinite.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from transactional.payments.scorecards.columns import COLUMNS, DECIMALS, NAMES, ROW_KEY, Kind, ScoreColumn
from transactional.vocabulary.errors import ContractBroken


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """How one PSP does in one cell."""

    direction: str
    level: str
    country: str
    method: str
    issuer_group: str
    bin: str
    amount_band: str
    psp: str
    n_attempts: int
    n_first: int
    n_approved: int
    n_approved_first: int
    n_pending: int
    n_blamed: int
    n_eff: float
    sr_raw: float | None
    sr_mean: float
    sr_lo: float
    sr_hi: float
    shrink_weight: float
    prior_mean: float
    kappa: float
    p_best: float
    latency_p50_ms: int | None
    latency_p95_ms: int | None
    latency_p99_ms: int | None
    timeout_share: float | None
    currency: str
    cost_fixed_minor: int | None
    cost_bps: float | None
    fail_cost_minor: int | None
    penalty_minor: int | None
    cost_coverage: float
    chargeback_bps: float | None
    refund_bps: float | None
    cohort_month: str | None
    challenge_rate: float | None
    challenge_success: float | None
    frictionless_rate: float | None
    payout_within_sla: float | None
    payout_p95_min: int | None
    health: str
    health_since: str | None
    score: float
    ev_minor: int | None
    rank: int
    share_target: float
    reason: tuple[str, ...]
    data_from: str | None
    data_to: str | None


_TYPES: Mapping[Kind, tuple[type, ...]] = {
    Kind.RATE: (float, int),
    Kind.BPS: (float, int),
    Kind.COUNT: (int,),
    Kind.MINOR: (int,),
    Kind.CODES: (list, tuple),
}
_ACCEPTED = tuple(frozenset({*_TYPES.get(column.kind, (str,)), *([type(None)] if column.nullable else [])}) for column in COLUMNS)
_REASON = NAMES.index("reason")
_SHARED = frozenset({str, float, tuple})
_values = attrgetter(*NAMES)
row_key = attrgetter(*ROW_KEY)


def canonical_row(row: ScoreRow) -> list[object]:
    """The row's values in the order of the columns, as they stand in JSON. Raises: ContractBroken (`score_value`) naming row and column."""
    return [canonical_value(column, value, row.psp) for column, value in zip(COLUMNS, _values(row), strict=True)]


def row_of(values: Sequence[object], names: Sequence[str] = NAMES, shared: dict[object, object] | None = None) -> ScoreRow:
    """A row read from a document. Columns that this version does not know are left alone. `shared`: equal texts and rates of rows become one object.

    Raises: ContractBroken (`score_value`) naming row and column; KeyError for a column that is missing.
    """
    if names is not NAMES and tuple(names) != NAMES:
        told = dict(zip(names, values, strict=True))
        values = [told[name] for name in NAMES]
    # by exact type: a hundred thousand rows are read between two decisions
    for column, accepted, value in zip(COLUMNS, _ACCEPTED, values, strict=True):
        if type(value) not in accepted:
            raise _unlike(column, value, f"row {list(values)[:8]}")
    checked: list[Any] = list(values)
    checked[_REASON] = tuple(checked[_REASON])
    if shared is not None:
        # texts, rates and codes only: 1 and 1.0 are equal, and an integer must stay one
        checked = [shared.setdefault(value, value) if type(value) in _SHARED else value for value in checked]
    return ScoreRow(*checked)


def canonical_value(column: ScoreColumn, value: object, whose: str) -> object:
    """A value in its one spelling. Units: as its column says. Raises: ContractBroken (`score_value`)."""
    if value is None and column.nullable:
        return None
    if column.kind in DECIMALS and isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return round(float(value), DECIMALS[column.kind]) + 0.0
    if column.kind in {Kind.COUNT, Kind.MINOR} and isinstance(value, int) and not isinstance(value, bool):
        return value
    if column.kind in {Kind.TEXT, Kind.INSTANT, Kind.MONTH} and isinstance(value, str):
        return value
    if column.kind is Kind.CODES and isinstance(value, list | tuple) and all(isinstance(code, str) for code in value):
        return list(value)
    raise _unlike(column, value, whose)


def _unlike(column: ScoreColumn, value: object, whose: str) -> ContractBroken:
    return ContractBroken(f"scorecard, {whose}, column '{column.name}': expected {column.kind.value}, got {value!r}", code="score_value")
