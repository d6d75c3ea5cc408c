"""Adyen, whole: reports, webhooks, zones, exponents, lags. For landing, the service, the engine and the simulator, through registry.SPECS.

Adyen nets a batch a day per merchant account and numbers batches consecutively, so a missing number is a missing file. Private parts stand beside
this file (`_adyen_*.py`); nobody else imports them. Source: reference LR §4.2; the demo casino's contract for markup and lags.
"""

from __future__ import annotations

from transactional.payments.orchestration.terms import DrivingTerms
from transactional.payments.psps import _adyen_declines, _adyen_webhooks
from transactional.payments.psps._adyen_reports import PAYMENTS_ACCOUNTING, SETTLEMENT_DETAIL
from transactional.payments.psps.spec import PspSpec, WebhookSpec

# A label has at most four letters and does not follow daylight saving (real rows print PST in October): it hints at a zone and names none.
_ZONE_LABELS = {
    "CET": ("Europe/Amsterdam", "Europe/Berlin", "Europe/Madrid", "Europe/Paris", "Europe/Stockholm", "Europe/Malta"),
    "CEST": ("Europe/Amsterdam", "Europe/Berlin", "Europe/Madrid", "Europe/Paris", "Europe/Stockholm", "Europe/Malta"),
    "GMT": ("Europe/London", "Europe/Dublin", "Europe/Lisbon"),
    "BST": ("Europe/London",),
    "WET": ("Europe/Lisbon",),
    "WEST": ("Europe/Lisbon",),
    "EET": ("Europe/Helsinki", "Europe/Athens", "Europe/Istanbul"),
    "EEST": ("Europe/Helsinki", "Europe/Athens", "Europe/Istanbul"),
    "TRT": ("Europe/Istanbul",),
    "EST": ("America/New_York",),
    "EDT": ("America/New_York",),
    "CST": ("America/Chicago",),
    "CDT": ("America/Chicago",),
    "MST": ("America/Denver", "America/Phoenix"),
    "MDT": ("America/Denver",),
    "PST": ("America/Los_Angeles",),
    "PDT": ("America/Los_Angeles",),
    "JST": ("Asia/Tokyo",),
    "SGT": ("Asia/Singapore",),
    "HKT": ("Asia/Hong_Kong",),
    "AEST": ("Australia/Sydney", "Australia/Brisbane"),
    "AEDT": ("Australia/Sydney",),
    "BRT": ("America/Sao_Paulo",),
    "UTC": ("UTC",),
}

ADYEN = PspSpec(
    psp="adyen",
    zone="Europe/Amsterdam",
    zone_labels=_ZONE_LABELS,
    reports=(SETTLEMENT_DETAIL, PAYMENTS_ACCOUNTING),
    webhook=WebhookSpec(verify=_adyen_webhooks.verify, to_facts=_adyen_webhooks.to_facts, dedupe=_adyen_webhooks.dedupe),
    exponent_overrides=_adyen_webhooks.EXPONENTS,
    activity_lag_days=1,
    settles_after_days=2,
    settlement_grace_days=1,
    bank_lag_days=2,
    batch_numbering="consecutive",
    fx_markup_bps=100,
    fx_tolerance_bps=50,
    declines=_adyen_declines.DECLINES,
    # captures, cancels and refunds are answered "received" and end by webhook
    driving=DrivingTerms({"authorise": 20_000, "complete": 20_000}, source="docs.adyen.com/development-resources/api-idempotency; our choice"),
    source="docs.adyen.com/reporting (settlement details, payment accounting, journal types), docs.adyen.com/development-resources/webhooks",
)
