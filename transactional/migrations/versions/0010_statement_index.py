"""The statement of an account is read page by page, newest entry first, without sorting all it ever had.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create index ix_postings_account_id_entry_id on app.postings (account_id, entry_id); drop index app.ix_postings_account_id")


def downgrade() -> None:
    op.execute("create index ix_postings_account_id on app.postings (account_id); drop index app.ix_postings_account_id_entry_id")
