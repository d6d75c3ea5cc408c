"""Which idempotency keys callers have used, with which body, and what they were told. Schema app, append-only."""

from __future__ import annotations

import sqlalchemy as sa

from transactional.db.base import metadata

request_keys = sa.Table(
    "request_keys",
    metadata,
    sa.Column("idempotency_key", sa.Text(), primary_key=True),
    sa.Column("payload_hash", sa.LargeBinary(), nullable=False),
    sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
)
"""Grain: one row per caller, effect and Idempotency-Key ever accepted. A refused request leaves none: its transaction rolled back."""

request_answers = sa.Table(
    "request_answers",
    metadata,
    sa.Column("idempotency_key", sa.Text(), sa.ForeignKey(request_keys.c.idempotency_key), primary_key=True),
    sa.Column("body", sa.Text(), nullable=False),
)
"""Grain: one row per accepted request: its answer as it was given, so that a repetition gets the same one."""
