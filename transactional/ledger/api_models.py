"""What the ledger's routes take and give: bodies with their descriptions and examples, and how facts become answers.

The trap: an amount shown without its currency and exponent, or a document that describes other fields than are served.
"""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import Field

from transactional.http.wire import (
    AccountCode,
    AmountMinor,
    Currency,
    EntryId,
    Exponent,
    HoldId,
    Instant,
    IntentId,
    SignedMinor,
    SumMinor,
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

    code: str = Field(description="A code of the chart of accounts.", examples=["house_revenue"])
    currency: str = Field(description="ISO 4217 code.", examples=["EUR"])
    exponent: Exponent
    account_class: str = Field(description="The part of the code that says what kind of account it is.")
    balance_minor: SignedMinor
    available_minor: int | None = Field(
        description="Posted funds less open holds, minor units; null where the class has no floor and in a reading of the past."
    )

    @classmethod
    def of(cls, ref: AccountRef, balance_minor: int, available_minor: int | None, now: datetime) -> Self:
        """The answer about one account."""
        return cls(
            code=ref.code,
            currency=ref.currency,
            exponent=exponent_or_none(ref.currency, now),
            account_class=class_of(ref.code).name,
            balance_minor=balance_minor,
            available_minor=available_minor,
        )


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

    code: str = Field(description="A code of the chart of accounts.", examples=["house_revenue"])
    currency: str = Field(description="ISO 4217 code.", examples=["EUR"])
    exponent: Exponent
    amount_minor: SignedMinor


class TransferOut(Wire):
    """One entry with its postings and its place in a chain of reversals."""

    entry_id: EntryId
    kind: str = Field(description="What happened: transfer, reversal, hold_captured, or the movement of a payment (deposit, refund, ...).")
    effective_at: Instant
    recorded_at: Instant
    reverses_id: EntryId | None = Field(description="The entry this one takes back.")
    reversed_by_id: EntryId | None = Field(description="The entry that took this one back.")
    description: str | None = Field(description="What the caller said about it.")
    lines: list[LineOut] = Field(description="The postings; they add up to zero in each currency.")

    @classmethod
    def of(cls, entry: BookedEntry) -> Self:
        """The answer about one entry."""
        return cls(
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
    code: str = Field(description="A code of the chart of accounts.", examples=["house_revenue"])
    currency: str = Field(description="ISO 4217 code.", examples=["EUR"])
    amount_minor: SumMinor
    captured_minor: SumMinor
    remaining_minor: SumMinor
    status: str = Field(description="open, captured, released or expired.")
    expires_at: Instant | None

    @classmethod
    def of(cls, hold: Hold) -> Self:
        """The answer about one hold."""
        return cls(
            hold_id=public_id(IdKind.HOLD, hold.hold_id),
            code=hold.account.code,
            currency=hold.account.currency,
            amount_minor=hold.amount_minor,
            captured_minor=hold.captured_minor,
            remaining_minor=hold.remaining_minor,
            status=hold.status.value,
            expires_at=hold.expires_at,
        )


class TransferPage(Wire):
    """A page of entries, the newest first."""

    items: list[TransferOut] = Field(description="The entries.")
    next_before: EntryId | None = Field(description="Ask with `before` set to this for the next page; null: that was all.")
