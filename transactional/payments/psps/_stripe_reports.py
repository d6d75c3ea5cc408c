"""Stripe's report formats: where each column of a canonical line stands. Private part of the Stripe spec.

Everything is signed major units but the API's tables, which are minor units. The traps: amounts stand in the currency of settlement while the customer paid
in another (`customer_facing_*`), the payout row's sign differs between exports, a whole charge and its `partial_capture_reversal` are one capture.
Source: reference LR §4.1 (itemized column sets, reporting categories).
"""

from __future__ import annotations

from transactional.payments.money_kinds import MoneyKind
from transactional.payments.psps.spec import AmountSource, BalanceSummary, OpenItems, ReportFormat, TimeSource

_CATEGORIES = {
    "charge": MoneyKind.DEPOSIT,
    "partial_capture_reversal": MoneyKind.DEPOSIT,
    "charge_failure": MoneyKind.DEPOSIT_REVERSED,
    "refund": MoneyKind.REFUND,
    "refund_failure": MoneyKind.REFUND_REVERSED,
    "dispute": MoneyKind.CHARGEBACK,
    "dispute_reversal": MoneyKind.CHARGEBACK_REVERSED,
    "transfer": MoneyKind.WITHDRAWAL,
    "transfer_reversal": MoneyKind.WITHDRAWAL_RETURNED,
    "fee": MoneyKind.FEE,
    "network_cost": MoneyKind.FEE,
    "tax": MoneyKind.TAX,
    "risk_reserved_funds": MoneyKind.RESERVE,
    "connect_reserved_funds": MoneyKind.RESERVE,
    "other_adjustment": MoneyKind.CORRECTION,
    "topup": MoneyKind.TOPUP,
    "payout": MoneyKind.PAYOUT,
    "payout_reversal": MoneyKind.PAYOUT_RETURNED,
}
# The API names types, not categories.
_TYPES = _CATEGORIES | {
    "payment": MoneyKind.DEPOSIT,
    "payment_refund": MoneyKind.REFUND,
    "payment_failure_refund": MoneyKind.DEPOSIT_REVERSED,
    "payment_reversal": MoneyKind.DEPOSIT_REVERSED,
    "stripe_fee": MoneyKind.FEE,
    "stripe_fx_fee": MoneyKind.FEE,
    "tax_fee": MoneyKind.TAX,
    "adjustment": MoneyKind.CORRECTION,
    "reserve_transaction": MoneyKind.RESERVE,
    "reserve_hold": MoneyKind.RESERVE,
    "reserve_release": MoneyKind.RESERVE,
    "payout_failure": MoneyKind.PAYOUT_RETURNED,
    "payout_cancel": MoneyKind.PAYOUT_RETURNED,
}
_PERSONAL = ("customer_id", "customer_email", "customer_name", "customer_phone", "customer_description", "*address*", "customer id", "invoice number")
_REFERENCES = ("payment_metadata[merchant_reference]", "payment_metadata[external_identifier]", "payment_metadata[orchestrator_tx_ref]")
_OWN_ID = {"psp_reference": ("source_id",), "modification_reference": ("source_id",)}
_BASE = frozenset("balance_transaction_id|source_id|created|available_on|currency|gross|fee|net|reporting_category".split("|"))


def _itemized(name: str, role: str, extra: str) -> ReportFormat:
    return ReportFormat(
        name=name,
        role=role,  # type: ignore[arg-type]
        required=_BASE | frozenset(extra.split("|") if extra else ()),
        kind="reporting_category",
        kinds=_CATEGORIES,
        gross=(
            AmountSource("customer_facing_amount", "customer_facing_currency", sign_from="gross"),
            AmountSource("gross", "currency"),
        ),
        net=AmountSource("net", "currency"),
        converted=AmountSource("gross", "currency"),
        occurred=TimeSource("created", utc="created_utc"),
        booked=TimeSource("created", utc="created_utc"),
        texts={
            "psp_reference": ("payment_intent_id", "charge_id", "source_id"),
            "modification_reference": ("source_id", "charge_id"),
            "merchant_reference": _REFERENCES,
            "ext_id": ("balance_transaction_id",),
            "batch_id": ("automatic_payout_id",),
            "payment_method": ("payment_method_type",),
            "bank_reference": ("trace_id", "source_id"),
        },
        kind_texts={
            "charge": {"modification_reference": ("charge_id", "source_id")},
            "partial_capture_reversal": {"modification_reference": ("charge_id", "source_id")},
            "transfer": _OWN_ID,
            "transfer_reversal": {"modification_reference": ("source_id",), "psp_reference": ("source_id",)},
            "payout": {"batch_id": ("automatic_payout_id", "source_id")},
        },
        fees={"commission_minor": ("fee",)},
        personal=_PERSONAL,
        payout_printed_either_sign=True,
        batch_by="automatic_payout_effective_at" if role == "settlement" else None,
    )


