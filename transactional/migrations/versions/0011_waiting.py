"""What waits is found without reading what does not: /health asks for it every few seconds.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create index ix_webhook_deliveries_refused on app.webhook_deliveries (received_at) where state <> 'recorded';
        create index ix_payment_events_webhook_id on app.payment_events (webhook_id) where webhook_id is not null;
        """
    )


def downgrade() -> None:
    op.execute("drop index app.ix_webhook_deliveries_refused, app.ix_payment_events_webhook_id")
