"""What Stripe's decline and error codes mean. Private part of the Stripe spec.

The trap: `card_declined` and `generic_decline` say nothing; the network's code beneath them does, where Stripe gives it (`network_decline_code`).
Source: docs.stripe.com/declines/codes and docs.stripe.com/error-codes, read as lists of codes with their next steps.
"""

from __future__ import annotations

from transactional.payments.declines.codes import DeclineMap
from transactional.payments.declines.taxonomy import UnifiedDecline

U = UnifiedDecline

_CODES: dict[UnifiedDecline, str] = {
    U.ACCOUNT_CLOSED: "invalid_account account_closed no_account",
    U.AMOUNT_NOT_ALLOWED: "invalid_amount amount_too_large amount_too_small",
    U.AUTHENTICATION_FAILED: "payment_intent_authentication_failure",
    U.AUTHENTICATION_REQUIRED: "authentication_required authentication_not_handled mobile_device_authentication_required",
    U.BLOCKED_BY_US: "merchant_blacklist",
    U.CANCELLED_BY_PAYER: "payment_method_customer_decline",
    U.CARD_NOT_SUPPORTED: "card_not_supported currency_not_supported",
    U.CARD_RESTRICTED: "restricted_card pin_try_exceeded",
    U.CONFIGURATION: "country_unsupported payment_method_unactivated payment_method_unsupported_type payment_method_not_available",
    U.DO_NOT_HONOUR: "do_not_honor call_issuer generic_decline card_declined no_action_taken payment_method_provider_decline",
    U.DUPLICATE: "duplicate_transaction",
    U.EXPIRED_CARD: "expired_card invalid_expiry_month invalid_expiry_year",
    U.EXPIRED_SESSION: "payment_intent_payment_attempt_expired",
    U.INCORRECT_ADDRESS: "incorrect_address incorrect_zip postal_code_invalid",
    U.INCORRECT_CARD_DATA: "incorrect_number invalid_number",
    U.INCORRECT_CVC: "incorrect_cvc invalid_cvc",
    U.INCORRECT_PIN: "incorrect_pin invalid_pin offline_pin_required online_or_offline_pin_required",
    U.INSUFFICIENT_FUNDS: "insufficient_funds",
    U.INTEGRATION: "api_key_expired secret_key_required parameter_missing parameter_invalid_empty testmode_decline testmode_charges_only resource_missing",
    U.ISSUER_UNAVAILABLE: "issuer_not_available",
    U.LIMIT_EXCEEDED: "card_velocity_exceeded withdrawal_count_limit_exceeded charge_exceeds_source_limit charge_exceeds_transaction_limit",
    U.LOST_OR_STOLEN: "lost_card stolen_card pickup_card",
    U.NEVER_APPROVED: "do_not_try_again",
    U.NEW_CARD_DATA: "new_account_information_available",
    U.NOT_PERMITTED: "not_permitted transaction_not_allowed service_not_allowed",
    U.BLOCKED_BY_RETRY_RULE: "card_decline_rate_limit_exceeded",
    U.OUTCOME_UNKNOWN: "idempotency_key_in_use lock_timeout payment_method_provider_timeout",
    U.PROCESSING_ERROR: "processing_error reenter_transaction approve_with_id",
    U.RATE_LIMITED: "rate_limit",
    U.REVOKED: "revocation_of_all_authorizations revocation_of_authorization stop_payment_order debit_not_authorized",
    U.SUSPECTED_FRAUD: "fraudulent security_violation",
    U.TRY_LATER: "try_again_later",
}

DECLINES = DeclineMap(
    codes={code: unified for unified, codes in _CODES.items() for code in codes.split()},
    vague=frozenset({"card_declined", "generic_decline", "do_not_honor", "call_issuer", "no_action_taken"}),
    source="docs.stripe.com/declines/codes, docs.stripe.com/error-codes",
)
