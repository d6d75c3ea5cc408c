"""PayPal, whole: reports, webhooks, zone, lags. For landing, the service and the engine, through registry.SPECS.

PayPal pays nobody out by batches: there is a balance in each currency, and a withdrawal takes from it what it likes. So no line has a batch; what proves a
file complete is the balance after each row of the activity download (gate G6), and the count of rows in a settlement report. An English download whose
dates could all be read both ways (2/1 and 3/2) is refused: the settlement report (STL), which prints years first, has no such doubt.

Webhooks are verified offline: RSA-SHA256 over transmission id, time, webhook id and CRC-32 of the body, under PayPal's certificate. The certificate is not
fetched from the URL a message names: a secret is `<webhook id>:<certificate, DER in base64>`, and a renewed certificate is a second secret.
Private parts stand beside this file (`_paypal_*.py`). Source: PayPal settlement report and transaction detail report specifications (record types, amounts
without decimals: 10000 is 100.00 USD and 100 JPY), T-codes, webhook integration guide; the real files of shared/data/psp_reports/paypal.
"""

from __future__ import annotations

from transactional.payments.psps import _paypal_reports, _paypal_webhooks
from transactional.payments.psps.spec import PspSpec, WebhookSpec

# Labels in downloads. Since 2019 downloads print the zone's own name.
_ZONE_LABELS = {
    "PST": ("America/Los_Angeles",),
    "PDT": ("America/Los_Angeles",),
    "MST": ("America/Denver", "America/Phoenix"),
    "MDT": ("America/Denver",),
    "CST": ("America/Chicago",),
    "CDT": ("America/Chicago",),
    "EST": ("America/New_York",),
    "EDT": ("America/New_York",),
    "GMT": ("Europe/London", "Europe/Dublin", "Europe/Lisbon"),
    "BST": ("Europe/London",),
    "CET": ("Europe/Berlin", "Europe/Paris", "Europe/Madrid", "Europe/Amsterdam", "Europe/Stockholm", "Europe/Malta"),
    "CEST": ("Europe/Berlin", "Europe/Paris", "Europe/Madrid", "Europe/Amsterdam", "Europe/Stockholm", "Europe/Malta"),
    "EET": ("Europe/Athens", "Europe/Helsinki", "Europe/Istanbul"),
    "EEST": ("Europe/Athens", "Europe/Helsinki", "Europe/Istanbul"),
    "JST": ("Asia/Tokyo",),
    "AEST": ("Australia/Sydney", "Australia/Brisbane"),
    "AEDT": ("Australia/Sydney",),
}

PAYPAL = PspSpec(
    psp="paypal",
    zone="America/Los_Angeles",
    zone_labels=_ZONE_LABELS,
    reports=(
        _paypal_reports.SETTLEMENT,
        _paypal_reports.TRANSACTION_DETAIL,
        _paypal_reports.ACTIVITY_DOWNLOAD,
        _paypal_reports.STATEMENT_IN_SPANISH,
    ),
    webhook=WebhookSpec(verify=_paypal_webhooks.verify, to_facts=_paypal_webhooks.to_facts, dedupe=_paypal_webhooks.dedupe),
    activity_lag_days=1,
    settles_after_days=1,
    settlement_grace_days=1,
    bank_lag_days=4,
    fx_markup_bps=300,
    fx_tolerance_bps=100,
    source="developer.paypal.com: settlement report, transaction detail report, T-codes, webhooks; activity download as OCA and SmashPig keep it",
)
