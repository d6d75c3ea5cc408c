"""What a simulated PSP believes that it did: the other side of "ledger equals PSP". For PSP servers, tests and faults.

Units: the PSP's own minor units. The trap: a simulator whose truth is read from its answers; answers get lost, books do not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(slots=True)
class Kept:
    """One payment or payout as the PSP has it. `facts`: whatever else this PSP must remember of it."""

    reference: str
    merchant_reference: str
    currency: str
    amount: int
    kind: Literal["payment", "payout"] = "payment"
    state: str = "new"
    authorised: int = 0
    captured: int = 0
    refunded: int = 0
    paid_out: int = 0
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Believed:
    """The sums of what a PSP did under one merchant reference, or at all. `held` is what it still has set aside."""

    payments: int
    held: int
    captured: int
    refunded: int
    paid_out: int


class Books:
    """All payments of one simulated PSP, by its own reference."""

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}

    def add(self, payment: Kept) -> Kept:
        """Enter a payment."""
        self.kept[payment.reference] = payment
        return payment

    def under(self, merchant_reference: str) -> list[Kept]:
        """What carries our reference, oldest first."""
        return [one for one in self.kept.values() if one.merchant_reference == merchant_reference]

    def believed(self, merchant_reference: str | None = None) -> Believed:
        """What was done under a reference; None: everything."""
        return _sums(self.kept.values() if merchant_reference is None else self.under(merchant_reference))


def _sums(kept: Iterable[Kept]) -> Believed:
    found = list(kept)
    return Believed(
        payments=len(found),
        held=sum(one.authorised for one in found),
        captured=sum(one.captured for one in found),
        refunded=sum(one.refunded for one in found),
        paid_out=sum(one.paid_out for one in found),
    )
