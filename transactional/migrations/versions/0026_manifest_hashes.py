"""The hash of a bundle's manifest beside that of the zip. Bundles kept before have none.

Revision ID: 0026
Revises: 0025
"""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table derived.reporting__evidence_bundles add column manifest_sha256 text")


def downgrade() -> None:
    op.execute("alter table derived.reporting__evidence_bundles drop column manifest_sha256")
