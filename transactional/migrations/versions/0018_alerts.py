"""Alerts, the messages made of them, and the bundles that the schedule kept.

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TABLES = """
create table derived.reporting__alerts (
    alert_id text not null, occurrence integer not null, kind text not null, subject text not null, cause text not null, gate text,
    psp text not null, account text not null, currency text, amount_minor bigint, business_date date not null, due_at timestamptz,
    raised_at timestamptz not null, ended_at timestamptz,
    constraint pk_reporting__alerts primary key (alert_id, occurrence)
);
create table derived.reporting__alert_messages (
    message_id text not null, channel text not null, alert_keys text not null, body text not null, composed_at timestamptz not null,
    attempt_count integer not null, last_attempt_at timestamptz, delivered_at timestamptz, last_error text,
    constraint pk_reporting__alert_messages primary key (message_id)
);
create table derived.reporting__evidence_bundles (
    sha256 text not null, business_date date not null, psp text, object_key text not null, size_bytes bigint not null,
    member_count integer not null, watermark_at timestamptz not null, close_id text, kept_at timestamptz not null,
    constraint pk_reporting__evidence_bundles primary key (sha256)
);
"""

DROP = """
drop table derived.reporting__evidence_bundles;
drop table derived.reporting__alert_messages;
drop table derived.reporting__alerts;
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    op.execute(DROP)
