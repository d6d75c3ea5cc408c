"""Which unified decline is it, given what a PSP printed? For the orchestrator, which keeps the result with the answer.

A PSP's word is often vaguer than the scheme's response code under it ("card declined" over 51), and Mastercard's advice code is more precise than both. So:
an advice that says never or when, then the PSP's word where it is specific, then the scheme's code, then the PSP's generic word. The traps: an unknown code
that falls through to a retry; a code of one scheme read by another's list (65 is "too often" at Visa and "authenticate" at Mastercard).

Source: the codes as published by PSPs and schemes, named beside each map; RT §2.2 for the advice codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from transactional.payments.declines.taxonomy import DeclineClass, Meaning, Remedy, UnifiedDecline, taxonomy_on

U, R = UnifiedDecline, Remedy


@dataclass(frozen=True, slots=True)
class DeclineMap:
    """A PSP's own codes. `vague`: those that only say that it was refused, so that the scheme's code beneath is asked first."""

    codes: Mapping[str, UnifiedDecline] = field(default_factory=dict)
    vague: frozenset[str] = frozenset()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Decline:
    """A refusal that was read. `unread_code` is set when nobody has a meaning for it: whoever keeps it must say so loudly."""

    unified: UnifiedDecline
    meaning: Meaning
    taxonomy_version: str
    unread_code: str | None = None

    @property
    def decline_class(self) -> DeclineClass:
        return self.meaning.decline_class


NETWORK_CODES: Mapping[str, UnifiedDecline] = {
    **dict.fromkeys(("01", "02", "05", "70"), U.DO_NOT_HONOUR),
    **dict.fromkeys(("04", "07", "41", "43"), U.LOST_OR_STOLEN),
    **dict.fromkeys(("15", "46", "52", "53", "78"), U.ACCOUNT_CLOSED),
    **dict.fromkeys(("14", "56"), U.INCORRECT_CARD_DATA),
    **dict.fromkeys(("57", "93"), U.NOT_PERMITTED),
    **dict.fromkeys(("59", "63"), U.SUSPECTED_FRAUD),
    **dict.fromkeys(("61", "65"), U.LIMIT_EXCEEDED),
    **dict.fromkeys(("82", "N7"), U.INCORRECT_CVC),
    **dict.fromkeys(("19", "92", "96", "06"), U.PROCESSING_ERROR),
    **dict.fromkeys(("55", "86"), U.INCORRECT_PIN),
    **dict.fromkeys(("R0", "R1", "R3"), U.REVOKED),
    "03": U.CONFIGURATION,
    "12": U.NEVER_APPROVED,
    "13": U.AMOUNT_NOT_ALLOWED,
    "1A": U.AUTHENTICATION_REQUIRED,
    "51": U.INSUFFICIENT_FUNDS,
    "54": U.EXPIRED_CARD,
    "58": U.CONFIGURATION,
    "62": U.CARD_RESTRICTED,
    "75": U.CARD_RESTRICTED,
    "91": U.ISSUER_UNAVAILABLE,
}
"""ISO 8583 field 39 as Visa and Mastercard both use it. Source: ISO 8583; docs.checkout.com response codes; RT §2.2 (category lists)."""

_OF_SCHEME: Mapping[str, Mapping[str, UnifiedDecline]] = {
    "mastercard": {"65": U.AUTHENTICATION_REQUIRED, "79": U.NEVER_APPROVED, "82": U.NEVER_APPROVED, "83": U.SUSPECTED_FRAUD},
    "visa": {"83": U.SUSPECTED_FRAUD},
}
"""Where a scheme means something else by a code. Source: Mastercard's decline reason code service (79, 82, 83), SCA soft decline 65; RT §2.2."""

_HOURS = {"02": 72, "24": 1, "25": 24, "26": 48, "27": 96, "28": 144, "29": 192, "30": 240}
ADVICE_WAITS: Mapping[str, timedelta] = {code: timedelta(hours=hours) for code, hours in _HOURS.items()}
"""Mastercard's merchant advice codes that say when to come back. Source: Mastercard MAC 02, 24-30; RT §2.2."""

ADVICE_NEVER = frozenset({"03", "21"})
"""Do not try again: the same card and amount would cost a fee. Source: Mastercard MAC 03, 21; RT §2.2."""

_ADVICE_NEW_DATA = "01"


def read_decline(
    declines: DeclineMap,
    on: date,
    *,
    raw_code: str | None,
    network_code: str | None = None,
    advice_code: str | None = None,
    scheme: str | None = None,
) -> Decline:
    """What a refusal means on a day. Codes as printed; None for what the PSP did not say."""
    taxonomy = taxonomy_on(on)
    unified = _unified(declines, raw_code, network_code, scheme)
    if advice_code in ADVICE_NEVER and unified is not U.LOST_OR_STOLEN:
        unified = U.NEVER_APPROVED
    elif advice_code == _ADVICE_NEW_DATA:
        unified = U.NEW_CARD_DATA
    elif unified is None and advice_code in ADVICE_WAITS:
        unified = U.TRY_LATER
    if unified is None:
        return Decline(U.UNREAD, taxonomy.meanings[U.UNREAD], taxonomy.version, unread_code=raw_code or network_code or "none")
    meaning = taxonomy.meanings[unified]
    if advice_code and advice_code in ADVICE_WAITS and meaning.decline_class in (DeclineClass.SOFT_WAIT, DeclineClass.TECHNICAL):
        # the issuer said when: asking another PSP before that is the same question to the same issuer
        meaning = Meaning(meaning.decline_class, (R.WAIT,), ADVICE_WAITS[advice_code])
    return Decline(unified, meaning, taxonomy.version)


def _unified(declines: DeclineMap, raw_code: str | None, network_code: str | None, scheme: str | None) -> UnifiedDecline | None:
    own = declines.codes.get(raw_code) if raw_code else None
    if own is not None and raw_code not in declines.vague:
        return own
    code = (network_code or "").upper()
    return _OF_SCHEME.get((scheme or "").lower(), {}).get(code) or NETWORK_CODES.get(code) or own
