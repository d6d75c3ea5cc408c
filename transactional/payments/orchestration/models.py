"""Which facts of driving a payment are kept: whose turn it is, what each PSP was asked, what it answered. Schema app, append-only.

The traps: a request to a PSP that nobody wrote down before it was sent (a crash, and nobody knows to ask what became of it); two attempts of one
intent under way at once (the second turn needs the failed end of the first, and the database refuses it otherwise); a card number, or a PSP's own
words about a card holder, kept because there was a column for it.
"""

from __future__ import annotations

import sqlalchemy as sa

from transactional.db.base import metadata
from transactional.db.xid8 import txid_column
from transactional.payments.models import payment_attempts, payment_intents


def _at(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _attempt(**more: object) -> sa.Column[object]:
    return sa.Column("attempt_id", sa.Uuid(), sa.ForeignKey(payment_attempts.c.attempt_id), nullable=False, **more)  # type: ignore[arg-type]


payment_attempt_contexts = sa.Table(
    "payment_attempt_contexts",
    metadata,
    _attempt(primary_key=True),
    sa.Column("attempt_no", sa.SmallInteger(), nullable=False),
    sa.Column("country", sa.Text(), nullable=False),
    sa.Column("card_fingerprint", sa.Text(), index=True),
    sa.Column("bin", sa.Text()),
    sa.Column("scheme", sa.Text()),
    sa.Column("funding", sa.Text()),
    sa.Column("issuer", sa.Text()),
    sa.Column("issuer_country", sa.Text()),
    sa.Column("three_ds_asked", sa.Text(), nullable=False),
    sa.Column("decision_id", sa.Uuid()),
    sa.Column("retry_of", sa.Uuid(), sa.ForeignKey("app.payment_attempts.attempt_id")),
    sa.Column("retry_rule", sa.Text()),
    _at("recorded_at"),
    txid_column(),
    sa.CheckConstraint("attempt_no >= 1", name="attempt_no"),
    sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name="country"),
    sa.CheckConstraint("card_fingerprint ~ '^[0-9a-f]{32,64}$'", name="fingerprint_is_a_hash"),
    sa.CheckConstraint("bin ~ '^[0-9]{6,8}$'", name="bin_is_no_card_number"),
    sa.CheckConstraint("funding in ('credit', 'debit', 'prepaid')", name="funding"),
    sa.CheckConstraint("three_ds_asked in ('no', 'yes', 'exemption')", name="three_ds_asked"),
    sa.CheckConstraint("(attempt_no = 1) = (retry_of is null) and (retry_of is null) = (retry_rule is null)", name="a_retry_says_of_what"),
    sa.Index(None, "txid"),
)
"""Grain: one row per attempt that was driven: what was known of the payer and the card when it was decided. `card_fingerprint` is a keyed hash."""

payment_turns = sa.Table(
    "payment_turns",
    metadata,
    sa.Column("intent_id", sa.Uuid(), sa.ForeignKey(payment_intents.c.intent_id), primary_key=True),
    sa.Column("attempt_no", sa.SmallInteger(), primary_key=True, autoincrement=False),
    _attempt(unique=True),
    sa.Column("after_no", sa.SmallInteger()),
    sa.Column("after_end", sa.Text()),
    _at("opened_at"),
    txid_column(),
    sa.ForeignKeyConstraint(
        ["intent_id", "after_no", "after_end"],
        ["app.payment_turn_ends.intent_id", "app.payment_turn_ends.attempt_no", "app.payment_turn_ends.ended_as"],
        name="fk_payment_turns_follows_a_failed_one",
        use_alter=True,
    ),
    sa.CheckConstraint(
        "attempt_no = 1 and after_no is null and after_end is null "
        "or attempt_no > 1 and after_no is not null and after_no = attempt_no - 1 and after_end is not null and after_end = 'failed'",
        name="follows_the_one_before",
    ),
    sa.Index(None, "opened_at"),
    sa.Index(None, "txid"),
)
"""Grain: one row per attempt that may move its intent's money. The next one refers to the failed end of this one: so at most one is open."""

