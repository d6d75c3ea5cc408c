"""What can be said about a payment, and what is new about one: the values that PSP specs, simulation and service exchange.

For everyone who records payments. Pure. The traps: an amount that carries its own sign (the kind has the sign), a movement known under two
keys (it would be booked twice), and an id drawn at random (a seeded world would not repeat): ids of events and entries follow from the fact.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from transactional.payments.money_kinds import EXPECTED_SIGN, MoneyKind
from transactional.vocabulary.errors import InputRejected
from transactional.vocabulary.ids import uuid7
from transactional.vocabulary.money import Money
from transactional.vocabulary.time import utc

Direction = Literal["deposit", "withdrawal"]


class FactKind(StrEnum):
    """What a PSP, a player or an officer said happened to an attempt."""

    CREATED = "created"
    REQUIRES_ACTION = "requires_action"
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    CAPTURE_FAILED = "capture_failed"
    SETTLED = "settled"
    FAILED = "failed"
    VOIDED = "voided"
    REFUND_REQUESTED = "refund_requested"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"
    REFUND_CANCELLED = "refund_cancelled"
    CHARGEBACK = "chargeback"
    CHARGEBACK_REVERSED = "chargeback_reversed"
    SECOND_CHARGEBACK = "second_chargeback"
    PAYOUT_REQUESTED = "payout_requested"
    PAYOUT_HELD = "payout_held"
    PAYOUT_APPROVED = "payout_approved"
    PAYOUT_SENT = "payout_sent"
    PAYOUT_RETURNED = "payout_returned"
    PAYOUT_FAILED = "payout_failed"
    PAYOUT_CANCELLED = "payout_cancelled"
    REPORT_AVAILABLE = "report_available"
    INFORMATION = "information"


_MONEY: dict[FactKind, MoneyKind] = {
    FactKind.CAPTURED: MoneyKind.DEPOSIT,
    FactKind.CAPTURE_FAILED: MoneyKind.DEPOSIT_REVERSED,
    FactKind.REFUNDED: MoneyKind.REFUND,
    FactKind.REFUND_FAILED: MoneyKind.REFUND_REVERSED,
    FactKind.REFUND_CANCELLED: MoneyKind.REFUND_REVERSED,
    FactKind.CHARGEBACK: MoneyKind.CHARGEBACK,
    FactKind.CHARGEBACK_REVERSED: MoneyKind.CHARGEBACK_REVERSED,
    FactKind.SECOND_CHARGEBACK: MoneyKind.SECOND_CHARGEBACK,
    FactKind.PAYOUT_SENT: MoneyKind.WITHDRAWAL,
    FactKind.PAYOUT_RETURNED: MoneyKind.WITHDRAWAL_RETURNED,
    FactKind.PAYOUT_FAILED: MoneyKind.WITHDRAWAL_RETURNED,
}

MONEY_KIND_OF: Mapping[FactKind, MoneyKind | None] = {kind: _MONEY.get(kind) for kind in FactKind}
"""Which movement at the PSP a fact is, if it moves money at all."""

CONDITIONAL = frozenset(
    {FactKind.CAPTURE_FAILED, FactKind.REFUND_FAILED, FactKind.REFUND_CANCELLED, FactKind.PAYOUT_FAILED, FactKind.PAYOUT_CANCELLED}
)
"""Kinds that undo an earlier movement and move money only if that movement happened: a refund that failed before it was sent moved nothing."""

_ANNOUNCED_SIGN = dict.fromkeys((FactKind.REFUND_REQUESTED, FactKind.PAYOUT_REQUESTED, FactKind.PAYOUT_HELD, FactKind.PAYOUT_APPROVED), -1)
_NEEDS_AMOUNT = frozenset(kind for kind in _MONEY if kind not in CONDITIONAL) | {FactKind.PAYOUT_REQUESTED}
_LONGEST_TEXT = 500
_LONGEST_KEY = 150


@dataclass(frozen=True, slots=True)
class PaymentFact:
    """One statement about a payment.

    Units: `amount` is positive minor units; the sign comes from the kind. `dedupe_key` names the movement, not its message: a capture told by
    two kinds of webhook has one key. Raises: InputRejected (`naive_time`, `amount_missing`, `amount_sign`, `bad_text`).
    """

    kind: FactKind
    psp: str
    merchant_account: str
    effective_at: datetime
    dedupe_key: str
    amount: Money | None = None
    psp_reference: str | None = None
    modification_reference: str | None = None
    merchant_reference: str | None = None
    attempt_id: UUID | None = None
    raw_kind: str = ""

    def __post_init__(self) -> None:
        utc(self.effective_at)
        if self.amount is None and self.kind in _NEEDS_AMOUNT:
            raise InputRejected(f"a fact of kind {self.kind} needs an amount", code="amount_missing")
        if self.amount is not None and self.amount.minor < 0:
            raise InputRejected(f"a fact of kind {self.kind} has a negative amount; the kind carries the sign", code="amount_sign")
        for name in ("psp", "merchant_account", "dedupe_key"):
            _usable(name, getattr(self, name), required=True)
        if len(self.dedupe_key) > _LONGEST_KEY or not self.dedupe_key.isprintable():
            raise InputRejected(f"dedupe_key must be at most {_LONGEST_KEY} printable characters", code="bad_text")
        for name in ("psp_reference", "modification_reference", "merchant_reference", "raw_kind"):
            _usable(name, getattr(self, name) or "", required=False)

    @property
    def money_kind(self) -> MoneyKind | None:
        """The movement this fact is when it is booked."""
        return MONEY_KIND_OF[self.kind]


def _usable(name: str, text: str, *, required: bool) -> None:
    if required and not text:
        raise InputRejected(f"{name} must not be empty", code="bad_text")
    if "\x00" in text or len(text) > _LONGEST_TEXT:
        raise InputRejected(f"{name} must be text of at most {_LONGEST_TEXT} characters without NUL", code="bad_text")


@dataclass(frozen=True, slots=True)
class NewIntent:
    """What a player wants: pay in or be paid out. None for id or times: the service draws them (database clock)."""

    player_id: UUID
    direction: Direction
    amount: Money
    idempotency_key: str
    intent_id: UUID | None = None
    created_at: datetime | None = None
    recorded_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.direction not in ("deposit", "withdrawal"):
            raise InputRejected("direction must be 'deposit' or 'withdrawal'", code="bad_direction")
        if self.amount.minor <= 0:
            raise InputRejected("an intent needs an amount above zero", code="amount_sign")
        _usable("idempotency_key", self.idempotency_key, required=True)


@dataclass(frozen=True, slots=True)
class NewAttempt:
    """One try of an intent at one PSP. `merchant_reference` None: the attempt's public id, which is what the PSP will echo."""

    intent_id: UUID
    psp: str
    merchant_account: str
    idempotency_key: str
    payment_method: str | None = None
    merchant_reference: str | None = None
    attempt_id: UUID | None = None
    created_at: datetime | None = None
    recorded_at: datetime | None = None

    def __post_init__(self) -> None:
        for name in ("psp", "merchant_account", "idempotency_key"):
            _usable(name, getattr(self, name), required=True)
        for name in ("payment_method", "merchant_reference"):
            _usable(name, getattr(self, name) or "", required=False)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What recording a fact did. `entry_id` and `money_kind` are None when it moved no money; `replayed` when it was known before."""

    event_id: UUID
    dedupe_key: str
    attempt_id: UUID | None
    entry_id: UUID | None
    money_kind: MoneyKind | None
    replayed: bool


@dataclass(frozen=True, slots=True)
class Created:
    """The answer to a new intent or attempt. `merchant_reference`: what the PSP will echo (attempts only); `replayed`: it was there already."""

    id: UUID
    replayed: bool
    merchant_reference: str | None = None


def signed_minor(kind: FactKind, minor: int) -> int:
    """The amount of a fact as it is stored: positive towards us, also for kinds that only announce a movement."""
    money_kind = MONEY_KIND_OF[kind]
    sign = EXPECTED_SIGN[money_kind] if money_kind else _ANNOUNCED_SIGN.get(kind, 1)
    return sign * minor


def event_id_of(fact: PaymentFact, suffix: str = "") -> UUID:
    """The id of the payment event of a fact: a UUIDv7 at effective_at whose bits come from the dedupe key (and what is appended to it)."""
    return uuid7(fact.effective_at, _BitsOf("event", fact.dedupe_key + suffix))


def entry_id_of(fact: PaymentFact, suffix: str = "") -> UUID:
    """The id of the ledger entry a fact is booked as (if it is booked)."""
    return uuid7(fact.effective_at, _BitsOf("entry", fact.dedupe_key + suffix))


class _BitsOf:
    """Random bits that are a hash of a text: a UUIDv7 of the same fact is the same id in every run."""

    def __init__(self, *parts: str) -> None:
        self._left = int.from_bytes(hashlib.sha256("\x1f".join(parts).encode()).digest(), "big")

    def getrandbits(self, k: int, /) -> int:
        taken, self._left = self._left & ((1 << k) - 1), self._left >> k
        return taken
