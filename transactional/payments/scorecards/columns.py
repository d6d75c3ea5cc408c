"""What does a row of a scorecard say? The list of its columns with type, unit and meaning: for the document, the tables, the API's words and tests.

Pure. Grain: one row per direction, cell and PSP. Counts and minor units are integers, rates are rounded to six decimals and basis points to three, so that
the same figures are the same bytes on every machine. No card number: a BIN has at most eight digits.
Source: reference RT §5.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from transactional.payments.scorecards.cells import KEYS


class Kind(StrEnum):
    """How a value stands in JSON, and with how many decimals."""

    TEXT = "text"
    COUNT = "count"
    MINOR = "minor"
    RATE = "rate"
    BPS = "bps"
    INSTANT = "instant"
    MONTH = "month"
    CODES = "codes"


DECIMALS: Mapping[Kind, int] = {Kind.RATE: 6, Kind.BPS: 3}


@dataclass(frozen=True, slots=True)
class ScoreColumn:
    """One column. `nullable`: the figure may be unknown, which is not the same as 0."""

    name: str
    kind: Kind
    doc: str
    nullable: bool = False


HEALTH = ("ok", "degraded", "down", "unknown")

_C, _N = ScoreColumn, True
COLUMNS: tuple[ScoreColumn, ...] = (
    _C("direction", Kind.TEXT, "deposit or withdrawal."),
    _C("level", Kind.TEXT, "The grain of the row's cell: a name of `lookup`."),
    _C("country", Kind.TEXT, "Country of the player, ISO 3166 alpha-2; empty where the level does not need it."),
    _C("method", Kind.TEXT, "Payment method."),
    _C("issuer_group", Kind.TEXT, "Issuer, or country:<XX> for the unnamed issuers of a country."),
    _C("bin", Kind.TEXT, "First 6 to 8 digits of the card number."),
    _C("amount_band", Kind.TEXT, "Band of the amount in whole units of its currency."),
    _C("psp", Kind.TEXT, "PSP."),
    _C("n_attempts", Kind.COUNT, "Attempts in the window, as they are."),
    _C("n_first", Kind.COUNT, "Of these first attempts of their intent that are resolved."),
    _C("n_approved", Kind.COUNT, "Approved attempts."),
    _C("n_approved_first", Kind.COUNT, "Approved first attempts."),
    _C("n_pending", Kind.COUNT, "Attempts without an outcome yet; in no rate."),
    _C("n_blamed", Kind.COUNT, "Failures that a PSP or an issuer answers for: approved and blamed are what the success rate is of."),
    _C("n_eff", Kind.RATE, "Size of the sample after weighting by age: (sum w)^2 / sum w^2."),
    _C("sr_raw", Kind.RATE, "Weighted success rate; null where nothing is known.", _N),
    _C("sr_mean", Kind.RATE, "Success rate, shrunk towards the prior."),
    _C("sr_lo", Kind.RATE, "Lower end of its 95 % interval."),
    _C("sr_hi", Kind.RATE, "Upper end of its 95 % interval."),
    _C("shrink_weight", Kind.RATE, "Weight of the cell's own data, N / (N + kappa)."),
    _C("prior_mean", Kind.RATE, "What the wider cell lets expect of this PSP here."),
    _C("kappa", Kind.RATE, "How many attempts the prior is worth."),
    _C("p_best", Kind.RATE, "Probability that this PSP is the best of the cell."),
    _C("latency_p50_ms", Kind.COUNT, "Median time to an answer, time-outs included.", _N),
    _C("latency_p95_ms", Kind.COUNT, "95th percentile of it.", _N),
    _C("latency_p99_ms", Kind.COUNT, "99th percentile of it.", _N),
    _C("timeout_share", Kind.RATE, "Share of calls that were not answered in time.", _N),
    _C("currency", Kind.TEXT, "Currency of the amounts of this row."),
    _C("cost_fixed_minor", Kind.MINOR, "Fixed cost of an approved attempt.", _N),
    _C("cost_bps", Kind.BPS, "Cost of an approved attempt in basis points of its amount.", _N),
    _C("fail_cost_minor", Kind.MINOR, "Cost of a failed attempt.", _N),
    _C("penalty_minor", Kind.MINOR, "Expected scheme fee for one attempt more.", _N),
    _C("cost_coverage", Kind.RATE, "Share of volume whose cost was reconciled; below 0.8 expected values are not used."),
    _C("chargeback_bps", Kind.BPS, "Chargebacks of the cohort in basis points of its payments.", _N),
    _C("refund_bps", Kind.BPS, "Refunds of the cohort in basis points of its payments.", _N),
    _C("cohort_month", Kind.MONTH, "Month of the payments that the two are of, as 2026-01.", _N),
    _C("challenge_rate", Kind.RATE, "Share of 3-D Secure attempts that were challenged.", _N),
    _C("challenge_success", Kind.RATE, "Share of challenges that were passed.", _N),
    _C("frictionless_rate", Kind.RATE, "Share of 3-D Secure attempts without a challenge.", _N),
    _C("payout_within_sla", Kind.RATE, "Share of withdrawals credited in time.", _N),
    _C("payout_p95_min", Kind.COUNT, "95th percentile of minutes from request to credit.", _N),
    _C("health", Kind.TEXT, "ok, degraded, down or unknown, as the detector has it."),
    _C("health_since", Kind.INSTANT, "Since when.", _N),
    _C("score", Kind.RATE, "What the router ranks by when no expected value is used."),
    _C("ev_minor", Kind.MINOR, "Expected value of an attempt of the cell's mean amount.", _N),
    _C("rank", Kind.COUNT, "1 for the best of the cell."),
    _C("share_target", Kind.RATE, "Share of the cell's first attempts; shares of a cell sum to 1."),
    _C("reason", Kind.CODES, "Why the rank and the share are as they are, as codes."),
    _C("data_from", Kind.INSTANT, "Begin of the window.", _N),
    _C("data_to", Kind.INSTANT, "The newest outcome in it.", _N),
)

NAMES = tuple(column.name for column in COLUMNS)
ROW_KEY = ("direction", "level", *KEYS, "psp")
BY_NAME: Mapping[str, ScoreColumn] = {column.name: column for column in COLUMNS}


def described() -> Iterator[str]:
    """One line per column, for people who read the API's document."""
    for column in COLUMNS:
        unit = {Kind.RATE: "0 to 1 (n_eff, kappa: attempts), 6 decimals", Kind.BPS: "basis points", Kind.MINOR: "minor units of `currency`"}.get(
            column.kind
        )
        yield f"- `{column.name}` ({unit or column.kind.value}{', may be null' if column.nullable else ''}): {column.doc}"
