"""What is one entry: postings that add up to zero in every currency. For posting templates, the service and the simulator.

The traps: an amount that is a float, NaN, a string or a bool; a posting of zero; an entry that balances only across currencies; a time without
a zone. All are refused when the value is made, before the database is asked (which refuses them again).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from transactional.ledger.accounts import AccountRef
from transactional.vocabulary.errors import InputRejected, Refused
from transactional.vocabulary.money import INT64_MAX
from transactional.vocabulary.time import utc

__all__ = ["AccountRef", "Entry", "KeyedEntry", "Posting", "check_key", "sums_by_currency"]


@dataclass(frozen=True, slots=True)
class Posting:
    """One line. Units: `amount_minor` in minor units of the account's currency, positive is a debit.

    `backed_by` names the account that stands in for this one where this one has a floor: it takes what a debit cannot find here, and a later
    credit of the same `intent_id` repays it first. Decided by the database under the account's lock, never from a balance read earlier.
    """

    account: AccountRef
    amount_minor: int
    intent_id: UUID | None = None
    attempt_id: UUID | None = None
    psp_reference: str | None = None
    modification_reference: str | None = None
    backed_by: AccountRef | None = None

    def __post_init__(self) -> None:
        if type(self.amount_minor) is not int:
            raise InputRejected(f"an amount must be an integer of minor units, got {type(self.amount_minor).__name__}", code="amount_not_integer")
        if self.amount_minor == 0:
            raise InputRejected(f"a posting of zero on {self.account.code}", code="zero_amount")
        if abs(self.amount_minor) > INT64_MAX:
            raise InputRejected("an amount does not fit 64 bits of minor units", code="amount_out_of_range")
        if self.backed_by is not None and self.backed_by.currency != self.account.currency:
            raise InputRejected(
                f"{self.account.code} in {self.account.currency} cannot be backed in {self.backed_by.currency}", code="currency_mismatch"
            )


@dataclass(frozen=True, slots=True)
class Entry:
    """A balanced set of postings that happened at `effective_at`. Raises: Refused (`unbalanced`, `empty_entry`), InputRejected."""

    kind: str
    effective_at: datetime
    postings: tuple[Posting, ...]
    reverses_id: UUID | None = None
    description: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "effective_at", utc(self.effective_at))
        if not self.kind or len(self.kind) > 60:
            raise InputRejected("an entry needs a kind of at most 60 characters", code="wrong_kind")
        if not self.postings:
            raise Refused(f"an entry '{self.kind}' without postings", code="empty_entry")
        off = {currency: total for currency, total in sums_by_currency(self.postings).items() if total}
        if off:
            raise Refused(f"an entry '{self.kind}' is off balance: {off} (minor units)", code="unbalanced", detail=off)

    def payload_hash(self) -> bytes:
        """SHA-256 of everything the entry says: the same key with another hash is a conflict."""
        lines = [
            (
                posting.account.code,
                posting.account.currency,
                posting.amount_minor,
                posting.intent_id,
                posting.attempt_id,
                posting.psp_reference,
                posting.modification_reference,
                posting.backed_by and posting.backed_by.code,
            )
            for posting in self.postings
        ]
        return hashlib.sha256(orjson.dumps((self.kind, self.effective_at, self.reverses_id, self.description, lines))).digest()


@dataclass(frozen=True, slots=True)
class KeyedEntry:
    """An entry with the caller's idempotency key. `entry_id` and `recorded_at` may be given (a seeded world); otherwise the database makes them."""

    entry: Entry
    idempotency_key: str
    entry_id: UUID | None = None
    recorded_at: datetime | None = None

    def __post_init__(self) -> None:
        check_key(self.idempotency_key)
        if self.recorded_at is not None:
            object.__setattr__(self, "recorded_at", utc(self.recorded_at))


def check_key(idempotency_key: str) -> None:
    """Raises: InputRejected (`wrong_key`) unless the key has 1 to 200 printable characters."""
    if not 1 <= len(idempotency_key) <= 200 or not idempotency_key.isprintable():
        raise InputRejected("an idempotency key has 1 to 200 printable characters", code="wrong_key")


def sums_by_currency(postings: Iterable[Posting]) -> dict[str, int]:
    """Debits less credits per currency, in minor units."""
    sums: dict[str, int] = defaultdict(int)
    for posting in postings:
        sums[posting.account.currency] += posting.amount_minor
    return dict(sums)
