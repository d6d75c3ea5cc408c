"""What else is known of a PSP beside its success: latency, cost, disputes, 3-D Secure, payouts. For the card.

Pure. Shape: MEASURES, one row per direction, level, cell and PSP where something was measured -> columns beside a level's rows. What a cell was not measured
for is its parent's figure: a BIN has the cost of its issuer's country until settlement lines say more. Null only where no level knows.
"""

from __future__ import annotations

import polars as pl

from transactional.payments.scorecards.cells import LEVEL_BY_NAME, UNKNOWN

_TIMED = ("all", "country", "country_method")
MEASURES = {
    "latency_p50_ms": pl.Int64(),
    "latency_p95_ms": pl.Int64(),
    "latency_p99_ms": pl.Int64(),
    "timeout_share": pl.Float64(),
    "cost_fixed_minor": pl.Int64(),
    "cost_bps": pl.Float64(),
    "fail_cost_minor": pl.Int64(),
    "penalty_minor": pl.Int64(),
    "cost_coverage": pl.Float64(),
    "chargeback_bps": pl.Float64(),
    "refund_bps": pl.Float64(),
    "cohort_month": pl.String(),
    "challenge_rate": pl.Float64(),
    "challenge_success": pl.Float64(),
    "frictionless_rate": pl.Float64(),
    "payout_within_sla": pl.Float64(),
    "payout_p95_min": pl.Int64(),
    "mean_amount_minor": pl.Int64(),
}
"""`mean_amount_minor`, in the card's currency, is for expected values only; the others are columns of the card."""


def no_measures() -> pl.DataFrame:
    """Nothing was measured."""
    keys = dict.fromkeys(("direction", "level", "country", "method", "issuer_group", "bin", "amount_band", "psp"), pl.String())
    return pl.DataFrame(schema={**keys, **MEASURES})


def measures_of_calls(calls: pl.DataFrame) -> pl.DataFrame:
    """MEASURES of latency for the three widest levels. Shape: direction, country, method, psp, latency_ms, is_timeout -> MEASURES.

    Exact percentiles, and of answers that came: the smallest latency that so many calls did not exceed. A time-out counts with its limit, and is not left out.
    """
    parts = [no_measures()]
    for level in (LEVEL_BY_NAME[name] for name in _TIMED):
        known = calls.filter(pl.all_horizontal([pl.col(key) != UNKNOWN for key in level.keys])) if level.keys else calls
        grouped = known.group_by("direction", *level.keys, "psp").agg(
            *[pl.col("latency_ms").quantile(share, "higher").cast(pl.Int64).alias(f"latency_p{share * 100:.0f}_ms") for share in (0.5, 0.95, 0.99)],
            pl.col("is_timeout").mean().round(6).alias("timeout_share"),
        )
        parts.append(grouped.with_columns(pl.lit(level.name).alias("level")))
    return pl.concat(parts, how="diagonal")


def measured(rows: pl.DataFrame, level_keys: list[str], own: pl.DataFrame, parent: pl.DataFrame | None, parent_keys: list[str]) -> pl.DataFrame:
    """Rows of a level with its measures, or its parent's. `own`: MEASURES of this direction and level; `parent`: the parent's rows, measured."""
    names = list(MEASURES)
    told = rows.join(own.select([*level_keys, "psp", *names]), on=[*level_keys, "psp"], how="left", maintain_order="left")
    if parent is None:
        return told
    wider = rows.join(parent.select([*parent_keys, "psp", *names]), on=[*parent_keys, "psp"], how="left", maintain_order="left")
    return told.with_columns([told[name].zip_with(told[name].is_not_null(), wider[name]) for name in names])


def expected_value(rows: pl.DataFrame, margin_bps: int | None) -> pl.DataFrame:
    """With `ev_minor`: what an attempt of the mean amount is expected to bring; null where amount, margin or cost is not known."""
    amount, share = pl.col("mean_amount_minor"), pl.col("sr_mean")
    approved = amount * (pl.lit(margin_bps, dtype=pl.Float64) - pl.col("cost_bps") - pl.col("chargeback_bps").fill_null(0.0)) / 10_000
    failed = pl.col("fail_cost_minor").fill_null(0) + pl.col("penalty_minor").fill_null(0)
    value = share * (approved - pl.col("cost_fixed_minor")) - (1 - share) * failed
    return rows.with_columns(value.round().cast(pl.Int64).alias("ev_minor"))