PAYOUT_RECONCILIATION = _itemized("payout_reconciliation", "settlement", "automatic_payout_id|automatic_payout_effective_at|trace_id")
ORCHESTRATED = _itemized(
    "settlement_report", "settlement", "automatic_payout_id|automatic_payout_effective_at|trace_id_status|payment_metadata[orchestrator_tx_ref]"
)
BALANCE_CHANGE = _itemized("balance_change_from_activity", "activity", "automatic_payout_id")

SINGLE_PAYOUT = ReportFormat(
    name="payout_transactions",
    role="settlement",
    required=frozenset("payout_id|transaction_id|type|amount|fee|net|currency|created|description".split("|")),
    kind="type",
    kinds=_TYPES,
    gross=(AmountSource("amount", "currency"),),
    net=AmountSource("net", "currency"),
    occurred=TimeSource("created"),
    texts={
        "psp_reference": ("transaction_id",),
        "modification_reference": ("transaction_id",),
        "ext_id": ("transaction_id",),
        "batch_id": ("payout_id",),
        "bank_reference": ("payout_id",),
    },
    fees={"commission_minor": ("fee",)},
    payout_printed_either_sign=True,
)

BALANCE_TRANSACTIONS = ReportFormat(
    name="balance_transactions",
    role="settlement",
    required=frozenset("id|amount|available_on|created|currency|exchange_rate|fee|net|source|status|type|payout_id".split("|")),
    kind="type",
    kinds=_TYPES,
    gross=(AmountSource("amount", "currency"),),
    net=AmountSource("net", "currency"),
    occurred=TimeSource("created", local_is_utc=True),
    texts={
        "psp_reference": ("source",),
        "modification_reference": ("source",),
        "ext_id": ("id",),
        "batch_id": ("payout_id",),
        "bank_reference": ("source",),
    },
    fees={"commission_minor": ("fee",)},
    minor_units=True,
)

PAYMENTS_EXPORT = ReportFormat(
    name="payments_export",
    role="activity",
    required=frozenset("Created date (UTC)|Amount|Currency|Converted Amount|Converted Currency|Fee|Status".split("|")),
    kind="Status",
    kinds={
        "paid": MoneyKind.DEPOSIT,
        "failed": MoneyKind.INFORMATION,
        "canceled": MoneyKind.INFORMATION,
        "requires_payment_method": MoneyKind.INFORMATION,
    },
    gross=(AmountSource("Amount", "Currency"),),
    net=None,
    converted=AmountSource("Converted Amount", "Converted Currency"),
    occurred=TimeSource("Created date (UTC)", local_is_utc=True),
    texts={"payment_method": ("Payment Source Type",)},
    fees={"commission_minor": ("Fee",)},
    personal=_PERSONAL,
)

# what is in the balance and in no automatic payout yet; the columns of the activity report, of which some versions lack the payout's
ENDING_BALANCE = OpenItems(_itemized("ending_balance_reconciliation", "balance", ""), named="*ending?balance*")

BALANCE_SUMMARY = BalanceSummary(
    name="balance_summary",
    required=frozenset({"category", "description", "net_amount", "currency"}),
    category="category",
    amount="net_amount",
    currency="currency",
    opening="starting_balance",
    closing="ending_balance",
    moves=frozenset({"activity", "payouts"}),
)
