"""A posting is no longer in an index of transactions: landing, its only reader, finds the postings of new transactions through their entries.

Each posting wrote one index entry and one WAL record for it.

Revision ID: 0030
Revises: 0029
"""

from __future__ import annotations

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("drop index app.ix_postings_txid")


def downgrade() -> None:
    op.execute("create index ix_postings_txid on app.postings (txid)")
