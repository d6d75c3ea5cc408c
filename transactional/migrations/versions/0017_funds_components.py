"""The catalogue of account classes says which line of the proof of player funds a class is part of.

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table derived.account_class_catalogue add column funds_side text, add column funds_component text")


def downgrade() -> None:
    op.execute("alter table derived.account_class_catalogue drop column funds_side, drop column funds_component")
