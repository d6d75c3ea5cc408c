"""The one public log with a choice of PSP: success per attempt, per intent, per first attempt, cost, and what other policies would have had. For the benchmark.

Data: psp_jan_feb_2019.csv and psp_fees.csv (reference RT §3.3; no licence is stated, so they are read where they lie). Attempts of one country and amount
within a minute of each other are one purchase. Policies are judged on February's first attempts, with probabilities and a reward model learnt from January's.
Limits, plainly: course material of a fictitious shop, no BIN, no decline codes, no latency. The probabilities of its choices were not logged; they are
estimated as the shares of January, which drift: the diagnostics say so. It tests estimators and the trade of success against cost, not skill with context.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from assets.payments.off_policy.estimators import Evaluation, Method, evaluate
from assets.payments.off_policy.gate import objections
from assets.payments.off_policy.log import Floats, Log

_PURCHASE = ["country", "amount"]
_CONTEXT = ["country", "card", "secured"]
_GAP_SECONDS = 60
_KAPPA = 50.0  # what a PSP's rate is worth beside that of its cell, in attempts


@dataclass(frozen=True, slots=True)
class Rates:
    """Three success rates of one file, and what an approved attempt cost. `cost_minor`: euro cents over all attempts per approved one."""

    attempts: int
    intents: int
    per_attempt: float
    first_attempt: float
    per_intent: float
    cost_minor_per_approved: float


@dataclass(frozen=True, slots=True)
class Judged:
    """A policy on February's first attempts, and what speaks against believing it."""

    policy: str
    evaluation: Evaluation
    against: tuple[str, ...]


def read(folder: Path) -> tuple[pl.DataFrame, Mapping[str, tuple[int, int]]]:
    """The attempts, each with the number of its purchase and its place in it; and the fees of each PSP in cents: (approved, failed)."""
    attempts = pl.read_csv(folder / "psp_jan_feb_2019.csv", try_parse_dates=True).rename({"tmsp": "at", "PSP": "psp", "3D_secured": "secured"})
    ordered = attempts.sort(["at", "index"])
    gap = pl.col("at").diff().over(_PURCHASE).dt.total_seconds()
    numbered = ordered.with_columns(is_first=gap.is_null() | (gap > _GAP_SECONDS))
    fees: dict[str, dict[int, int]] = {}
    for psp, approved, fee in pl.read_csv(folder / "psp_fees.csv").iter_rows():
        fees.setdefault(str(psp), {})[int(approved)] = round(float(fee) * 100)
    return numbered, {psp: (both[1], both[0]) for psp, both in fees.items()}


def rates(attempts: pl.DataFrame, fees: Mapping[str, tuple[int, int]]) -> Rates:
    """The figures of the whole file."""
    purchase = pl.col("is_first").cum_sum().over(_PURCHASE)
    by_intent = attempts.with_columns(purchase=purchase).group_by([*_PURCHASE, "purchase"]).agg(pl.col("success").max())
    cost = sum(fees[psp][0 if success else 1] * count for psp, success, count in attempts.group_by("psp", "success").len().iter_rows())
    first = attempts.filter("is_first")
    approved = int(attempts["success"].sum())
    return Rates(attempts.height, first.height, approved / attempts.height, _mean(first["success"]), _mean(by_intent["success"]), cost / approved)


def judge(attempts: pl.DataFrame) -> list[Judged]:
    """Each PSP alone, all alike, and the best by the reward model."""
    first = attempts.filter("is_first")
    january, february = (first.filter(pl.col("at").dt.month() == month) for month in (1, 2))
    psps = sorted(january["psp"].unique())
    share = np.array([_mean(january["psp"] == psp) for psp in psps])
    expected = _model(january, february, psps)
    taken = february["psp"].replace_strict({psp: place for place, psp in enumerate(psps)}, return_dtype=pl.Int64).to_numpy()
    policies = {f"always {psp}": np.tile(np.eye(len(psps))[place], (len(taken), 1)) for place, psp in enumerate(psps)}
    policies["uniform"] = np.full((len(taken), len(psps)), 1 / len(psps))
    policies["best by model"] = np.eye(len(psps))[np.argmax(expected, axis=1)]
    return [_judged(name, target, february, taken, share, expected) for name, target in policies.items()]


def _judged(name: str, target: Floats, february: pl.DataFrame, taken: np.ndarray, share: Floats, expected: Floats) -> Judged:
    rows = np.arange(len(taken))
    log = Log(
        reward=february["success"].cast(pl.Float64).to_numpy(),
        logged=share[taken],
        target=target[rows, taken],
        block=february["at"].dt.ordinal_day().cast(pl.Int64).to_numpy(),
        period=february["at"].dt.week().cast(pl.Int64).to_numpy(),
        unsupported=np.zeros(len(taken), dtype=bool),
        model_taken=expected[rows, taken],
        model_target=(target * expected).sum(axis=1),
    )
    evaluation = evaluate(log)
    return Judged(name, evaluation, tuple(one.code for one in objections(log, evaluation)))


def _model(january: pl.DataFrame, february: pl.DataFrame, psps: list[str]) -> Floats:
    """(attempts, psps): January's rate of each PSP in each context, shrunk to the PSP's own."""
    columns = []
    for psp in psps:
        own = january.filter(pl.col("psp") == psp)
        mean = _mean(own["success"])
        cells = own.group_by(_CONTEXT).agg(((pl.col("success").sum() + _KAPPA * mean) / (pl.len() + _KAPPA)).alias("rate"))
        columns.append(february.join(cells, on=_CONTEXT, how="left", maintain_order="left")["rate"].fill_null(mean).to_numpy())
    return np.column_stack(columns)


def table(judged: list[Judged]) -> list[str]:
    """Lines for a person. `+-` is half the 95 % interval over rows, as in the reference; [ ] the interval over days, which is the honest one."""
    lines = [f"{'policy':<18} {'IPS':>6} {'SNIPS':>6} {'+-':>5}  {'over days':<16} {'DR':>6} {'ESS':>7}  against it"]
    for one in judged:
        snips, found = one.evaluation.by(Method.SNIPS), one.evaluation
        half = 1.96 * (snips.row_se or 0.0)
        over_days = f"[{snips.lo:.3f}, {snips.hi:.3f}]"
        lines.append(
            f"{one.policy:<18} {found.by(Method.IPS).value:>6.3f} {snips.value:>6.3f} {half:>5.3f}  {over_days:<16} "
            f"{found.by(Method.DR).value:>6.3f} {found.effective:>7,.0f}  {', '.join(one.against) or '-'}"
        )
    return lines


def _mean(column: pl.Series) -> float:
    return float(column.cast(pl.Float64).to_numpy().mean())
