"""What a run of the engine must know beside its items: the as-of moment, our terms with each PSP account, rates, calendars, bank accounts. Pure values.

For whoever starts a run (Dagster asset, command line, tests). The trap: an engine that looks things up by itself (a clock, a settings file, a PSP's
code) cannot reproduce a closed day. Everything it may depend on is a field here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import polars as pl

from transactional.vocabulary.errors import InvariantBroken
from transactional.vocabulary.time import business_date

# One row per line of a fee contract. `rule_order`: the first line that covers a movement says what it costs. `method`: a lower-case glob.
# Charges: basis points of the converted gross plus a fixed part in minor units of `net_currency`; a null `net_currency` row holds for every other.
FEE_RULE_SCHEMA: Mapping[str, pl.DataType] = {
    "psp": pl.String(),
    "account": pl.String(),
    "kind": pl.String(),
    "rule_id": pl.String(),
    "rule_order": pl.Int64(),
    "method": pl.String(),
    "since": pl.Date(),
    "until": pl.Date(),
    "net_currency": pl.String(),
    "commission_bps": pl.Int64(),
    "commission_fixed_minor": pl.Int64(),
    "markup_bps": pl.Int64(),
    "markup_fixed_minor": pl.Int64(),
    "scheme_fee_bps": pl.Int64(),
    "scheme_fee_fixed_minor": pl.Int64(),
    "interchange_bps": pl.Int64(),
    "interchange_fixed_minor": pl.Int64(),
}

# What a PSP charges an account for each movement of a kind in a batch, by the day of the charge. `raw_kind`: a lower-case glob.
ACCOUNT_FEE_SCHEMA: Mapping[str, pl.DataType] = {
    "psp": pl.String(),
    "account": pl.String(),
    "rule_id": pl.String(),
    "raw_kind": pl.String(),
    "currency": pl.String(),
    "each_minor": pl.Int64(),
    "counts": pl.String(),
    "since": pl.Date(),
    "until": pl.Date(),
}

# What a PSP charges an account for each calendar month: a fixed part, and what the month's fees fall short of a minimum. The month's first day is in
# [since, until). `raw_kind`: a lower-case glob.
MONTHLY_FEE_SCHEMA: Mapping[str, pl.DataType] = {
    "psp": pl.String(),
    "account": pl.String(),
    "rule_id": pl.String(),
    "raw_kind": pl.String(),
    "currency": pl.String(),
    "fixed_minor": pl.Int64(),
    "minimum_minor": pl.Int64(),
    "months_in_arrears": pl.Int64(),
    "since": pl.Date(),
    "until": pl.Date(),
}

# How long a PSP may hold a reserve it took, by the day it took it. An account without a row has no agreed release, and none is missed.
RESERVE_TERM_SCHEMA: Mapping[str, pl.DataType] = {
    "psp": pl.String(),
    "account": pl.String(),
    "since": pl.Date(),
    "until": pl.Date(),
    "release_after_days": pl.Int64(),
}

# The reference rates: `rate` is text, major units of `currency` for one major unit of `base_currency`.
FX_RATE_SCHEMA: Mapping[str, pl.DataType] = {
    "rate_date": pl.Date(),
    "base_currency": pl.String(),
    "currency": pl.String(),
    "rate": pl.String(),
}

# Bank statements as booked: what gate G6 adds up. `moves_minor` is the sum of the statement's own booked lines.
STATEMENT_SCHEMA: Mapping[str, pl.DataType] = {
    "bank_account": pl.String(),
    "currency": pl.String(),
    "statement_id": pl.String(),
    "opening_minor": pl.Int64(),
    "closing_minor": pl.Int64(),
    "moves_minor": pl.Int64(),
    "opening_date": pl.Date(),
    "closing_date": pl.Date(),
    "known_at": pl.Datetime("us", "UTC"),
}


# What two people confirmed: one row per item of a match. See layers/accepted.py.
ACCEPTED_SCHEMA: Mapping[str, pl.DataType] = {"match_id": pl.String(), "item_key": pl.String(), "confirmed_at": pl.Datetime("us", "UTC")}


@dataclass(frozen=True, slots=True)
class Terms:
    """What may be expected of one PSP account, and when.

    Days: `activity_lag_days` and `settlement_grace_days` are calendar days, `settles_after_days` and `bank_lag_days` business days.
    `consecutive_batches`: a missing batch number is a missing file. `has_attempts`: what the service heard of its payments is part of the comparison
    (not where two files are compared by themselves). Defaults are those of a PSP nobody described.
    """

    zone: str = "UTC"
    activity_lag_days: int = 1
    settles_after_days: int = 3
    settlement_grace_days: int = 1
    bank_lag_days: int = 3
    has_activity_reports: bool = True
    has_attempts: bool = True
    consecutive_batches: bool = False
    fx_markup_bps: int = 0
    fx_tolerance_bps: int = 500


def empty_frame(schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """No rows, but the right columns."""
    return pl.DataFrame(schema=dict(schema))


@dataclass(frozen=True, slots=True)
class RunContext:
    """Everything a run depends on beside the items. Built by the composition root; see terms.py for our registries.

    `terms` by (psp, account); an account not listed has `psp_terms[psp]`, a PSP not listed has the generic Terms. `bank_accounts`: our accounts by
    their id as bank items print it, with their currency; None means every bank item is ours. `psp_names`: PSP to words that name it in a bank text.
    `composite_window_days`: how far apart two hops without a PSP reference may be (L2); `bank_window_days`: how long after its due date a payout may
    still be found at the bank by amount alone (L6). `closed`: by PSP, the days that signed closes hold, each with its knowledge watermark.
    `accepted`: matches that two people confirmed by `as_of` (L9).
    """

    as_of: datetime
    terms: Mapping[tuple[str, str], Terms] = field(default_factory=dict)
    psp_terms: Mapping[str, Terms] = field(default_factory=dict)
    fee_rules: pl.DataFrame = field(default_factory=lambda: empty_frame(FEE_RULE_SCHEMA))
    account_fees: pl.DataFrame = field(default_factory=lambda: empty_frame(ACCOUNT_FEE_SCHEMA))
    monthly_fees: pl.DataFrame = field(default_factory=lambda: empty_frame(MONTHLY_FEE_SCHEMA))
    reserve_terms: pl.DataFrame = field(default_factory=lambda: empty_frame(RESERVE_TERM_SCHEMA))
    fx_rates: pl.DataFrame = field(default_factory=lambda: empty_frame(FX_RATE_SCHEMA))
    statements: pl.DataFrame = field(default_factory=lambda: empty_frame(STATEMENT_SCHEMA))
    holidays: frozenset[date] = frozenset()
    bank_accounts: Mapping[str, str] | None = None
    psp_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    closed: Mapping[str, tuple[tuple[date, datetime], ...]] = field(default_factory=dict)
    accepted: pl.DataFrame = field(default_factory=lambda: empty_frame(ACCEPTED_SCHEMA))
    composite_window_days: int = 7
    bank_window_days: int = 7

    def __post_init__(self) -> None:
        if self.as_of.tzinfo is None:
            raise InvariantBroken("as_of has no zone: a moment of knowledge is an instant")

    def terms_of(self, psp: str, account: str) -> Terms:
        """The terms with one account, else those of its PSP, else generic ones."""
        return self.terms.get((psp, account)) or self.psp_terms.get(psp) or Terms()

    def today_in(self, terms: Terms) -> date:
        """The civil date at the as-of moment under the account's zone: an expected lag is over when this is after its last date."""
        return business_date(self.as_of.astimezone(UTC), terms.zone)
