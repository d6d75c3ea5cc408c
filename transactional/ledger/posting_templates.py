"""Which accounts does each event of the house touch? Pure functions, one per event, each returning a balanced Entry. For payments and the simulator.
Payout batches are in settlement_templates.

The trap: the same event booked in two ways by two callers. The kind of an entry that moves a player's payment is its MoneyKind, because the
reconciliation reads exactly those postings on psp_receivable (positive = debit = towards us).

A fact that has already happened at the PSP is never refused for lack of funds: the player's line is backed by chargeback_receivable (or suspense).
A payment whose player is unknown rests in suspense. Amounts are positive; the template gives the sign. Source: reference LR §2.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from transactional.ledger.accounts import AccountRef, house_account, player_account, psp_account
from transactional.ledger.entries import Entry, Posting
from transactional.payments.money_kinds import MoneyKind
from transactional.vocabulary.errors import InputRejected
from transactional.vocabulary.money import Money


@dataclass(frozen=True, slots=True)
class Payment:
    """Whose payment, at which PSP, under which references. `player_id` None: the money belongs to no known player and rests in suspense."""

    psp: str
    merchant_account: str
    player_id: UUID | None
    intent_id: UUID | None = None
    attempt_id: UUID | None = None
    psp_reference: str | None = None
    modification_reference: str | None = None


def deposit_captured(payment: Payment, amount: Money, effective_at: datetime) -> Entry:
    """DR psp_receivable, CR player_cash."""
    return _player_movement(MoneyKind.DEPOSIT, payment, amount, effective_at, towards_us=True)


def deposit_reversed(payment: Payment, amount: Money, effective_at: datetime) -> Entry:
    """DR player_cash (what is missing: chargeback_receivable), CR psp_receivable. A capture that failed after all."""
    return _player_movement(MoneyKind.DEPOSIT_REVERSED, payment, amount, effective_at, towards_us=False)


def refund_sent(payment: Payment, amount: Money, effective_at: datetime) -> Entry:
    """DR player_cash (what is missing: chargeback_receivable), CR psp_receivable."""
    return _player_movement(MoneyKind.REFUND, payment, amount, effective_at, towards_us=False)


def refund_failed(payment: Payment, amount: Money, effective_at: datetime) -> Entry:
    """DR psp_receivable, CR chargeback_receivable as far as this intent owes there, CR player_cash the rest."""
    return _player_movement(MoneyKind.REFUND_REVERSED, payment, amount, effective_at, towards_us=True)


def chargeback_received(payment: Payment, amount: Money, effective_at: datetime) -> Entry:
    """DR player_cash (what is missing: chargeback_receivable), CR psp_receivable."""
    return _player_movement(MoneyKind.CHARGEBACK, payment, amount, effective_at, towards_us=False)


def chargeback_reversed(payment: Payment, amount: Money, effective_at: datetime) -> Entry:
    """DR psp_receivable, CR chargeback_receivable as far as this intent owes there, CR player_cash the rest."""
    return _player_movement(MoneyKind.CHARGEBACK_REVERSED, payment, amount, effective_at, towards_us=True)


def second_chargeback_received(payment: Payment, amount: Money, effective_at: datetime) -> Entry:
    """DR player_cash (what is missing: chargeback_receivable), CR psp_receivable."""
    return _player_movement(MoneyKind.SECOND_CHARGEBACK, payment, amount, effective_at, towards_us=False)


def withdrawal_requested(payment: Payment, amount: Money, effective_at: datetime) -> Entry:
    """DR player_cash (refused when it is not there), CR player_pending_withdrawal."""
    pending = _pending(payment, amount)
    return _transfer("withdrawal_requested", payment, amount, effective_at, debit=_players(payment, amount.currency), credit=pending)


def withdrawal_cancelled(payment: Payment, amount: Money, effective_at: datetime) -> Entry:
    """DR player_pending_withdrawal (refused when it is not there: a second cancellation), CR player_cash."""
    pending = _pending(payment, amount)
    return _transfer("withdrawal_cancelled", payment, amount, effective_at, debit=pending, credit=_players(payment, amount.currency))


def withdrawal_sent(payment: Payment, amount: Money, effective_at: datetime) -> Entry:
    """DR player_pending_withdrawal (what is missing: suspense), CR psp_receivable."""
    suspense = house_account("suspense", amount.currency, payment.psp)
    pending = suspense if payment.player_id is None else _pending(payment, amount)
    receivable = psp_account(payment.psp, payment.merchant_account, amount.currency)
    return _transfer(MoneyKind.WITHDRAWAL, payment, amount, effective_at, debit=pending, credit=receivable, backed_by=suspense)


def withdrawal_returned(payment: Payment, amount: Money, effective_at: datetime) -> Entry:
    """DR psp_receivable, CR suspense as far as this intent owes there, CR player_cash the rest."""
    return _player_movement(
        MoneyKind.WITHDRAWAL_RETURNED,
        payment,
        amount,
        effective_at,
        towards_us=True,
        backed_by=house_account("suspense", amount.currency, payment.psp),
    )


def _players(payment: Payment, currency: str) -> AccountRef:
    if payment.player_id is None:
        return house_account("suspense", currency, payment.psp)
    return player_account(payment.player_id, currency)


def _pending(payment: Payment, amount: Money) -> AccountRef:
    if payment.player_id is None:
        raise InputRejected("a withdrawal is requested or cancelled by a known player", code="unknown_player")
    return player_account(payment.player_id, amount.currency, "player_pending_withdrawal")


def _player_movement(
    kind: MoneyKind, payment: Payment, amount: Money, effective_at: datetime, *, towards_us: bool, backed_by: AccountRef | None = None
) -> Entry:
    """The player against the PSP, either way; the player's line is backed unless it is a plain deposit."""
    receivable, player = psp_account(payment.psp, payment.merchant_account, amount.currency), _players(payment, amount.currency)
    debit, credit = (receivable, player) if towards_us else (player, receivable)
    backing = None if kind is MoneyKind.DEPOSIT else backed_by or house_account("chargeback_receivable", amount.currency)
    return _transfer(kind, payment, amount, effective_at, debit=debit, credit=credit, backed_by=backing)


def _transfer(
    kind: str, payment: Payment, amount: Money, effective_at: datetime, *, debit: AccountRef, credit: AccountRef, backed_by: AccountRef | None = None
) -> Entry:
    def line(account: AccountRef, minor: int) -> Posting:
        return Posting(
            account,
            minor,
            intent_id=payment.intent_id,
            attempt_id=payment.attempt_id,
            psp_reference=payment.psp_reference,
            modification_reference=payment.modification_reference,
            backed_by=backed_by if account.code.startswith("player_") else None,
        )

    minor = _positive(amount)
    return Entry(kind, effective_at, (line(debit, minor), line(credit, -minor)))


def _positive(amount: Money) -> int:
    if amount.minor <= 0:
        raise InputRejected(f"a template takes a positive amount and gives the sign itself, got {amount.minor}", code="amount_not_positive")
    return amount.minor
