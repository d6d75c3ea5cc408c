"""What the ledger's routes take and give: bodies with their descriptions and examples, and how facts become answers.

The trap: an amount shown without its currency and exponent, or a document that describes other fields than are served.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from transactional.http.wire import (
    AccountCode,
    AmountMinor,
    Currency,
    EntryId,
    HoldId,
    Instant,
    IntentId,
    Wire,
    Words,
    exponent_or_none,
)
from transactional.ledger.accounts import AccountRef, class_of
from transactional.ledger.holds import Hold
from transactional.ledger.reading import BookedEntry
from transactional.vocabulary.ids import IdKind, public_id


class NewAccount(Wire):
    """An account of the chart in one currency."""

    code: AccountCode
    currency: Currency


class AccountOut(Wire):
    """An account as it stands. `balance_minor`: debits less credits. `available_minor`: only where the class has a floor."""

    code: str
    currency: str
    exponent: int | None
    account_class: str
    balance_minor: int
    available_minor: int | None


class NewTransfer(Wire):
    """Move `amount_minor` from the credited to the debited account."""

    debit_code: AccountCode
    credit_code: AccountCode
    currency: Currency
    amount_minor: AmountMinor
    effective_at: Instant
    description: Words | None = None


class LineOut(Wire):
    """One posting; positive is a debit."""

    code: str
    currency: str
    exponent: int | None
    amount_minor: int


class TransferOut(Wire):
    """One entry with its postings and its place in a chain of reversals."""

    entry_id: EntryId
    kind: str
    effective_at: Instant
    recorded_at: Instant
    reverses_id: EntryId | None
    reversed_by_id: EntryId | None
    description: str | None
    lines: list[LineOut]


class NewReversal(Wire):
    """When the reversal takes effect."""

    effective_at: Instant


class NewHold(Wire):
    """Set funds aside on an account that has a floor."""

    code: AccountCode
    currency: Currency
    amount_minor: AmountMinor
    expires_at: Instant | None = None
    intent_id: IntentId | None = None


class NewCapture(Wire):
    """Take a part of a hold to another account."""

    credit_code: AccountCode
    amount_minor: AmountMinor
    effective_at: Instant


class Nothing(Wire):
    """A body without fields."""


class HoldOut(Wire):
    """A hold as it stands."""

    hold_id: HoldId
    code: str
    currency: str
    amount_minor: int
    captured_minor: int
    remaining_minor: int
    status: str
    expires_at: Instant | None


class TransferPage(Wire):
    """A page of entries, the newest first."""

    items: list[TransferOut]
    next_before: EntryId | None = Field(description="Ask with `before` set to this for the next page; null: that was all.")


def account_out(ref: AccountRef, balance_minor: int, available_minor: int | None, now: datetime) -> AccountOut:
    """The answer about one account."""
    return AccountOut(
        code=ref.code,
        currency=ref.currency,
        exponent=exponent_or_none(ref.currency, now),
        account_class=class_of(ref.code).name,
        balance_minor=balance_minor,
        available_minor=available_minor,
    )


def transfer_out(entry: BookedEntry) -> TransferOut:
    """The answer about one entry."""
    return TransferOut(
        entry_id=public_id(IdKind.ENTRY, entry.entry_id),
        kind=entry.kind,
        effective_at=entry.effective_at,
        recorded_at=entry.recorded_at,
        reverses_id=public_id(IdKind.ENTRY, entry.reverses_id) if entry.reverses_id else None,
        reversed_by_id=public_id(IdKind.ENTRY, entry.reversed_by_id) if entry.reversed_by_id else None,
        description=entry.description,
        lines=[
            LineOut(
                code=line.account.code,
                currency=line.account.currency,
                exponent=exponent_or_none(line.account.currency, entry.effective_at),
                amount_minor=line.amount_minor,
            )
            for line in entry.lines
        ],
    )


def hold_out(hold: Hold) -> HoldOut:
    """The answer about one hold."""
    return HoldOut(
        hold_id=public_id(IdKind.HOLD, hold.hold_id),
        code=hold.account.code,
        currency=hold.account.currency,
        amount_minor=hold.amount_minor,
        captured_minor=hold.captured_minor,
        remaining_minor=hold.remaining_minor,
        status=hold.status.value,
        expires_at=hold.expires_at,
    )
