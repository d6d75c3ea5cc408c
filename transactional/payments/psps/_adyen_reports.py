"""How Adyen's reports print money: the settlement details report and the payment accounting report. Private part of adyen.py.

The traps: columns whose order a user may configure; paired unsigned debit and credit columns; `Payable (SC)` printed as a forecast on
SentForSettle; journal types nobody listed (they are unknown, never a fee); a payout's only key to the bank hidden in a text.
Source: Adyen journal types and report pages (reference LR §4.2), the real files under shared/data/psp_reports/adyen.
"""

from __future__ import annotations

import re

from transactional.payments.money_kinds import MoneyKind
from transactional.payments.psps.spec import AmountSource, ReportFormat, TimeSource

K = MoneyKind

# Bulk types (SettledBulk, BulkSettlement, RefundedBulk), EPAPaid and the Advancement types are left out on purpose: one line of them stands for many
# payments or for a loan, so none can be matched by a rule we have. They land as unknown: a break with the money in it.
_SETTLEMENT_KINDS = {
    "settled": K.DEPOSIT,
    "settledinstallment": K.DEPOSIT,
    "settledexternally": K.DEPOSIT,
    "settledexternallywithinfo": K.DEPOSIT,
    "settledreversed": K.DEPOSIT_REVERSED,
    "refunded": K.REFUND,
    "refundedexternally": K.REFUND,
    "refundedexternallywithinfo": K.REFUND,
    "refundedreversed": K.REFUND_REVERSED,
    "chargeback": K.CHARGEBACK,
    "chargebackexternally": K.CHARGEBACK,
    "chargebackexternallywithinfo": K.CHARGEBACK,
    "chargebackreversed": K.CHARGEBACK_REVERSED,
    "secondchargeback": K.SECOND_CHARGEBACK,
    "paidout": K.WITHDRAWAL,
    "paidoutreversed": K.WITHDRAWAL_RETURNED,
    "payoutfailed": K.WITHDRAWAL_RETURNED,
    "merchantpayout": K.PAYOUT,
    "bankinstructionreturned": K.PAYOUT_RETURNED,
    "fee": K.FEE,
    "authorisationschemefee": K.FEE,
    "paymentcost": K.FEE,
    "settlecost": K.FEE,
    "invoicededuction": K.INVOICE_DEDUCTION,
    "reserveadjustment": K.RESERVE,
    "depositcorrection": K.CORRECTION,
    "manualcorrected": K.CORRECTION,
    "misccosts": K.CORRECTION,
    "balancetransfer": K.BALANCE_TRANSFER,
    "internalcompanypayout": K.BALANCE_TRANSFER,
    "matchedstatement": K.TOPUP,
}

# One payment passes several registers; exactly one record type per movement carries it, the others are information.
_ACTIVITY_KINDS = {
    "sentforsettle": K.DEPOSIT,
    "capturefailed": K.DEPOSIT_REVERSED,
    "settledreversed": K.DEPOSIT_REVERSED,
    "sentforrefund": K.REFUND,
    "refundfailed": K.REFUND_REVERSED,
    "refundedreversed": K.REFUND_REVERSED,
    "chargeback": K.CHARGEBACK,
    "chargebackexternally": K.CHARGEBACK,
    "chargebackreversed": K.CHARGEBACK_REVERSED,
    "secondchargeback": K.SECOND_CHARGEBACK,
    "paidout": K.WITHDRAWAL,
    "paidoutreversed": K.WITHDRAWAL_RETURNED,
    "payoutfailed": K.WITHDRAWAL_RETURNED,
} | dict.fromkeys(
    """received authorised authorisedpending refused cancelled expired error retried settled settledexternally settledexternallywithinfo
    settledinstallment refunded refundedexternally refundedexternallywithinfo sentforpayout payoutauthorised requestforinformation
    notificationofchargeback notificationoffraud chargebackreceived balancetransfer""".split(),
    K.INFORMATION,
)

# Metadata is a JSON cell merchants fill with what they like; e-mail addresses in any cell are masked by landing on top of this list.
_PERSONAL = (
    "shopper name",
    "shopper email",
    "shopper ip",
    "shopper country",
    "card number",
    "cardholder name",
    "issuer id",
    "billing *",
    "delivery *",
)

