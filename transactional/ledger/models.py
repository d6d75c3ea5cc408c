"""Which tables hold the ledger: schema app, as revision 0001 made them. For queries and autogenerate; money moves through SQL functions only.

The trap: an ORM session writing postings row by row, five to seven times slower and free to forget the lock. Python inserts nothing here.
Facts are append-only; `balances` and `open_holds` are caches of accounts with a floor and of holds that are open.
"""

from __future__ import annotations

import sqlalchemy as sa

from transactional.db.base import metadata
from transactional.db.xid8 import txid_column


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _minor(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable, server_default=None if default is None else sa.text(default))


account_classes = sa.Table(
    "account_classes",
    metadata,
    sa.Column("account_class", sa.Text(), primary_key=True),
    sa.Column("normal_side", sa.Text(), nullable=False),
    sa.Column("subject", sa.Text(), nullable=False),
    _minor("floor_minor", nullable=True),
    sa.CheckConstraint("normal_side in ('debit', 'credit')", name="normal_side"),
)
"""Grain: one row per class of the chart. The database's copy of ledger/accounts.py."""

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("account_id", sa.Uuid(), primary_key=True),
    sa.Column("code", sa.Text(), nullable=False),
    sa.Column("account_class", sa.Text(), sa.ForeignKey(account_classes.c.account_class), nullable=False),
    sa.Column("currency", sa.Text(), nullable=False),
    sa.Column("player_id", sa.Uuid(), index=True),
    sa.Column("psp", sa.Text()),
    sa.Column("merchant_account", sa.Text()),
    _minor("floor_minor", nullable=True),
    _at("created_at"),
    txid_column(),
    sa.UniqueConstraint("code", "currency"),
    sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
    sa.Index(None, "txid"),
)
"""Grain: one row per code and currency. `account_id` is a function of the two; `floor_minor` null: never locked, balance derived."""

journal_entries = sa.Table(
    "journal_entries",
    metadata,
    sa.Column("entry_id", sa.Uuid(), primary_key=True),
    sa.Column("idempotency_key", sa.Text(), nullable=False, unique=True),
    sa.Column("payload_hash", sa.LargeBinary(), nullable=False),
    sa.Column("kind", sa.Text(), nullable=False),
    _at("effective_at"),
    _at("recorded_at"),
    sa.Column("reverses_id", sa.Uuid(), sa.ForeignKey("app.journal_entries.entry_id")),
    sa.Column("description", sa.Text()),
    txid_column(),
    sa.Index(None, "txid"),
    sa.Index("uq_journal_entries_reverses_id", "reverses_id", unique=True, postgresql_where=sa.text("reverses_id IS NOT NULL")),
)
"""Grain: one row per balanced set of postings. At most one entry reverses another."""

postings = sa.Table(
    "postings",
    metadata,
    sa.Column("entry_id", sa.Uuid(), primary_key=True),
    sa.Column("line", sa.Integer(), primary_key=True),
    sa.Column("account_id", sa.Uuid(), nullable=False),
    sa.Column("currency", sa.Text(), nullable=False),
    _minor("amount_minor"),
    sa.Column("intent_id", sa.Uuid()),
    sa.Column("attempt_id", sa.Uuid()),
    sa.Column("psp_reference", sa.Text()),
    sa.Column("modification_reference", sa.Text()),
    txid_column(),
    sa.CheckConstraint("amount_minor <> 0", name="amount"),
    sa.Index(None, "account_id", "entry_id"),
    sa.Index(None, "intent_id", postgresql_where=sa.text("intent_id is not null")),
)
"""Grain: one row per entry and line. Units: minor, positive is a debit.

A trigger ties it to its entry and account, not foreign keys: those would lock the account row of the house. No index on txid: landing finds
the postings of new transactions through their entries."""

balances = sa.Table(
    "balances",
    metadata,
    sa.Column("account_id", sa.Uuid(), sa.ForeignKey(accounts.c.account_id), primary_key=True),
    sa.Column("normal_sign", sa.SmallInteger(), nullable=False),
    _minor("posted_minor", default="0"),
    _minor("held_minor", default="0"),
    _minor("floor_minor"),
    _at("last_effective_at", nullable=True),
    sa.CheckConstraint("normal_sign * posted_minor - held_minor >= floor_minor", name="floor"),
)
"""Grain: one row per account with a floor. Available funds = normal_sign * posted_minor - held_minor."""

holds = sa.Table(
    "holds",
    metadata,
    sa.Column("hold_id", sa.Uuid(), primary_key=True),
    sa.Column("account_id", sa.Uuid(), sa.ForeignKey(accounts.c.account_id), nullable=False, index=True),
    _minor("amount_minor"),
    sa.Column("idempotency_key", sa.Text(), nullable=False, unique=True),
    sa.Column("payload_hash", sa.LargeBinary(), nullable=False),
    sa.Column("intent_id", sa.Uuid()),
    _at("expires_at", nullable=True),
    _at("recorded_at"),
    txid_column(),
    sa.Index(None, "txid"),
)
"""Grain: one row per amount set aside on an account with a floor."""

hold_events = sa.Table(
    "hold_events",
    metadata,
    sa.Column("hold_id", sa.Uuid(), sa.ForeignKey(holds.c.hold_id), primary_key=True),
    sa.Column("event_no", sa.Integer(), primary_key=True),
    sa.Column("kind", sa.Text(), nullable=False),
    _minor("amount_minor"),
    sa.Column("entry_id", sa.Uuid(), sa.ForeignKey(journal_entries.c.entry_id)),
    _at("recorded_at"),
    txid_column(),
    sa.Index("uq_hold_events_one_ending", "hold_id", unique=True, postgresql_where=sa.text("kind <> 'captured'")),
    sa.Index(None, "txid"),
)
"""Grain: one row per capture, and one for the release or expiry that ends a hold."""

open_holds = sa.Table(
    "open_holds",
    metadata,
    sa.Column("hold_id", sa.Uuid(), sa.ForeignKey(holds.c.hold_id), primary_key=True),
    sa.Column("account_id", sa.Uuid(), sa.ForeignKey(accounts.c.account_id), nullable=False),
    _minor("remaining_minor"),
    _at("expires_at", nullable=True),
    sa.Index(None, "expires_at"),
)
"""Grain: one row per hold that still holds something."""
