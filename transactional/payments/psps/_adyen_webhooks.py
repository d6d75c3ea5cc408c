"""Adyen's webhooks: the signature and what each event says. Private part of adyen.py.

The traps: the SDK verifies only the first item of a batch (here every item is verified); a signature joins the values unescaped, so it is
computed over the parsed item, not over the body; NOTIFICATION_OF_CHARGEBACK books no money; `success: false` turns a capture into a failed one;
events arrive more than once and in any order, and REFUND_FAILED and REFUNDED_REVERSED undo the same refund.
Adyen signs no timestamp, so there is no tolerance window: a replay is stopped by the dedupe key. Source: Adyen webhook types, reference LR §4.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from transactional.payments.facts import MONEY_KIND_OF, FactKind, PaymentFact
from transactional.payments.psps import _messages
from transactional.payments.psps.spec import house_money
from transactional.vocabulary.errors import InputRejected, Refused

F = FactKind

# Source: docs.adyen.com/development-resources/currency-codes; they differ from ISO 4217.
EXPONENTS = {"CLP": 2, "ISK": 2, "CVE": 0, "IDR": 0}

_EVENTS: dict[tuple[str, bool], FactKind] = {
    ("AUTHORISATION", True): F.AUTHORISED,
    ("AUTHORISATION", False): F.FAILED,
    ("OFFER_CLOSED", True): F.FAILED,
    ("CAPTURE", True): F.CAPTURED,
    ("CAPTURE", False): F.CAPTURE_FAILED,
    ("CAPTURE_FAILED", True): F.CAPTURE_FAILED,
    ("CANCELLATION", True): F.VOIDED,
    ("TECHNICAL_CANCEL", True): F.VOIDED,
    ("EXPIRE", True): F.VOIDED,
    ("REFUND", True): F.REFUNDED,
    ("REFUND", False): F.REFUND_FAILED,
    ("REFUND_FAILED", True): F.REFUND_FAILED,
    ("REFUNDED_REVERSED", True): F.REFUND_FAILED,
    ("VOID_PENDING_REFUND", True): F.REFUND_CANCELLED,
    ("CHARGEBACK", True): F.CHARGEBACK,
    ("CHARGEBACK_REVERSED", True): F.CHARGEBACK_REVERSED,
    ("SECOND_CHARGEBACK", True): F.SECOND_CHARGEBACK,
    ("PAYOUT_THIRDPARTY", True): F.PAYOUT_SENT,
    ("PAYOUT_THIRDPARTY", False): F.PAYOUT_FAILED,
    ("PAYOUT_DECLINE", True): F.PAYOUT_CANCELLED,
    ("PAYOUT_EXPIRE", True): F.PAYOUT_CANCELLED,
    ("PAIDOUT_REVERSED", True): F.PAYOUT_RETURNED,
    ("REPORT_AVAILABLE", True): F.REPORT_AVAILABLE,
}
# What announces, or asks, and moves nothing. The trap: PREARBITRATION_WON and _LOST sound like money; that comes as CHARGEBACK_REVERSED or
# SECOND_CHARGEBACK. What stands in neither list (REFUND_WITH_DATA, an event of tomorrow) is unknown. Source: docs.adyen.com webhook types.
_ANNOUNCEMENTS = frozenset(
    """
    ACH_NOTIFICATION_OF_CHANGE ADVICE_OF_DEBIT ARBITRATION_LOST ARBITRATION_WON AUTHENTICATION AUTHORISATION_ADJUSTMENT AUTORESCUE
    AUTORESCUE_NEXT_ATTEMPT CANCEL_AUTORESCUE DISABLE_RECURRING DISPUTE_DEFENSE_PERIOD_ENDED DISPUTE_OPENED_WITH_CHARGEBACK DONATION
    INFORMATION_SUPPLIED ISSUER_COMMENTS ISSUER_RESPONSE_TIMEFRAME_EXPIRED MANUAL_REVIEW_ACCEPT MANUAL_REVIEW_REJECT NOTIFICATION_OF_CHARGEBACK
    NOTIFICATION_OF_FRAUD ORDER_CLOSED ORDER_OPENED PENDING POSTPONED_REFUND PREARBITRATION_ACCEPTED PREARBITRATION_DECLINED PREARBITRATION_LOST
    PREARBITRATION_OPENED PREARBITRATION_WON PROCESS_RETRY RECURRING_CONTRACT REQUEST_FOR_INFORMATION
    """.split()
)
_PLATFORM_TOPICS = ("balancePlatform.", "merchant.", "paymentMethod.", "recurring.token.")

_TIMES = ("timestamp", "creationDate", "createdAt", "updatedAt", "bookingDate")


def verify(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> None:
    """Accept a message only if every item in it (or the whole body, for banking webhooks) is signed by one of the keys.

    `now` is not used: Adyen signs no time. Raises: Refused (`bad_signature`).
    """
    del now
    header = next((value for name, value in headers.items() if name.casefold() == "hmacsignature"), None)
    try:
        parsed = _messages.message(body)
        if "notificationItems" in parsed or "eventCode" in parsed:
            signed = [any(_item_is_signed(item, key) for key in secrets) for item in _items(parsed)]
        else:
            signed = [header is not None and any(_body_is_signed(body, header, key) for key in secrets)]
    except InputRejected as error:
        raise Refused("the message is not one that can be signed", code="bad_signature") from error
    if not signed or not all(signed):
        raise Refused("the signature does not belong to this message", code="bad_signature")


def _item_is_signed(item: dict[str, Any], key: str) -> bool:
    from Adyen.util import is_valid_hmac_notification

    try:
        return bool(is_valid_hmac_notification(item, key))
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


def _body_is_signed(body: bytes, signature: str, key: str) -> bool:
    from Adyen.util import is_valid_hmac_payload

    try:
        return bool(is_valid_hmac_payload(signature, key, body))
    except (ValueError, TypeError):
        return False


def _items(parsed: dict[str, Any]) -> list[dict[str, Any]]:
    if "notificationItems" not in parsed:
        return [parsed]
    items = parsed["notificationItems"]
    if not isinstance(items, list) or not items:
        raise InputRejected("notificationItems must be a list with at least one item", code="bad_message")
    return [_messages.as_object(_messages.as_object(item).get("NotificationRequestItem")) for item in items]


def to_facts(body: bytes, account: str | None) -> list[PaymentFact | InputRejected]:
    """What a message says, one fact an item, or what is wrong with the item; an event we do not know is one of the wrongs.

    Raises: InputRejected when the message as a whole cannot be read or is not known.
    """
    parsed = _messages.message(body)
    if "notificationItems" in parsed or "eventCode" in parsed:
        return [_fact_or_refusal(item, account) for item in _items(parsed)]
    return [_platform_fact(parsed, account, body)]


def _fact_or_refusal(item: dict[str, Any], account: str | None) -> PaymentFact | InputRejected:
    try:
        return _fact(item, account)
    except InputRejected as error:
        return error


def _fact(item: dict[str, Any], account: str | None) -> PaymentFact:
    event = _messages.text(item.get("eventCode"))
    reference = _messages.text(item.get("pspReference"))
    if event is None or reference is None:
        raise InputRejected("an Adyen item needs eventCode and pspReference", code="bad_message")
    success = str(item.get("success", "")).lower() == "true"
    kind = _kind(event, success, item)
    at = _messages.instant(item.get("eventDate"))
    moves = MONEY_KIND_OF[kind] is not None
    return PaymentFact(
        kind=kind,
        psp="adyen",
        merchant_account=_messages.text(item.get("merchantAccountCode")) or account or "unassigned",
        effective_at=at,
        dedupe_key=f"adyen:{kind}:{reference}" if moves else f"adyen:{event}:{reference}:{str(success).lower()}",
        amount=_amount(item, at, needed=moves),
        psp_reference=_messages.text(item.get("originalReference")) or reference,
        modification_reference=None if event == "AUTHORISATION" or kind is F.REPORT_AVAILABLE else reference,
        merchant_reference=_messages.text(item.get("merchantReference")),
        raw_kind=event if success else f"{event} (success=false)",
    )


def _kind(event: str, success: bool, item: dict[str, Any]) -> FactKind:
    if event == "CANCEL_OR_REFUND":
        # which of the two it became is said only here; without it nobody can tell
        extra = item.get("additionalData")
        action = extra.get("modification.action") if isinstance(extra, dict) else None
        event = {"cancel": "CANCELLATION", "refund": "REFUND"}.get(str(action), event)
    if (event, success) in _EVENTS:
        return _EVENTS[event, success]
    # a known step that failed changed nothing
    if event in _ANNOUNCEMENTS or (not success and ((event, True) in _EVENTS or event == "CANCEL_OR_REFUND")):
        return F.INFORMATION
    raise _messages.unknown("adyen", event)


def _amount(item: dict[str, Any], at: datetime, *, needed: bool) -> Any:
    printed = item.get("amount")
    try:
        amount = _messages.as_object(printed)
        return house_money(amount.get("value"), amount.get("currency"), at.date(), EXPONENTS)
    except InputRejected:
        if needed:
            raise
        return None


def _platform_fact(parsed: dict[str, Any], account: str | None, body: bytes) -> PaymentFact:
    """A banking or management webhook: nothing of a player's payment, kept as information (or as a report that can be fetched)."""
    event = _messages.text(parsed.get("type")) or "unnamed"
    if not event.startswith(_PLATFORM_TOPICS):
        raise _messages.unknown("adyen", event)
    data = parsed.get("data") if isinstance(parsed.get("data"), dict) else parsed
    holders = [holder for holder in (parsed, data) if isinstance(holder, dict)]
    moment = next((holder[name] for name in _TIMES for holder in holders if name in holder), None)
    return PaymentFact(
        kind=F.REPORT_AVAILABLE if event.endswith("report.created") else F.INFORMATION,
        psp="adyen",
        merchant_account=account or "unassigned",
        effective_at=_messages.instant(moment),
        dedupe_key=_messages.body_key("adyen", body),
        psp_reference=_messages.text(holders[-1].get("id")),
        raw_kind=event,
    )


def dedupe(body: bytes) -> str:
    """What makes a second delivery the same message: event code, reference and success of its items; its bytes when it has none."""
    try:
        items = _items(_messages.message(body))
        parts = [":".join(str(item[name]) for name in ("eventCode", "pspReference", "success")) for item in items]
    except (InputRejected, KeyError):
        return _messages.body_key("adyen", body)
    return "adyen:" + "|".join(parts) if len(parts) == 1 else _messages.body_key("adyen", "|".join(parts).encode())
