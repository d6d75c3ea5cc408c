"""Where the work on breaks, closes, requests for them and confirmed matches are kept: schema app, append-only. As revisions 0013, 0014, 0016, 0023.

The trap: a table `breaks` with a state that is updated. The engine finds breaks anew in every run; only what people said is a fact.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from transactional.db.base import metadata
from transactional.db.xid8 import txid_column

break_events = sa.Table(
    "break_events",
    metadata,
    sa.Column("event_id", sa.Uuid(), primary_key=True),
    sa.Column("thread_id", sa.Text(), nullable=False),
    sa.Column("event_no", sa.Integer(), nullable=False),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("actor", sa.Text(), nullable=False),
    sa.Column("owner", sa.Text()),
    sa.Column("root_cause", sa.Text()),
    sa.Column("words", sa.Text()),
    sa.Column("proposal_id", sa.Uuid(), sa.ForeignKey("app.break_events.event_id")),
    sa.Column("proposal_kind", sa.Text()),
    sa.Column("amount_minor", sa.BigInteger()),
    sa.Column("currency", sa.Text()),
    sa.Column("needs_role", sa.Text()),
    sa.Column("role", sa.Text()),
    sa.Column("evidence_key", sa.Text()),
    sa.Column("entry_id", sa.Uuid(), sa.ForeignKey("app.journal_entries.entry_id")),
    sa.Column("body", postgresql.JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
    sa.Column("request_id", sa.Text(), nullable=False, unique=True),
    txid_column(),
    sa.UniqueConstraint("thread_id", "event_no"),
    sa.Index("uq_break_events_one_approval", "proposal_id", unique=True, postgresql_where=sa.text("kind = 'approved'")),
    sa.Index("uq_break_events_one_booking", "proposal_id", unique=True, postgresql_where=sa.text("entry_id is not null")),
    sa.Index(None, "txid"),
)
"""Grain: one row per fact about a thread. `request_id` is the caller's idempotency key; `amount_minor` is a proposal's, positive."""

close_events = sa.Table(
    "close_events",
    metadata,
    sa.Column("event_id", sa.Uuid(), primary_key=True),
    sa.Column("close_id", sa.Uuid(), nullable=False),
    sa.Column("psp", sa.Text(), nullable=False),
    sa.Column("business_date", sa.Date(), nullable=False),
    sa.Column("generation", sa.Integer(), nullable=False),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("actor", sa.Text(), nullable=False),
    sa.Column("reason", sa.Text()),
    sa.Column("watermark_at", sa.DateTime(timezone=True)),
    sa.Column("rule_set", sa.Text()),
    sa.Column("config_hash", sa.Text()),
    sa.Column("run_id", sa.Text()),
    sa.Column("checksum", sa.Text()),
    sa.Column("object_key", sa.Text()),
    sa.Column("payload", postgresql.JSONB()),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("request_id", sa.Text(), nullable=False, unique=True),
    txid_column(),
    sa.Index("uq_close_events_one_generation", "psp", "business_date", "generation", unique=True, postgresql_where=sa.text("kind = 'frozen'")),
    sa.Index("uq_close_events_one_signature", "close_id", "actor", unique=True, postgresql_where=sa.text("kind = 'signed'")),
    sa.Index("uq_close_events_one_reopening", "close_id", unique=True, postgresql_where=sa.text("kind = 'reopened'")),
    sa.Index(None, "txid"),
)
"""Grain: one row per fact about a close (revision 0014). `generation` is the database's to count; what a close freezes is on its first event."""

close_request_events = sa.Table(
    "close_request_events",
    metadata,
    sa.Column("event_id", sa.Uuid(), primary_key=True),
    sa.Column("close_request_id", sa.Uuid(), nullable=False),
    sa.Column("psp", sa.Text(), nullable=False),
    sa.Column("business_date", sa.Date(), nullable=False),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("actor", sa.Text(), nullable=False),
    sa.Column("reason", sa.Text()),
    sa.Column("code", sa.Text()),
    sa.Column("close_id", sa.Uuid(), sa.ForeignKey("app.close_events.event_id")),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
    sa.Column("request_id", sa.Text(), nullable=False, unique=True),
    txid_column(),
    sa.Index("uq_close_request_events_one_end", "close_request_id", unique=True, postgresql_where=sa.text("kind <> 'requested'")),
    sa.Index(None, "close_request_id"),
    sa.Index(None, "txid"),
)
"""Grain: one row per fact about a request to close a day (revision 0023). `reason` of the first: why it is closed although something blocks it."""

match_events = sa.Table(
    "match_events",
    metadata,
    sa.Column("event_id", sa.Uuid(), primary_key=True),
    sa.Column("suggestion_id", sa.Text(), nullable=False),
    sa.Column("event_no", sa.Integer(), nullable=False),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("actor", sa.Text(), nullable=False),
    sa.Column("words", sa.Text()),
    sa.Column("layer", sa.Text()),
    sa.Column("item_keys", sa.Text()),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
    sa.Column("request_id", sa.Text(), nullable=False, unique=True),
    txid_column(),
    sa.UniqueConstraint("suggestion_id", "event_no"),
    sa.Index(None, "txid"),
)
"""Grain: one row per fact about a suggested match (revision 0016). `item_keys`, separated by spaces, are what was accepted."""
