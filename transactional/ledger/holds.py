"""What is a hold, and how does it end? For the service, the API and everyone who shows a player what is available.

A hold is placed, captured in parts, then released or expired; it resolves at most once and its ending is absorbing. available = posted - open holds.
The traps: a second release that succeeds as if it were the first, two captures that together exceed the hold, a late capture revived from a closed
hold. The database decides under the account's lock; this is the value it answers with.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from transactional.ledger.accounts import AccountRef


class HoldStatus(StrEnum):
    """`open` until everything is captured or what remains is released or expired."""

    OPEN = "open"
    CAPTURED = "captured"
    RELEASED = "released"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold as it stands. Units: minor units of the account's currency. `ended_as` is `released`, `expired` or None."""

    hold_id: UUID
    account: AccountRef
    amount_minor: int
    captured_minor: int = 0
    ended_as: HoldStatus | None = None
    expires_at: datetime | None = None
    intent_id: UUID | None = None

    @property
    def status(self) -> HoldStatus:
        if self.ended_as is not None:
            return self.ended_as
        return HoldStatus.CAPTURED if self.captured_minor == self.amount_minor else HoldStatus.OPEN

    @property
    def remaining_minor(self) -> int:
        """What is still held: nothing once the hold has ended."""
        return self.amount_minor - self.captured_minor if self.status is HoldStatus.OPEN else 0