_TRANSFER = re.compile(r"\bTX\w+XT\b")


def _bank_reference(modification_reference: str) -> str:
    """`TX635094301XT batch 380, ACCOUNT` is what the bank line repeats: its first token is the key, the whole text when there is none."""
    found = _TRANSFER.search(modification_reference)
    return found.group() if found else modification_reference


SETTLEMENT_DETAIL = ReportFormat(
    name="settlement_detail_report",
    role="settlement",
    required=frozenset(
        """Company Account|Merchant Account|Psp Reference|Merchant Reference|Payment Method|Creation Date|TimeZone|Type|Modification Reference
        |Gross Currency|Gross Debit (GC)|Gross Credit (GC)|Exchange Rate|Net Currency|Net Debit (NC)|Net Credit (NC)|Commission (NC)|Markup (NC)
        |Scheme Fees (NC)|Interchange (NC)|Batch Number""".replace("\n", "")
        .replace("        ", "")
        .split("|")
    ),
    kind="Type",
    kinds=_SETTLEMENT_KINDS,
    gross=(AmountSource("Gross Credit (GC)", "Gross Currency", debit="Gross Debit (GC)"),),
    net=AmountSource("Net Credit (NC)", "Net Currency", debit="Net Debit (NC)"),
    occurred=TimeSource("Creation Date", label="TimeZone"),
    booked=TimeSource("Booking Date", label="Booking Date TimeZone"),
    account="Merchant Account",
    texts={
        "psp_reference": ("Psp Reference",),
        "modification_reference": ("Modification Reference",),
        "merchant_reference": ("Merchant Reference",),
        "batch_id": ("Batch Number",),
        "payment_method": ("Payment Method Variant", "Payment Method"),
        "bank_reference": ("Modification Reference",),
    },
    fees={
        "commission_minor": ("Commission (NC)",),
        "markup_minor": ("Markup (NC)", "DCC Markup (NC)"),
        "scheme_fee_minor": ("Scheme Fees (NC)",),
        "interchange_minor": ("Interchange (NC)",),
    },
    rate="Exchange Rate",
    no_net_kinds=frozenset(kind for kind in _SETTLEMENT_KINDS if "externally" in kind),
    personal=_PERSONAL,
    bank_reference=_bank_reference,
)

PAYMENTS_ACCOUNTING = ReportFormat(
    name="payments_accounting_report",
    role="activity",
    required=frozenset(
        """Company Account|Merchant Account|Psp Reference|Merchant Reference|Payment Method|Booking Date|TimeZone|Record Type|Main Currency|Main Amount
        |Payment Currency|Captured (PC)|Settlement Currency|Payable (SC)""".replace("\n", "")
        .replace("        ", "")
        .split("|")
    ),
    kind="Record Type",
    kinds=_ACTIVITY_KINDS,
    # A chargeback leaves the Captured register blank: its gross is the original amount; Main Amount (fees included there) is the last resort.
    gross=(
        AmountSource("Captured (PC)", "Payment Currency"),
        AmountSource("Original Amount", "Payment Currency", unsigned=True),
        AmountSource("Main Amount", "Main Currency", unsigned=True),
    ),
    net=AmountSource("Payable (SC)", "Settlement Currency"),
    occurred=TimeSource("Booking Date", label="TimeZone"),
    booked=TimeSource("Booking Date", label="TimeZone"),
    account="Merchant Account",
    texts={
        "psp_reference": ("Psp Reference",),
        "modification_reference": ("Modification Psp Reference",),
        "merchant_reference": ("Merchant Reference",),
        "batch_id": ("Payable Batch",),
        "payment_method": ("Payment Method Variant", "Payment Method"),
    },
    fees={
        "commission_minor": ("Commission (SC)",),
        "markup_minor": ("Markup (SC)",),
        "scheme_fee_minor": ("Scheme Fees (SC)",),
        "interchange_minor": ("Interchange (SC)",),
    },
    rate="Exchange Rate",
    personal=_PERSONAL,
)
