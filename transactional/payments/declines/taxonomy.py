"""What does a refusal mean, whoever said it, and what may be done next? For retrying, the statistics of PSPs and support.

Dated and versioned: a meaning that changes is a new row beside the old one, and each answer is kept with the version that read it. The traps: a time-out
called a refusal; a payer's mistake counted against the PSP; a code nobody knows treated as one that may be tried again (it is `unknown`: nothing is tried by
itself, and it is loud).

Source: docs.stripe.com/declines/codes; docs.adyen.com/development-resources/refusal-reasons; ISO 8583 response codes as Visa and Mastercard publish them;
RT §2.2 for the classes and for what changes on 2026-10-25.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType


class DeclineClass(StrEnum):
    """Whose doing a failure is, and how final (the attribution ladder of RT §2.2). `unknown`: a code nobody has read yet."""

    HARD = "hard"
    SOFT_WAIT = "soft_wait"
    SOFT_FIX = "soft_fix"
    TECHNICAL = "technical"
    UNKNOWN_OUTCOME = "unknown_outcome"
    PAYER = "payer"
    MERCHANT_BLOCK = "merchant_block"
    UNKNOWN = "unknown"


BLAMED = frozenset({DeclineClass.HARD, DeclineClass.SOFT_WAIT, DeclineClass.TECHNICAL, DeclineClass.UNKNOWN_OUTCOME, DeclineClass.UNKNOWN})
"""Failures that count against a PSP's success where PSPs are compared: all but the payer's own and those we caused. int_payments__attempts_resolved
says them in SQL, and a test holds the two together."""


class Remedy(StrEnum):
    """What may be done by itself after a failure. Everything else waits for the payer or a person."""

    OTHER_PSP = "other_psp"
    STEP_UP = "step_up"
    WAIT = "wait"
    RESOLVE = "resolve"


class UnifiedDecline(StrEnum):
    """One word per reason, for all PSPs."""

    ACCOUNT_CLOSED = "account_closed"
    AMOUNT_NOT_ALLOWED = "amount_not_allowed"
    AUTHENTICATION_FAILED = "authentication_failed"
    AUTHENTICATION_REQUIRED = "authentication_required"
    AUTHENTICATION_UNAVAILABLE = "authentication_unavailable"
    BLOCKED_BY_PSP_RISK = "blocked_by_psp_risk"
    BLOCKED_BY_RETRY_RULE = "blocked_by_retry_rule"
    BLOCKED_BY_US = "blocked_by_us"
    CANCELLED_BY_PAYER = "cancelled_by_payer"
    CARD_NOT_SUPPORTED = "card_not_supported"
    CARD_RESTRICTED = "card_restricted"
    CONFIGURATION = "configuration"
    DO_NOT_HONOUR = "do_not_honour"
    DUPLICATE = "duplicate"
    EXPIRED_CARD = "expired_card"
    EXPIRED_SESSION = "expired_session"
    INCORRECT_ADDRESS = "incorrect_address"
    INCORRECT_CARD_DATA = "incorrect_card_data"
    INCORRECT_CVC = "incorrect_cvc"
    INCORRECT_PIN = "incorrect_pin"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    INTEGRATION = "integration"
    ISSUER_UNAVAILABLE = "issuer_unavailable"
    LIMIT_EXCEEDED = "limit_exceeded"
    LOST_OR_STOLEN = "lost_or_stolen"
    NEVER_APPROVED = "never_approved"
    NEW_CARD_DATA = "new_card_data"
    NOT_PERMITTED = "not_permitted"
    OUTCOME_UNKNOWN = "outcome_unknown"
    PROCESSING_ERROR = "processing_error"
    RATE_LIMITED = "rate_limited"
    REVOKED = "revoked"
    SUSPECTED_FRAUD = "suspected_fraud"
    TRY_LATER = "try_later"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a decline means. `remedies` are in the order they are tried; `wait` is how long WAIT is at least."""

    decline_class: DeclineClass
    remedies: tuple[Remedy, ...] = ()
    wait: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """All meanings in force from `since` until the next version."""

    version: str
    since: date
    meanings: Mapping[UnifiedDecline, Meaning]


