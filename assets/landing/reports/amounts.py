"""Small truths about amounts that are already read: the sign of another column, the sum of what is printed. For canonical.py."""

from __future__ import annotations

from collections.abc import Iterable


def signed_like(amount: int | None, text: str) -> int | None:
    """The amount with the sign another column of the row prints; a zero there says nothing about the sign."""
    if amount is None or not text.strip("-+0.,"):
        return amount
    return -abs(amount) if text.startswith("-") else abs(amount)


def total(parts: Iterable[int | None]) -> int | None:
    """The sum of what is printed; None when nothing is."""
    printed = [part for part in parts if part is not None]
    return sum(printed) if printed else None