payment_turn_ends = sa.Table(
    "payment_turn_ends",
    metadata,
    sa.Column("intent_id", sa.Uuid(), primary_key=True),
    sa.Column("attempt_no", sa.SmallInteger(), primary_key=True, autoincrement=False),
    sa.Column("ended_as", sa.Text(), nullable=False),
    sa.Column("reason", sa.Text(), nullable=False),
    _at("ended_at"),
    txid_column(),
    sa.UniqueConstraint("intent_id", "attempt_no", "ended_as"),
    sa.ForeignKeyConstraint(["intent_id", "attempt_no"], [payment_turns.c.intent_id, payment_turns.c.attempt_no], name="fk_payment_turn_ends_turn"),
    sa.CheckConstraint("ended_as in ('succeeded', 'failed')", name="ended_as"),
    sa.Index("ix_payment_turn_ends_failed", "ended_at", postgresql_where=sa.text("ended_as = 'failed'")),
    sa.Index(None, "txid"),
)
"""Grain: at most one row per turn: how it ended, once and for all. A success told afterwards is a surplus that goes back, never a second end."""

payment_calls = sa.Table(
    "payment_calls",
    metadata,
    sa.Column("call_id", sa.Uuid(), primary_key=True),
    _attempt(),
    sa.Column("call", sa.Text(), nullable=False),
    sa.Column("call_no", sa.Integer(), nullable=False),
    sa.Column("idempotency_key", sa.Text(), nullable=False),
    sa.Column("amount_minor", sa.BigInteger()),
    sa.Column("currency", sa.Text()),
    _at("asked_at"),
    sa.Column("timeout_ms", sa.Integer(), nullable=False),
    txid_column(),
    sa.UniqueConstraint("attempt_id", "call_no"),
    sa.CheckConstraint("call in ('authorise', 'complete', 'capture', 'cancel', 'refund', 'payout', 'status')", name="call"),
    sa.CheckConstraint("call_no >= 1", name="call_no"),
    sa.CheckConstraint("timeout_ms > 0", name="timeout"),
    sa.CheckConstraint("(amount_minor is null) = (currency is null)", name="amount_has_currency"),
    sa.CheckConstraint("amount_minor is not null or call in ('complete', 'cancel', 'status')", name="money_has_an_amount"),
    sa.CheckConstraint("amount_minor > 0", name="amount"),
    sa.Index(None, "txid"),
)
"""Grain: one row per request to a PSP, committed before it is sent. A request sent again has the same idempotency_key and another row."""

payment_answers = sa.Table(
    "payment_answers",
    metadata,
    sa.Column("call_id", sa.Uuid(), sa.ForeignKey(payment_calls.c.call_id), primary_key=True),
    sa.Column("outcome", sa.Text(), nullable=False),
    sa.Column("http_status", sa.SmallInteger()),
    sa.Column("raw_code", sa.Text()),
    sa.Column("network_code", sa.Text()),
    sa.Column("advice_code", sa.Text()),
    sa.Column("decline_code", sa.Text()),
    sa.Column("decline_class", sa.Text()),
    sa.Column("taxonomy_version", sa.Text()),
    sa.Column("psp_reference", sa.Text()),
    _at("answered_at"),
    sa.Column("latency_ms", sa.Integer(), nullable=False),
    _at("recorded_at"),
    txid_column(),
    sa.CheckConstraint("outcome in ('approved', 'declined', 'pending', 'requires_action', 'unknown', 'not_found', 'error')", name="outcome"),
    sa.CheckConstraint("latency_ms >= 0", name="latency"),
    sa.CheckConstraint(
        "(decline_code is null) = (decline_class is null) and (decline_code is null) = (taxonomy_version is null)", name="decline_is_whole"
    ),
    sa.CheckConstraint("decline_code is null or outcome in ('declined', 'error')", name="decline_was_declined"),
    sa.Index(None, "txid"),
)
"""Grain: at most one row per call; none while it is under way or when we died under it. Codes only: a PSP's messages are personal data."""

payment_authentications = sa.Table(
    "payment_authentications",
    metadata,
    sa.Column("authentication_id", sa.Uuid(), primary_key=True),
    _attempt(index=True),
    sa.Column("step", sa.Text(), nullable=False),
    _at("effective_at"),
    _at("recorded_at"),
    txid_column(),
    sa.UniqueConstraint("attempt_id", "step", "effective_at"),
    sa.CheckConstraint(
        "step in ('asked', 'frictionless', 'challenge', 'passed', 'failed', 'abandoned', 'exemption_asked', 'exemption_granted', 'exemption_refused')",
        name="step",
    ),
    sa.Index(None, "txid"),
)
"""Grain: one row per step of a payer's authentication (3-D Secure) in an attempt."""