U, C, R = UnifiedDecline, DeclineClass, Remedy
_HARD, _FIX, _PAYER, _US = Meaning(C.HARD), Meaning(C.SOFT_FIX), Meaning(C.PAYER), Meaning(C.MERCHANT_BLOCK)
_FAILOVER = Meaning(C.TECHNICAL, (R.OTHER_PSP,))
_DAY = timedelta(days=1)

_FIRST: Mapping[UnifiedDecline, Meaning] = {
    U.ACCOUNT_CLOSED: _HARD,
    U.AMOUNT_NOT_ALLOWED: _FIX,
    U.AUTHENTICATION_FAILED: _PAYER,
    U.AUTHENTICATION_REQUIRED: Meaning(C.SOFT_FIX, (R.STEP_UP,)),
    U.AUTHENTICATION_UNAVAILABLE: _FAILOVER,
    # the PSP's risk engine, not the issuer: another PSP may think otherwise, but asking around with a suspected card is what fraudsters do
    U.BLOCKED_BY_PSP_RISK: _US,
    U.BLOCKED_BY_RETRY_RULE: Meaning(C.MERCHANT_BLOCK, (R.WAIT,), 30 * _DAY),
    U.BLOCKED_BY_US: _US,
    U.CANCELLED_BY_PAYER: _PAYER,
    # by this PSP or account; another may take the card
    U.CARD_NOT_SUPPORTED: Meaning(C.SOFT_FIX, (R.OTHER_PSP,)),
    U.CARD_RESTRICTED: _HARD,
    U.CONFIGURATION: _FAILOVER,
    U.DO_NOT_HONOUR: Meaning(C.SOFT_WAIT, (R.OTHER_PSP, R.WAIT), _DAY),
    # the same payment may already be under way: found out, never sent again blindly
    U.DUPLICATE: Meaning(C.UNKNOWN_OUTCOME, (R.RESOLVE,)),
    U.EXPIRED_CARD: _FIX,
    U.EXPIRED_SESSION: _PAYER,
    U.INCORRECT_ADDRESS: _FIX,
    U.INCORRECT_CARD_DATA: _FIX,
    U.INCORRECT_CVC: _FIX,
    U.INCORRECT_PIN: _FIX,
    U.INSUFFICIENT_FUNDS: Meaning(C.SOFT_WAIT, (R.WAIT,), _DAY),
    U.INTEGRATION: _FAILOVER,
    U.ISSUER_UNAVAILABLE: Meaning(C.TECHNICAL, (R.OTHER_PSP, R.WAIT), timedelta(minutes=5)),
    U.LIMIT_EXCEEDED: Meaning(C.SOFT_WAIT, (R.WAIT,), _DAY),
    U.LOST_OR_STOLEN: _HARD,
    U.NEVER_APPROVED: _HARD,
    U.NEW_CARD_DATA: _FIX,
    U.NOT_PERMITTED: Meaning(C.SOFT_WAIT, (R.OTHER_PSP,)),
    U.OUTCOME_UNKNOWN: Meaning(C.UNKNOWN_OUTCOME, (R.RESOLVE,)),
    U.PROCESSING_ERROR: _FAILOVER,
    U.RATE_LIMITED: _FAILOVER,
    U.REVOKED: _HARD,
    U.SUSPECTED_FRAUD: _HARD,
    U.TRY_LATER: Meaning(C.SOFT_WAIT, (R.OTHER_PSP, R.WAIT), timedelta(hours=1)),
    U.UNREAD: Meaning(C.UNKNOWN),
}

TAXONOMIES: tuple[Taxonomy, ...] = (
    Taxonomy("2025-01", date(2025, 1, 1), MappingProxyType(dict(_FIRST))),
    # Visa's 57 (not permitted to this cardholder: gambling at many issuers) becomes category 1, never to be tried again
    Taxonomy("2026-10", date(2026, 10, 25), MappingProxyType({**_FIRST, U.NOT_PERMITTED: _HARD})),
)


def taxonomy_on(day: date) -> Taxonomy:
    """The taxonomy in force on a day; the first one for days before it."""
    return next((one for one in reversed(TAXONOMIES) if one.since <= day), TAXONOMIES[0])
