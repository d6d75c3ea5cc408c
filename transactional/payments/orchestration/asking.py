"""The questions a PSP can be asked, as frozen values. For the orchestrator (which writes each down before it is sent) and the adapters; gateway.py says how.

The traps: a card number in a request (instruments are the PSP's tokens, and no repr shows one); a question without the time its answer is waited for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from transactional.vocabulary.money import Money

Capturing = Literal["separately", "at_once"]
ThreeDs = Literal["no", "yes", "exemption"]


@dataclass(frozen=True, slots=True)
class AttemptRef:
    """The attempt a request belongs to. `merchant_reference` is what the PSP tells back."""

    attempt_id: UUID
    psp: str
    merchant_account: str
    merchant_reference: str


@dataclass(frozen=True, slots=True)
class Authorise:
    """Set the amount aside on the payer's instrument, and take it at once if `capturing` says so. `instrument` is the PSP's token, never a card number."""

    attempt: AttemptRef
    idempotency_key: str
    timeout_ms: int
    money: Money
    instrument: str = field(repr=False)
    capturing: Capturing = "separately"
    three_ds: ThreeDs = "no"
    country: str | None = None
    return_url: str | None = None
    payment_method: str | None = None


@dataclass(frozen=True, slots=True)
class Complete:
    """Go on after the payer did what was required. `details` is what the payer's browser brought back, as the PSP named it."""

    attempt: AttemptRef
    idempotency_key: str
    timeout_ms: int
    psp_reference: str | None
    details: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Capture:
    """Take what was set aside."""

    attempt: AttemptRef
    idempotency_key: str
    timeout_ms: int
    psp_reference: str | None
    money: Money


@dataclass(frozen=True, slots=True)
class Cancel:
    """Let go of what was set aside. An APPROVED answer means that nothing is or can be captured any more."""

    attempt: AttemptRef
    idempotency_key: str
    timeout_ms: int
    psp_reference: str | None


@dataclass(frozen=True, slots=True)
class Refund:
    """Give back what was captured."""

    attempt: AttemptRef
    idempotency_key: str
    timeout_ms: int
    psp_reference: str | None
    money: Money


@dataclass(frozen=True, slots=True)
class Payout:
    """Send money to a player."""

    attempt: AttemptRef
    idempotency_key: str
    timeout_ms: int
    money: Money
    instrument: str = field(repr=False)
    payment_method: str | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """What became of the attempt. The answer's outcome is that of its payment as a whole, and `movements` are all that the PSP knows.

    `repeating`: the request whose answer is missing, exactly as it was sent; None when we died under it. A PSP that has no query but honours idempotency
    keys may send it again under its own key. An adapter that can do neither answers UNKNOWN. It asks by `psp_reference`, else by merchant reference.
    """

    attempt: AttemptRef
    idempotency_key: str
    timeout_ms: int
    psp_reference: str | None
    repeating: Authorise | Complete | Capture | Cancel | Refund | Payout | None = None


Request = Authorise | Complete | Capture | Cancel | Refund | Payout | Status


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of a card without its number. `fingerprint` is a keyed hash, the same for the same card at every PSP."""

    fingerprint: str | None = None
    bin: str | None = None
    scheme: str | None = None
    funding: Literal["credit", "debit", "prepaid"] | None = None
    issuer: str | None = None
    issuer_country: str | None = None


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays or is paid, for one request. `instruments`: the token of the payer's instrument at each PSP that has one; they are kept nowhere."""

    country: str
    method: str
    instruments: Mapping[str, str] = field(repr=False)
    card: Card = Card()
    three_ds: ThreeDs = "no"
    return_url: str | None = None
