"""Where does chance come from? From a hash, so that a decision can be replayed and an intent that asks twice is answered alike.

Pure. The trap: a random number generator in the router: the log says what was drawn, and nobody can check it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from uuid import UUID


def draw(intent_id: UUID, policy_id: str, salt: str) -> float:
    """A number in [0, 1), the same for the same intent, policy and salt."""
    told = hashlib.blake2b(f"{intent_id.hex}\x1f{policy_id}\x1f{salt}".encode(), digest_size=7).digest()
    return (int.from_bytes(told) >> 3) / (1 << 53)  # 53 bits: every value is a float of its own


def chosen(propensities: Mapping[str, float], drawn: float) -> str:
    """The PSP a draw falls on, PSPs laid side by side in the order of their names. Raises: ValueError when there are none."""
    if not propensities:
        raise ValueError("there is nothing to choose from")
    reached = 0.0
    last = ""
    for psp in sorted(propensities):
        reached += propensities[psp]
        if propensities[psp] > 0:
            last = psp
            if drawn < reached:
                return psp
    return last  # rounding: the propensities end a hair below 1
