"""Stripe, whole: reports, webhooks, zone, lags. For landing, the service, the engine and the simulator, through registry.SPECS.

Payouts are automatic, daily, and named by an id; there is no series of batch numbers, so a missing payout shows as lines that are never settled. Private
parts stand beside this file (`_stripe_*.py`). Source: reference LR §4.1; the demo casino's contract for markup and lags.
"""

from __future__ import annotations

from transactional.payments.orchestration.terms import DrivingTerms
from transactional.payments.psps import _stripe_declines, _stripe_reports, _stripe_webhooks
from transactional.payments.psps.spec import PspSpec, WebhookSpec

STRIPE = PspSpec(
    psp="stripe",
    zone="UTC",
    reports=(
        _stripe_reports.PAYOUT_RECONCILIATION,
        _stripe_reports.ORCHESTRATED,
        _stripe_reports.BALANCE_CHANGE,
        _stripe_reports.SINGLE_PAYOUT,
        _stripe_reports.BALANCE_TRANSACTIONS,
        _stripe_reports.PAYMENTS_EXPORT,
    ),
    webhook=WebhookSpec(verify=_stripe_webhooks.verify, to_facts=_stripe_webhooks.to_facts, dedupe=_stripe_webhooks.dedupe),
    summary=_stripe_reports.BALANCE_SUMMARY,
    open_items=_stripe_reports.ENDING_BALANCE,
    activity_lag_days=1,
    settles_after_days=2,
    settlement_grace_days=1,
    bank_lag_days=2,
    fx_markup_bps=200,
    fx_tolerance_bps=50,
    declines=_stripe_declines.DECLINES,
    # Stripe itself gives up on a card network after about half a minute; its SDK waits 80 s, longer than any payer
    driving=DrivingTerms({"authorise": 25_000, "complete": 25_000, "payout": 25_000}, source="docs.stripe.com/error-low-level; our choice"),
    source="docs.stripe.com/reports (itemized column sets), docs.stripe.com/webhooks/signatures",
)
