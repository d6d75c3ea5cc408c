"""Who wants to pay what, and which of our accounts might take it: what a routing decision is asked about. For the router, its API and replay.

Pure values. The trap: a decision that reads something the log does not hold cannot be replayed. Everything a decision depends on is here, in the card, in the
breakers or in the policy, and all four are logged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from transactional.vocabulary.errors import InputRejected

_COUNTRY = re.compile(r"[A-Z]{2}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_BIN = re.compile(r"[0-9]{6,8}")


@dataclass(frozen=True, slots=True)
class RouteRequest:
    """One attempt that wants a PSP. Units: `amount_minor` is positive minor units. `tried` are the PSPs this intent has been tried at.

    Raises: InputRejected (`bad_country`, `bad_currency`, `bad_bin`, `amount_sign`, `bad_attempt_no`).
    """

    intent_id: UUID
    country: str
    method: str
    currency: str
    amount_minor: int
    attempt_no: int = 1
    scheme: str | None = None
    issuer: str | None = None
    issuer_country: str | None = None
    bin: str | None = None
    tried: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not _COUNTRY.fullmatch(self.country):
            raise InputRejected("country must be two capital letters (ISO 3166)", code="bad_country")
        if not _CURRENCY.fullmatch(self.currency):
            raise InputRejected("currency must be three capital letters (ISO 4217)", code="bad_currency")
        if self.bin is not None and not _BIN.fullmatch(self.bin):
            raise InputRejected("bin must be the first 6 to 8 digits of a card number, and no more of it", code="bad_bin")
        if self.amount_minor <= 0:
            raise InputRejected("an attempt needs an amount above zero", code="amount_sign")
        if self.attempt_no < 1:
            raise InputRejected("attempts are numbered from 1", code="bad_attempt_no")


@dataclass(frozen=True, slots=True, order=True)
class Candidate:
    """One of our accounts at a PSP that an attempt could go to. A PSP stands once among the candidates of a request."""

    psp: str
    account: str
