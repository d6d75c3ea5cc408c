"""What Adyen's refusal reason codes mean. Private part of the Adyen spec.

The traps: 2 (Refused) and 27 (Declined Non Generic) say nothing, the raw acquirer code beneath them does; 20 and 22 are Adyen's own risk engine and no word
of the issuer, 31 is the issuer's. Source: docs.adyen.com/development-resources/refusal-reasons (code beside its printed reason).
"""

from __future__ import annotations

from transactional.payments.declines.codes import DeclineMap
from transactional.payments.declines.taxonomy import UnifiedDecline

U = UnifiedDecline

_CODES: dict[UnifiedDecline, str] = {
    U.DO_NOT_HONOUR: "2 3 27",  # Refused, Referral, Declined Non Generic
    U.PROCESSING_ERROR: "4 21 40 44",  # Acquirer Error, Not Submitted, AID in penalty box, try another interface
    U.CARD_RESTRICTED: "5 18 25",  # Blocked Card, Pin tries exceeded, Restricted Card
    U.EXPIRED_CARD: "6",
    U.AMOUNT_NOT_ALLOWED: "7",
    U.INCORRECT_CARD_DATA: "8",
    U.ISSUER_UNAVAILABLE: "9 19",  # Issuer Unavailable, Pin validation not possible
    U.CARD_NOT_SUPPORTED: "10",
    U.AUTHENTICATION_FAILED: "11 41",  # 3D Not Authenticated, CVM Required Restart Payment
    U.INSUFFICIENT_FUNDS: "12",
    U.SUSPECTED_FRAUD: "14 31",  # Acquirer Fraud, Issuer Suspected Fraud
    U.CANCELLED_BY_PAYER: "15 16 37",  # Cancelled, Shopper Cancelled, Contactless fallback
    U.INCORRECT_PIN: "17 33 36",  # Invalid Pin, online PIN needed, mobile PIN needed
    U.BLOCKED_BY_PSP_RISK: "20 22",  # FRAUD, FRAUD-CANCELLED
    U.NOT_PERMITTED: "23",
    U.INCORRECT_CVC: "24",
    U.REVOKED: "26",
    U.LIMIT_EXCEEDED: "28 29",
    U.INCORRECT_ADDRESS: "32",
    U.ACCOUNT_CLOSED: "34 35",  # no checking, no savings account on the card
    U.AUTHENTICATION_REQUIRED: "38",
    U.AUTHENTICATION_UNAVAILABLE: "39 42",  # RReq not received from DS, 3DS Authentication Error
    U.BLOCKED_BY_RETRY_RULE: "46",  # blocked by Adyen against excessive retry fees
}

DECLINES = DeclineMap(
    codes={code: unified for unified, codes in _CODES.items() for code in codes.split()},
    vague=frozenset({"2", "3", "27"}),
    source="docs.adyen.com/development-resources/refusal-reasons",
)
