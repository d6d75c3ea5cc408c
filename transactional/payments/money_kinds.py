"""The closed list of what a movement of money can be, shared by the service, the PSP specs, landing and the matching engine.

The trap: a PSP's new journal type falls into a default branch and becomes a "fee". Here it becomes UNKNOWN, which is a break with money in it.

Sign, everywhere: positive means towards us (the merchant), negative means away from us.
Source: Adyen journal types, Stripe reporting categories (reference LR §4).
"""

from __future__ import annotations

from enum import StrEnum


class MoneyKind(StrEnum):
    """What one line of a report, one ledger item or one payment event is."""

    DEPOSIT = "deposit"
    DEPOSIT_REVERSED = "deposit_reversed"
    REFUND = "refund"
    REFUND_REVERSED = "refund_reversed"
    CHARGEBACK = "chargeback"
    CHARGEBACK_REVERSED = "chargeback_reversed"
    SECOND_CHARGEBACK = "second_chargeback"
    WITHDRAWAL = "withdrawal"
    WITHDRAWAL_RETURNED = "withdrawal_returned"
    FEE = "fee"
    TAX = "tax"
    RESERVE = "reserve"
    INVOICE_DEDUCTION = "invoice_deduction"
    CORRECTION = "correction"
    BALANCE_TRANSFER = "balance_transfer"
    TOPUP = "topup"
    PAYOUT = "payout"
    PAYOUT_RETURNED = "payout_returned"
    BANK_MOVEMENT = "bank_movement"
    INFORMATION = "information"
    UNKNOWN = "unknown"


# Movements of one player's payment: they have a counterpart in the ledger and among the attempts.
PLAYER_KINDS = frozenset(
    {
        MoneyKind.DEPOSIT,
        MoneyKind.DEPOSIT_REVERSED,
        MoneyKind.REFUND,
        MoneyKind.REFUND_REVERSED,
        MoneyKind.CHARGEBACK,
        MoneyKind.CHARGEBACK_REVERSED,
        MoneyKind.SECOND_CHARGEBACK,
        MoneyKind.WITHDRAWAL,
        MoneyKind.WITHDRAWAL_RETURNED,
    }
)

# Movements between the PSP and us as a merchant: they belong to a payout batch and to no player.
ACCOUNT_KINDS = frozenset(
    {
        MoneyKind.FEE,
        MoneyKind.TAX,
        MoneyKind.RESERVE,
        MoneyKind.INVOICE_DEDUCTION,
        MoneyKind.CORRECTION,
        MoneyKind.BALANCE_TRANSFER,
        MoneyKind.TOPUP,
    }
)

# The sign each player kind must have at a PSP; the opposite is the break class `sign`.
EXPECTED_SIGN: dict[MoneyKind, int] = {
    MoneyKind.DEPOSIT: 1,
    MoneyKind.DEPOSIT_REVERSED: -1,
    MoneyKind.REFUND: -1,
    MoneyKind.REFUND_REVERSED: 1,
    MoneyKind.CHARGEBACK: -1,
    MoneyKind.CHARGEBACK_REVERSED: 1,
    MoneyKind.SECOND_CHARGEBACK: -1,
    MoneyKind.WITHDRAWAL: -1,
    MoneyKind.WITHDRAWAL_RETURNED: 1,
}
