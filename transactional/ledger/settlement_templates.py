"""Which accounts does a payout batch touch: when the PSP settles it, when the bank has it, when it comes back. Pure, as posting_templates.

The trap: the payout booked as if it were the gross, with fees, reserve and exchange squeezed into one number nobody can explain. Each has its line.
Every line carries the batch id as `psp_reference`; reconciliation reads the lines on psp_payout_in_transit of kinds `payout` and `payout_returned`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from transactional.ledger.accounts import AccountRef, house_account, psp_account
from transactional.ledger.entries import Entry, Posting
from transactional.payments.money_kinds import MoneyKind
from transactional.vocabulary.errors import InputRejected


@dataclass(frozen=True, slots=True)
class PayoutBatch:
    """Which batch, and the currency it is paid out in."""

    psp: str
    merchant_account: str
    batch_id: str
    currency: str

    def account(self, class_name: str, currency: str | None = None) -> AccountRef:
        """Our account of that class at this PSP and merchant account."""
        return psp_account(self.psp, self.merchant_account, currency or self.currency, class_name)


@dataclass(frozen=True, slots=True)
class BatchTotals:
    """What the lines of a batch add up to. Units: minor. `payout_minor` and `gross_minor` (by payment currency) are positive towards us,
    `reserve_minor` is positive when kept back, `fees_minor` (by kind of fee) when it costs us; all but gross in the payout currency."""

    payout_minor: int
    gross_minor: Mapping[str, int]
    fees_minor: Mapping[str, int] = field(default_factory=dict)
    reserve_minor: int = 0


def settlement_booked(batch: PayoutBatch, totals: BatchTotals, effective_at: datetime) -> Entry:
    """DR psp_payout_in_transit the payout, DR fee_expense per kind, DR psp_reserve what is kept back, CR psp_receivable the gross.

    Foreign gross is exchanged through fx_gain_loss, which also takes the residue; a residue without any exchange rests in suspense.
    """
    gross = {batch.currency: 0, **totals.gross_minor}
    foreign = {currency: minor for currency, minor in gross.items() if currency != batch.currency and minor}
    residue = gross[batch.currency] - totals.payout_minor - sum(totals.fees_minor.values()) - totals.reserve_minor
    rest = house_account("fx_gain_loss", batch.currency) if foreign else house_account("suspense", batch.currency, batch.psp)
    lines = [
        (batch.account("psp_payout_in_transit"), totals.payout_minor),
        *((house_account("fee_expense", batch.currency, kind), minor) for kind, minor in sorted(totals.fees_minor.items())),
        (batch.account("psp_reserve"), totals.reserve_minor),
        *((batch.account("psp_receivable", currency), -minor) for currency, minor in sorted(gross.items())),
        *((house_account("fx_gain_loss", currency), minor) for currency, minor in sorted(foreign.items())),
        (rest, residue),
    ]
    return _entry(MoneyKind.PAYOUT, batch, lines, effective_at)


def payout_received(batch: PayoutBatch, iban: str, amount_minor: int, effective_at: datetime) -> Entry:
    """DR bank, CR psp_payout_in_transit. The amount is the bank's: a difference to the payout stays visible in transit."""
    minor = _positive(amount_minor)
    lines = [(house_account("bank", batch.currency, iban), minor), (batch.account("psp_payout_in_transit"), -minor)]
    return _entry("payout_received", batch, lines, effective_at)


def payout_collected(batch: PayoutBatch, iban: str, amount_minor: int, effective_at: datetime) -> Entry:
    """DR psp_payout_in_transit, CR bank: a batch ended below zero and the PSP took what it was short of. The amount is the bank's, positive."""
    minor = _positive(amount_minor)
    lines = [(batch.account("psp_payout_in_transit"), minor), (house_account("bank", batch.currency, iban), -minor)]
    return _entry("payout_collected", batch, lines, effective_at)


def payout_returned(batch: PayoutBatch, amount_minor: int, effective_at: datetime) -> Entry:
    """DR psp_receivable, CR psp_payout_in_transit: the payout bounced, the PSP owes us the money again."""
    minor = _positive(amount_minor)
    lines = [(batch.account("psp_receivable"), minor), (batch.account("psp_payout_in_transit"), -minor)]
    return _entry(MoneyKind.PAYOUT_RETURNED, batch, lines, effective_at)


def _entry(kind: str, batch: PayoutBatch, lines: list[tuple[AccountRef, int]], effective_at: datetime) -> Entry:
    return Entry(kind, effective_at, tuple(Posting(account, minor, psp_reference=batch.batch_id) for account, minor in lines if minor))


def _positive(amount_minor: int) -> int:
    if amount_minor <= 0:
        raise InputRejected(f"a template takes a positive amount and gives the sign itself, got {amount_minor}", code="amount_not_positive")
    return amount_minor
