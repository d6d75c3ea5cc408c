"""What we ask of a PSP and what it answers, in one set of words for all of them. For the orchestrator, the adapters and every
test double. The questions themselves are in asking.py.

A gateway is one of our accounts at one PSP behind seven questions. Its base URL, keys and SDK are configuration of the adapter. Rules an adapter keeps:

- It never raises for what the outside does. What became of the request is one of the `Outcome`s, and when the adapter cannot be sure that nothing was
  done (time-out, connection lost after sending, 5xx, an answer that cannot be read, a signature that is wrong) it is UNKNOWN, never a decline.
- It sends `idempotency_key` as the PSP's own idempotency key, and `attempt.merchant_reference` where the PSP tells it back in webhooks and reports.
- It never sends a request twice by itself: no transport retries (RT §4.20). Who repeats, with which key, is the orchestrator's decision.
- It tells movements under the references the PSP's webhooks use, so that a capture told by both is one fact.
- Codes only: no message of the PSP, no card number, no name in an answer.

The traps: "declined" for a time-out (the payer pays twice); a key per request instead of per business operation (stripe/ai 402); a PSP whose capture is
answered "received" read as captured (it is PENDING until its webhook).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

from transactional.payments.facts import FactKind
from transactional.payments.orchestration.asking import Authorise, Cancel, Capture, Complete, Payout, Refund, Request, Status
from transactional.vocabulary.money import Money

TIMEOUT = "timeout"
"""The `raw_code` of an UNKNOWN answer that is none: the time to wait for it was over."""


class Outcome(StrEnum):
    """What became of a request.

    APPROVED: done as asked. DECLINED: definitely not done, by the issuer, the payer or the PSP's rules; codes say why. ERROR: definitely not done, by fault of
    the request, its configuration or a PSP that said so before doing anything (4xx, 429, connection refused). PENDING: accepted, the end comes later by
    webhook or status. REQUIRES_ACTION: the payer must do something first (`action`). UNKNOWN: nobody can say. NOT_FOUND (status only): the PSP knows no such
    request.
    """

    APPROVED = "approved"
    DECLINED = "declined"
    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    UNKNOWN = "unknown"
    NOT_FOUND = "not_found"
    ERROR = "error"


class AuthenticationStep(StrEnum):
    """Steps of 3-D Secure as facts."""

    ASKED = "asked"
    FRICTIONLESS = "frictionless"
    CHALLENGE = "challenge"
    PASSED = "passed"
    FAILED = "failed"
    ABANDONED = "abandoned"
    EXEMPTION_ASKED = "exemption_asked"
    EXEMPTION_GRANTED = "exemption_granted"
    EXEMPTION_REFUSED = "exemption_refused"


@dataclass(frozen=True, slots=True)
class Action:
    """What the payer must do: open `url`, or what the PSP's own script needs in `data`. Goes to the payer's browser, is kept nowhere."""

    kind: Literal["redirect", "challenge", "script"]
    url: str | None = None
    data: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Movement:
    """Something that happened at the PSP, as its webhooks would tell it. `amount` is positive; the kind has the sign.

    `modification_reference` is the id under which the PSP's webhook names a capture, refund or transfer (Stripe: the charge, Adyen: the modification's
    pspReference). A kind that moves money needs it or the payment's `psp_reference`: facts are deduplicated by `<psp>:<kind>:<reference>`.
    """

    kind: FactKind
    effective_at: datetime
    amount: Money | None = None
    modification_reference: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a PSP said. `raw_code` is the PSP's own, `network_code` the scheme's, `advice_code` Mastercard's merchant advice; `latency_ms` as measured."""

    outcome: Outcome
    answered_at: datetime
    latency_ms: int
    psp_reference: str | None = None
    http_status: int | None = None
    raw_code: str | None = None
    network_code: str | None = None
    advice_code: str | None = None
    movements: tuple[Movement, ...] = ()
    authentication: tuple[AuthenticationStep, ...] = ()
    action: Action | None = None


class Gateway(Protocol):
    """One of our accounts at one PSP. Implementations are safe to use from several threads."""

    @property
    def psp(self) -> str:
        """The PSP's name in psps.registry."""

    def authorise(self, request: Authorise) -> Answer:
        """Ask for the money. APPROVED with a CAPTURED movement when it was taken at once, with an AUTHORISED one when it was set aside."""

    def complete(self, request: Complete) -> Answer:
        """Go on after the payer acted; answers as `authorise`."""

    def capture(self, request: Capture) -> Answer:
        """Take what was set aside. PENDING where the PSP says so only by webhook."""

    def cancel(self, request: Cancel) -> Answer:
        """Let go of what was set aside. DECLINED when it is too late (it is captured): the status then says so."""

    def refund(self, request: Refund) -> Answer:
        """Give back. PENDING where the end comes by webhook."""

    def payout(self, request: Payout) -> Answer:
        """Send to a player. PENDING where the end comes by webhook."""

    def status(self, request: Status) -> Answer:
        """What became of an attempt; moves nothing (but see `Status.repeating`)."""


def ask(gateway: Gateway, request: Request) -> Answer:
    """Put the question to the gateway by its kind."""
    match request:
        case Authorise():
            return gateway.authorise(request)
        case Complete():
            return gateway.complete(request)
        case Capture():
            return gateway.capture(request)
        case Cancel():
            return gateway.cancel(request)
        case Refund():
            return gateway.refund(request)
        case Payout():
            return gateway.payout(request)
        case Status():
            return gateway.status(request)
