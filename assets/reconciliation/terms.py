"""What our registries say about each PSP account, as the engine's plain context. The only place of the engine that knows where terms come from.

The trap: a matcher that asks a PSP's code in the middle of a run. Everything is read once, here, into values a run can be repeated with.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import polars as pl

from assets.reconciliation.context import (
    ACCOUNT_FEE_SCHEMA,
    FEE_RULE_SCHEMA,
    FX_RATE_SCHEMA,
    MONTHLY_FEE_SCHEMA,
    RESERVE_TERM_SCHEMA,
    STATEMENT_SCHEMA,
    RunContext,
    Terms,
    empty_frame,
)
from transactional.payments.fee_schedules import Charge, FeeRule
from transactional.payments.merchant_accounts import MERCHANT_ACCOUNTS, MerchantAccount
from transactional.payments.psps.registry import SPECS
from transactional.payments.psps.spec import PspSpec

_LAST_DAY = date(9999, 12, 31)
_COMPONENTS = ("commission", "markup", "scheme_fee", "interchange")


def run_context(
    as_of: datetime,
    fx_rates: pl.DataFrame | None = None,
    statements: pl.DataFrame | None = None,
    closed: Mapping[str, tuple[tuple[date, datetime], ...]] | None = None,
) -> RunContext:
    """The context of a run at `as_of`: terms and fee contracts of our registries, with the rates, bank statements and closed days given."""
    return RunContext(
        as_of=as_of,
        terms={(mine.psp, mine.account): _terms(SPECS[mine.psp], mine) for mine in MERCHANT_ACCOUNTS if mine.psp in SPECS},
        psp_terms={psp: _terms(spec, None) for psp, spec in SPECS.items()},
        fee_rules=_fee_rules(),
        account_fees=_account_fees(),
        monthly_fees=_monthly_fees(),
        reserve_terms=_reserve_terms(),
        fx_rates=_shaped(fx_rates, FX_RATE_SCHEMA),
        statements=_shaped(statements, STATEMENT_SCHEMA),
        bank_accounts=None,
        psp_names={psp: (psp,) for psp in SPECS},
        closed=closed or {},
    )


def _terms(spec: PspSpec, mine: MerchantAccount | None) -> Terms:
    """Accounts nobody registered get no claim to activity reports: their absence says nothing."""
    return Terms(
        zone=mine.zone if mine else spec.zone,
        activity_lag_days=spec.activity_lag_days,
        settles_after_days=spec.settles_after_days,
        settlement_grace_days=spec.settlement_grace_days,
        bank_lag_days=spec.bank_lag_days,
        has_activity_reports=mine.has_activity_reports if mine else False,
        consecutive_batches=spec.batch_numbering == "consecutive",
        fx_markup_bps=spec.fx_markup_bps,
        fx_tolerance_bps=spec.fx_tolerance_bps,
    )


def _fee_rules() -> pl.DataFrame:
    rows = [
        (
            mine.psp,
            mine.account,
            kind.value,
            rule.rule_id,
            order,
            pattern,
            max(rule.since, mine.since),
            min(rule.until, mine.until, _LAST_DAY),
            *charges,
        )
        for mine in MERCHANT_ACCOUNTS
        for order, rule in enumerate(mine.fees)
        for kind in sorted(rule.kinds)
        for pattern in rule.methods
        for charges in _charges(rule)
    ]
    return pl.DataFrame(rows, schema=dict(FEE_RULE_SCHEMA), orient="row")


def _account_fees() -> pl.DataFrame:
    rows = [
        (
            mine.psp,
            mine.account,
            fee.rule_id,
            pattern,
            currency,
            minor,
            fee.counts.value,
            max(fee.since, mine.since),
            min(fee.until, mine.until, _LAST_DAY),
        )
        for mine in MERCHANT_ACCOUNTS
        for fee in mine.account_fees
        for pattern in fee.raw_kinds
        for currency, minor in sorted(fee.each_minor.items())
    ]
    return pl.DataFrame(rows, schema=dict(ACCOUNT_FEE_SCHEMA), orient="row")


def _monthly_fees() -> pl.DataFrame:
    rows = [
        (
            mine.psp,
            mine.account,
            fee.rule_id,
            pattern,
            currency,
            fee.fixed_minor.get(currency, 0),
            fee.minimum_minor.get(currency, 0),
            fee.months_in_arrears,
            max(fee.since, mine.since),
            min(fee.until, mine.until, _LAST_DAY),
        )
        for mine in MERCHANT_ACCOUNTS
        for fee in mine.monthly_fees
        for pattern in fee.raw_kinds
        for currency in sorted({*fee.fixed_minor, *fee.minimum_minor})
    ]
    return pl.DataFrame(rows, schema=dict(MONTHLY_FEE_SCHEMA), orient="row")


def _reserve_terms() -> pl.DataFrame:
    rows = [
        (mine.psp, mine.account, max(term.since, mine.since), min(term.until, mine.until, _LAST_DAY), term.release_after_days)
        for mine in MERCHANT_ACCOUNTS
        for term in mine.reserves
    ]
    return pl.DataFrame(rows, schema=dict(RESERVE_TERM_SCHEMA), orient="row")


def _charges(rule: FeeRule) -> list[tuple[str | int | None, ...]]:
    """One row per net currency with a fixed part, and one (null) for every other."""
    charges: list[Charge] = [getattr(rule, name) or Charge() for name in _COMPONENTS]
    currencies: list[str | None] = [*sorted({currency for charge in charges for currency in charge.fixed_minor}), None]
    return [
        (currency, *(number for charge in charges for number in (charge.bps, charge.fixed_minor.get(currency, 0) if currency else 0)))
        for currency in currencies
    ]


def _shaped(frame: pl.DataFrame | None, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    if frame is None or frame.is_empty():
        return empty_frame(schema)
    return frame.select(pl.col(name).cast(dtype) for name, dtype in schema.items())
