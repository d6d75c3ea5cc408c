"""Late successes of abandoned attempts are looked for among the turns that ended as failed lately.

Revision ID: 0028
Revises: 0027
"""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create index ix_payment_turn_ends_failed on app.payment_turn_ends (ended_at) where ended_as = 'failed'")


def downgrade() -> None:
    op.execute("drop index app.ix_payment_turn_ends_failed")
