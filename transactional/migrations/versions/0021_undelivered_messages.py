"""A message that nobody wants is given up after a while, kept, and offered again by command.

Revision ID: 0021
Revises: 0020
"""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

COLUMNS = """
alter table derived.reporting__alert_messages
    add column offered_at timestamptz, add column refused_count integer not null default 0,
    add column next_attempt_at timestamptz, add column undelivered_at timestamptz;
update derived.reporting__alert_messages set offered_at = composed_at;
alter table derived.reporting__alert_messages alter column offered_at set not null, alter column refused_count drop default;
"""

DROP = """
alter table derived.reporting__alert_messages
    drop column offered_at, drop column refused_count, drop column next_attempt_at, drop column undelivered_at;
"""


def upgrade() -> None:
    op.execute(COLUMNS)


def downgrade() -> None:
    op.execute(DROP)
