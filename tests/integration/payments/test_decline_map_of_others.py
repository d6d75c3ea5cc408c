"""Does our reading of Stripe's and Adyen's codes agree with somebody else's (juspay's map, read in place, nothing of it kept)?

Agreement is counted by class, code by code; each disagreement stands here with its reason, so that a new one is seen. Skips where the file is not at hand.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from transactional.payments.declines.codes import read_decline
from transactional.payments.declines.taxonomy import DeclineClass
from transactional.payments.psps.registry import SPECS

TODAY = date(2026, 11, 28)
C = DeclineClass
THEIR_CLASS = {
    **dict.fromkeys(["do_not_honor", "insufficient_funds", "velocity_limit_exceeded", "credit_limit_exceeded"], C.SOFT_WAIT),
    **dict.fromkeys(["invalid_expiry_date", "invalid_cvv", "invalid_card_number", "pm_address_mismatch", "authentication_required"], C.SOFT_FIX),
    **dict.fromkeys(["incorrect_authentication_code"], C.SOFT_FIX),
    **dict.fromkeys(["card_lost_or_stolen", "account_closed_or_invalid", "transaction_not_permitted", "suspected_fraud"], C.HARD),
    **dict.fromkeys(["card_not_supported_restricted", "authorization_missing_or_revoked", "compliance_or_sanctions_restriction"], C.HARD),
    **dict.fromkeys(["authentication_failed", "payment_cancelled_by_user", "payment_session_timeout"], C.PAYER),
    **dict.fromkeys(["issuer_unavailable", "three_ds_authentication_service_issue", "psp_acquirer_error", "downstream_technical_issue"], C.TECHNICAL),
    **dict.fromkeys(["invalid_credentials", "rate_limit", "configuration_issue", "currency_or_corridor_not_enabled"], C.TECHNICAL),
    **dict.fromkeys(["cfg_pm_not_enabled_or_misconfigured", "missing_or_invalid_param", "operation_not_allowed"], C.TECHNICAL),
    "psp_fraud_engine_decline": C.MERCHANT_BLOCK,
    "duplicate_request": C.UNKNOWN_OUTCOME,
    "transaction_timed_out": C.UNKNOWN_OUTCOME,
}
"""What their standardised code would be among our classes; codes that are no refusal of a payment are not in it."""

_VAGUE = "only says refused; they blame the PSP, we ask the scheme's code beneath it"
_AMOUNT = "another amount helps: the payer's to change, and no other PSP is asked with the same one"
_RISK = "the PSP's or our own risk engine, which says nothing of the card; they make it the card's"
_OTHER = "this PSP does not take it, another may: they give up, or call it our set-up"
_AGAIN = "Stripe asks to send it again, so it is technical; they file it under do not honour"
_PIN = "typed wrongly, or cannot be typed here: the payer's to put right"
_NOT_ALLOWED = "the issuer forbids this kind of purchase (gambling), they take it for our integration"
DISAGREEMENTS: dict[tuple[str, str], str] = {
    **dict.fromkeys([("adyen", "2"), ("adyen", "27"), ("stripe", "card_declined")], _VAGUE),
    **dict.fromkeys([("adyen", "7"), *(("stripe", f"amount_{size}") for size in ("too_large", "too_small")), ("stripe", "invalid_amount")], _AMOUNT),
    **dict.fromkeys([("adyen", "20"), ("adyen", "22"), ("stripe", "merchant_blacklist")], _RISK),
    **dict.fromkeys([("adyen", "10"), ("stripe", "card_not_supported"), ("stripe", "currency_not_supported")], _OTHER),
    **dict.fromkeys([("stripe", "approve_with_id"), ("stripe", "reenter_transaction")], _AGAIN),
    **dict.fromkeys([("adyen", "33"), ("stripe", "invalid_pin")], _PIN),
    **dict.fromkeys([("stripe", "service_not_allowed"), ("stripe", "transaction_not_allowed")], _NOT_ALLOWED),
    ("adyen", "14"): "the acquirer's suspicion travels with the card, not with our rules: never again",
    ("adyen", "46"): "Adyen kept a re-attempt limit for us; nothing was wrong at the PSP",
    ("stripe", "card_decline_rate_limit_exceeded"): "Stripe kept a re-attempt limit for us; the card's own limit was not asked",
    ("stripe", "payment_intent_authentication_failure"): "the payer failed to authenticate; they file one message of it under do not honour",
    ("stripe", "pin_try_exceeded"): "the card is locked, which the payer cannot put right in this payment",
}


def their_rows(shared_data: Path) -> Iterator[tuple[str, str, DeclineClass]]:
    """psp, raw code and their class, once each."""
    with (shared_data / "reference" / "juspay_gsm_decline_map.csv").open(newline="", encoding="utf-8") as file:
        seen = {
            (row["connector"], row["code"], THEIR_CLASS[row["standardised_code"]])
            for row in csv.DictReader(file)
            if row["standardised_code"] in THEIR_CLASS
        }
    yield from sorted(seen)


def test_our_classes_agree_with_theirs_but_for_what_is_explained(shared_data: Path) -> None:
    compared, differing = 0, {}
    for psp, code, theirs in their_rows(shared_data):
        if psp not in SPECS or code not in SPECS[psp].declines.codes:
            continue
        compared += 1
        ours = read_decline(SPECS[psp].declines, TODAY, raw_code=code).decline_class
        if ours is not theirs:
            differing[psp, code] = f"{ours} / {theirs}"
    assert {place: classes for place, classes in differing.items() if place not in DISAGREEMENTS} == {}
    assert set(DISAGREEMENTS) - set(differing) == set()
    assert (compared, compared - len(differing)) == (119, 95)
