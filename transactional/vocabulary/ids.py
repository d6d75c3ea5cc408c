"""Typed, time-ordered ids. For the API (prefix and hex) and the tables (uuid).

The trap: an attempt id passed where an entry id is meant is accepted by any uuid column. At the edge the prefix says the type.
UUIDv7 keeps inserts at the right edge of the index; the clock and the random bits are passed in, so a seeded world has the same ids.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from transactional.vocabulary.errors import InputRejected


class IdKind(StrEnum):
    """The prefix of each id at the API."""

    ACCOUNT = "acc"
    ENTRY = "jen"
    HOLD = "hld"
    PLAYER = "ply"
    INTENT = "pin"
    ATTEMPT = "pat"
    PAYMENT_EVENT = "pev"
    DECISION = "dec"
    WEBHOOK = "whk"
    FILE = "fil"
    BREAK = "brk"
    GROUP = "grp"


class RandomBits(Protocol):
    """What `random.Random` and `secrets.SystemRandom` share."""

    def getrandbits(self, k: int, /) -> int: ...


SYSTEM_RANDOM: RandomBits = secrets.SystemRandom()


def uuid7(now: datetime, bits: RandomBits = SYSTEM_RANDOM) -> UUID:
    """A UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then 74 random bits."""
    milliseconds = int(now.timestamp() * 1000) & (2**48 - 1)
    value = (milliseconds << 80) | (0x7 << 76) | (bits.getrandbits(12) << 64) | (0b10 << 62) | bits.getrandbits(62)
    return UUID(int=value)


def public_id(kind: IdKind, value: UUID) -> str:
    """The id as the API shows it: `jen_018f...` (32 hex digits)."""
    return f"{kind.value}_{value.hex}"


def parse_id(kind: IdKind, text: str) -> UUID:
    """The uuid behind a public id. Raises: InputRejected (code `wrong_id`) for another type's id or no id at all."""
    prefix, _, digits = text.partition("_")
    if prefix != kind.value or len(digits) != 32 or not set(digits) <= set("0123456789abcdef"):
        raise InputRejected(f"expected an id like {kind.value}_<32 hex digits>", code="wrong_id")
    return UUID(hex=digits)


def stable_key(*parts: object) -> str:
    """A 32-digit hash of the parts: the same parts give the same id in every run. Parts are separated, so ('ab','c') differs from ('a','bc')."""
    joined = "\x1f".join("" if part is None else str(part) for part in parts)
    return hashlib.sha256(joined.encode()).hexdigest()[:32]
