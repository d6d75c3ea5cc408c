"""Which facts of the service land, and which of their columns. For landing and staging.

The traps: `select *`, which lands a payload hash, a webhook body or a name the day somebody adds the column; and a second list of tables
somewhere. To land another app table, add it here.
"""

from __future__ import annotations

from transactional.vocabulary.tables import Column, ColumnType, Table

T = ColumnType

_BATCH: tuple[Column, ...] = (
    Column("_batch_id", T.UUID, "The landing that brought the row: raw.app_batches."),
    Column("_loaded_at", T.TIMESTAMPTZ, "When the warehouse knew."),
)


def app_table(name: str, grain: str, columns: tuple[Column, ...], key: tuple[str, ...], indexes: tuple[tuple[str, ...], ...] = ()) -> Table:
    """A raw table fed from the app database: the given columns and the batch that brought them."""
    return Table("raw", name, grain, (*columns, *_BATCH), key=key, indexes=indexes)


ACCOUNTS = app_table(
    "app__accounts",
    "one ledger account",
    (
        Column("account_id", T.UUID, "Id."),
        Column("code", T.TEXT, "Chart of accounts code, e.g. psp_receivable:adyen:CountroomEU."),
        Column("account_class", T.TEXT, "The code before its first colon."),
        Column("currency", T.TEXT, "ISO 4217."),
        Column("player_id", T.UUID, "The player, for player accounts.", nullable=True),
        Column("psp", T.TEXT, "PSP, for PSP accounts.", nullable=True),
        Column("merchant_account", T.TEXT, "Merchant account, for PSP accounts.", nullable=True),
        Column("floor_minor", T.BIGINT, "Lowest available balance allowed; null when there is none.", nullable=True),
        Column("created_at", T.TIMESTAMPTZ, "When it was opened."),
    ),
    key=("account_id",),
)

JOURNAL_ENTRIES = app_table(
    "app__journal_entries",
    "one journal entry",
    (
        Column("entry_id", T.UUID, "Id."),
        Column("idempotency_key", T.TEXT, "Key under which it was posted."),
        Column("kind", T.TEXT, "What happened; a MoneyKind for movements at a PSP."),
        Column("effective_at", T.TIMESTAMPTZ, "When it happened."),
        Column("recorded_at", T.TIMESTAMPTZ, "When the service knew."),
        Column("reverses_id", T.UUID, "The entry it reverses.", nullable=True),
        Column("description", T.TEXT, "Free text.", nullable=True),
    ),
    key=("entry_id",),
    indexes=(("_loaded_at",),),
)

POSTINGS = app_table(
    "app__postings",
    "one line of a journal entry",
    (
        Column("entry_id", T.UUID, "The entry."),
        Column("line", T.INTEGER, "1-based line in the entry."),
        Column("account_id", T.UUID, "The account."),
        Column("currency", T.TEXT, "ISO 4217."),
        Column("amount_minor", T.BIGINT, "Positive = debit, negative = credit (the ledger's own sign)."),
        Column("intent_id", T.UUID, "The payment intent.", nullable=True),
        Column("attempt_id", T.UUID, "The payment attempt.", nullable=True),
        Column("psp_reference", T.TEXT, "The payment at the PSP; the batch for payouts.", nullable=True),
        Column("modification_reference", T.TEXT, "The capture, refund or dispute at the PSP.", nullable=True),
    ),
    key=("entry_id", "line"),
    indexes=(("_loaded_at",),),
)

PAYMENT_INTENTS = app_table(
    "app__payment_intents",
    "one payment intent",
    (
        Column("intent_id", T.UUID, "Id."),
        Column("player_id", T.UUID, "The player."),
        Column("direction", T.TEXT, "deposit or withdrawal."),
        Column("currency", T.TEXT, "ISO 4217."),
        Column("amount_minor", T.BIGINT, "Unsigned."),
        Column("created_at", T.TIMESTAMPTZ, "When the player asked."),
        Column("recorded_at", T.TIMESTAMPTZ, "When the service knew."),
    ),
    key=("intent_id",),
)

PAYMENT_ATTEMPTS = app_table(
    "app__payment_attempts",
    "one payment attempt at one PSP",
    (
        Column("attempt_id", T.UUID, "Id."),
        Column("intent_id", T.UUID, "The intent."),
        Column("psp", T.TEXT, "PSP."),
        Column("merchant_account", T.TEXT, "Merchant account."),
        Column("merchant_reference", T.TEXT, "Our reference at the PSP."),
        Column("payment_method", T.TEXT, "Method.", nullable=True),
        Column("created_at", T.TIMESTAMPTZ, "When it began."),
        Column("recorded_at", T.TIMESTAMPTZ, "When the service knew."),
    ),
    key=("attempt_id",),
)

PAYMENT_EVENTS = app_table(
    "app__payment_events",
    "one fact about a payment",
    (
        Column("event_id", T.UUID, "Id."),
        Column("attempt_id", T.UUID, "The attempt; null while it is not known.", nullable=True),
        Column("psp", T.TEXT, "PSP."),
        Column("merchant_account", T.TEXT, "Merchant account."),
        Column("event_kind", T.TEXT, "FactKind."),
        Column("money_kind", T.TEXT, "MoneyKind when money moved.", nullable=True),
        Column("amount_minor", T.BIGINT, "Positive = towards us.", nullable=True),
        Column("currency", T.TEXT, "ISO 4217.", nullable=True),
        Column("psp_reference", T.TEXT, "The payment at the PSP.", nullable=True),
        Column("modification_reference", T.TEXT, "The capture, refund or dispute at the PSP.", nullable=True),
        Column("merchant_reference", T.TEXT, "Our reference as the PSP repeated it.", nullable=True),
        Column("effective_at", T.TIMESTAMPTZ, "When it happened."),
        Column("recorded_at", T.TIMESTAMPTZ, "When the service knew."),
        Column("entry_id", T.UUID, "The journal entry it posted.", nullable=True),
    ),
    key=("event_id",),
    indexes=(("_loaded_at",),),
)

APP_TABLES = (ACCOUNTS, JOURNAL_ENTRIES, POSTINGS, PAYMENT_INTENTS, PAYMENT_ATTEMPTS, PAYMENT_EVENTS)
"""Landed in this order, from one snapshot, so a posting's entry and account are never missing."""
