"""What lands of payments that are driven: events, contexts, turns, requests to PSPs and their answers, authentications. For app_tables.py.

The traps: an idempotency key, which repeats a payment in the hands of whoever reads it; a PSP's own words, which are personal data. Neither lands.
"""

from __future__ import annotations

from transactional.vocabulary.tables import Column, ColumnType

T = ColumnType

ATTEMPT_CONTEXT_COLUMNS: tuple[Column, ...] = (
    Column("attempt_id", T.UUID, "The attempt."),
    Column("attempt_no", T.INTEGER, "1, 2, ... within the intent."),
    Column("country", T.TEXT, "Country of the player, ISO 3166 alpha-2."),
    Column("card_fingerprint", T.TEXT, "Keyed hash of the card, never its number.", nullable=True),
    Column("bin", T.TEXT, "First 6 to 8 digits of the card.", nullable=True),
    Column("scheme", T.TEXT, "Card scheme.", nullable=True),
    Column("funding", T.TEXT, "credit, debit or prepaid.", nullable=True),
    Column("issuer", T.TEXT, "Issuing bank.", nullable=True),
    Column("issuer_country", T.TEXT, "Country of the issuing bank.", nullable=True),
    Column("three_ds_asked", T.TEXT, "no, yes or exemption."),
    Column("decision_id", T.UUID, "The routing decision that chose the PSP.", nullable=True),
    Column("retry_of", T.UUID, "The attempt it follows.", nullable=True),
    Column("retry_rule", T.TEXT, "The rule by which it follows.", nullable=True),
    Column("recorded_at", T.TIMESTAMPTZ, "When the service knew."),
)

TURN_END_COLUMNS: tuple[Column, ...] = (
    Column("intent_id", T.UUID, "The intent."),
    Column("attempt_no", T.INTEGER, "Which attempt of the intent."),
    Column("ended_as", T.TEXT, "succeeded or failed."),
    Column("reason", T.TEXT, "Why, in one word."),
    Column("ended_at", T.TIMESTAMPTZ, "When the service knew."),
)

CALL_COLUMNS: tuple[Column, ...] = (
    Column("call_id", T.UUID, "Id."),
    Column("attempt_id", T.UUID, "The attempt."),
    Column("call", T.TEXT, "authorise, complete, capture, cancel, refund, payout or status."),
    Column("call_no", T.INTEGER, "1, 2, ... within the attempt."),
    Column("amount_minor", T.BIGINT, "What was asked for, positive.", nullable=True),
    Column("currency", T.TEXT, "ISO 4217.", nullable=True),
    Column("asked_at", T.TIMESTAMPTZ, "When it was written down, just before it was sent."),
    Column("timeout_ms", T.INTEGER, "How long the answer was waited for."),
)

ANSWER_COLUMNS: tuple[Column, ...] = (
    Column("call_id", T.UUID, "The request."),
    Column("outcome", T.TEXT, "approved, declined, pending, requires_action, unknown, not_found or error."),
    Column("http_status", T.INTEGER, "HTTP status, where there was one.", nullable=True),
    Column("raw_code", T.TEXT, "The PSP's own code.", nullable=True),
    Column("network_code", T.TEXT, "The scheme's response code.", nullable=True),
    Column("advice_code", T.TEXT, "Mastercard's merchant advice code.", nullable=True),
    Column("decline_code", T.TEXT, "Unified decline.", nullable=True),
    Column("decline_class", T.TEXT, "Class of the decline.", nullable=True),
    Column("taxonomy_version", T.TEXT, "Version of the taxonomy that read the codes.", nullable=True),
    Column("psp_reference", T.TEXT, "The payment at the PSP.", nullable=True),
    Column("answered_at", T.TIMESTAMPTZ, "When the answer came, or was no longer waited for."),
    Column("latency_ms", T.INTEGER, "Time to the answer; of a time-out at least timeout_ms."),
    Column("recorded_at", T.TIMESTAMPTZ, "When the service knew."),
)

AUTHENTICATION_COLUMNS: tuple[Column, ...] = (
    Column("authentication_id", T.UUID, "Id."),
    Column("attempt_id", T.UUID, "The attempt."),
    Column("step", T.TEXT, "asked, frictionless, challenge, passed, failed, abandoned, exemption_asked, exemption_granted or exemption_refused."),
    Column("effective_at", T.TIMESTAMPTZ, "When it happened."),
    Column("recorded_at", T.TIMESTAMPTZ, "When the service knew."),
)

EVENT_COLUMNS: tuple[Column, ...] = (
    Column("event_id", T.UUID, "Id."),
    Column("attempt_id", T.UUID, "The attempt; null while it is not known.", nullable=True),
    Column("psp", T.TEXT, "PSP."),
    Column("merchant_account", T.TEXT, "Merchant account."),
    Column("event_kind", T.TEXT, "FactKind."),
    Column("raw_kind", T.TEXT, "The event as the PSP names it."),
    Column("money_kind", T.TEXT, "MoneyKind when money moved.", nullable=True),
    Column("amount_minor", T.BIGINT, "Positive = towards us.", nullable=True),
    Column("currency", T.TEXT, "ISO 4217.", nullable=True),
    Column("psp_reference", T.TEXT, "The payment at the PSP.", nullable=True),
    Column("modification_reference", T.TEXT, "The capture, refund or dispute at the PSP.", nullable=True),
    Column("merchant_reference", T.TEXT, "Our reference as the PSP repeated it.", nullable=True),
    Column("effective_at", T.TIMESTAMPTZ, "When it happened."),
    Column("recorded_at", T.TIMESTAMPTZ, "When the service knew."),
    Column("entry_id", T.UUID, "The journal entry it posted.", nullable=True),
)
