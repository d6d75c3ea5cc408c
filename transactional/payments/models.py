"""Which facts about payments are kept: intents, attempts, events, what webhooks brought. Schema app, append-only.

The traps: an event whose attempt we do not know yet is kept all the same (attempt_id null, adopted later by a row of payment_adoptions, never by
an update); bodies of webhooks hold personal data and are read by no query but the one that must.
"""

from __future__ import annotations

import sqlalchemy as sa

from transactional.db.base import metadata
from transactional.db.xid8 import txid_column


def _at(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


payment_intents = sa.Table(
    "payment_intents",
    metadata,
    sa.Column("intent_id", sa.Uuid(), primary_key=True),
    sa.Column("player_id", sa.Uuid(), nullable=False, index=True),
    sa.Column("direction", sa.Text(), nullable=False),
    sa.Column("currency", sa.Text(), nullable=False),
    sa.Column("amount_minor", sa.BigInteger(), nullable=False),
    sa.Column("idempotency_key", sa.Text(), nullable=False, unique=True),
    sa.Column("payload_hash", sa.LargeBinary(), nullable=False),
    _at("created_at"),
    _at("recorded_at"),
    txid_column(),
    sa.CheckConstraint("direction in ('deposit', 'withdrawal')", name="direction"),
    sa.CheckConstraint("amount_minor > 0", name="amount"),
    sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
    sa.Index(None, "txid"),
)
"""Grain: one row per wish of a player to pay in or be paid out."""

payment_attempts = sa.Table(
    "payment_attempts",
    metadata,
    sa.Column("attempt_id", sa.Uuid(), primary_key=True),
    sa.Column("intent_id", sa.Uuid(), sa.ForeignKey(payment_intents.c.intent_id), nullable=False, index=True),
    sa.Column("psp", sa.Text(), nullable=False),
    sa.Column("merchant_account", sa.Text(), nullable=False),
    sa.Column("merchant_reference", sa.Text(), nullable=False),
    sa.Column("payment_method", sa.Text()),
    sa.Column("idempotency_key", sa.Text(), nullable=False, unique=True),
    sa.Column("payload_hash", sa.LargeBinary(), nullable=False),
    _at("created_at"),
    _at("recorded_at"),
    txid_column(),
    sa.UniqueConstraint("psp", "merchant_account", "merchant_reference"),
    sa.Index(None, "txid"),
)
"""Grain: one row per try of an intent at one PSP."""

webhook_deliveries = sa.Table(
    "webhook_deliveries",
    metadata,
    sa.Column("webhook_id", sa.Uuid(), primary_key=True),
    sa.Column("psp", sa.Text(), nullable=False),
    _at("received_at"),
    sa.Column("body", sa.LargeBinary(), nullable=False),
    sa.Column("body_sha256", sa.LargeBinary(), nullable=False),
    sa.Column("signature_verified", sa.Boolean(), nullable=False),
    sa.Column("state", sa.Text(), nullable=False),
    txid_column(),
    sa.UniqueConstraint("psp", "body_sha256"),
    sa.CheckConstraint("state in ('recorded', 'partly_refused', 'refused')", name="state"),
    sa.Index("ix_webhook_deliveries_refused", "received_at", postgresql_where=sa.text("state <> 'recorded'")),
)
"""Grain: one row per distinct body a PSP delivered (a repetition is not stored again). `body` is personal data: never logged, not landed."""

webhook_refusals = sa.Table(
    "webhook_refusals",
    metadata,
    sa.Column("webhook_id", sa.Uuid(), sa.ForeignKey(webhook_deliveries.c.webhook_id), primary_key=True),
    sa.Column("item", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column("code", sa.Text(), nullable=False),
    sa.Column("reason", sa.Text(), nullable=False),
    _at("recorded_at"),
    txid_column(),
)
"""Grain: one row per item of a delivery that could not be used; item counts from 0, -1 is the body as a whole."""

payment_events = sa.Table(
    "payment_events",
    metadata,
    sa.Column("event_id", sa.Uuid(), primary_key=True),
    sa.Column("attempt_id", sa.Uuid(), sa.ForeignKey(payment_attempts.c.attempt_id), index=True),
    sa.Column("psp", sa.Text(), nullable=False),
    sa.Column("merchant_account", sa.Text(), nullable=False),
    sa.Column("event_kind", sa.Text(), nullable=False),
    sa.Column("raw_kind", sa.Text(), nullable=False),
    sa.Column("money_kind", sa.Text()),
    sa.Column("amount_minor", sa.BigInteger()),
    sa.Column("currency", sa.Text()),
    sa.Column("psp_reference", sa.Text()),
    sa.Column("modification_reference", sa.Text()),
    sa.Column("merchant_reference", sa.Text()),
    _at("effective_at"),
    _at("recorded_at"),
    sa.Column("dedupe_key", sa.Text(), nullable=False, unique=True),
    sa.Column("payload_hash", sa.LargeBinary(), nullable=False),
    # deferred: a delivery is written after its facts, when it is known how many of them were refused
    sa.Column("webhook_id", sa.Uuid(), sa.ForeignKey(webhook_deliveries.c.webhook_id, deferrable=True, initially="DEFERRED")),
    sa.Column("entry_id", sa.Uuid(), sa.ForeignKey("app.journal_entries.entry_id")),
    sa.Column("books_event_id", sa.Uuid(), sa.ForeignKey("app.payment_events.event_id")),
    txid_column(),
    sa.CheckConstraint("(amount_minor is null) = (currency is null)", name="amount_has_currency"),
    sa.CheckConstraint("money_kind is null or (amount_minor is not null and entry_id is not null)", name="money_is_booked"),
    sa.Index(None, "books_event_id", postgresql_where=sa.text("books_event_id is not null")),
    sa.Index(None, "psp", "psp_reference"),
    sa.Index(None, "webhook_id", postgresql_where=sa.text("webhook_id is not null")),
    sa.Index(
        "ix_payment_events_without_attempt",
        "psp",
        "merchant_account",
        "merchant_reference",
        postgresql_where=sa.text("attempt_id is null and merchant_reference is not null"),
    ),
    sa.Index(None, "txid"),
)
"""Grain: one row per fact told about a payment. Sign: amount_minor is positive towards us.

`money_kind` and `entry_id` are set where the fact moved money. `books_event_id`: this row books an earlier fact that moved nothing when it came
(a failed refund told before its refund); it is not a statement of the PSP of its own.
"""

payment_adoptions = sa.Table(
    "payment_adoptions",
    metadata,
    sa.Column("event_id", sa.Uuid(), sa.ForeignKey(payment_events.c.event_id), primary_key=True),
    sa.Column("attempt_id", sa.Uuid(), sa.ForeignKey(payment_attempts.c.attempt_id), nullable=False, index=True),
    sa.Column("entry_id", sa.Uuid(), sa.ForeignKey("app.journal_entries.entry_id")),
    _at("recorded_at"),
    txid_column(),
    sa.Index(None, "txid"),
)
"""Grain: one row per event recorded without an attempt whose attempt became known; `entry_id` moved its money out of suspense."""
