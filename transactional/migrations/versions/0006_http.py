"""What the HTTP edge keeps and may read: idempotency keys of requests; the ages of the landing for /health.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table app.request_keys (
            idempotency_key text not null, payload_hash bytea not null, first_seen_at timestamptz not null default clock_timestamp(),
            constraint pk_request_keys primary key (idempotency_key)
        );
        create trigger request_keys_are_append_only before update or delete or truncate on app.request_keys
        for each statement execute function app.refuse_change();
        grant usage on schema raw to countroom_service;
        grant select (landed_at) on raw.app_watermarks to countroom_service;
        grant usage on schema migrations to countroom_service;
        grant select on migrations.alembic_version to countroom_service;
        """
    )


def downgrade() -> None:
    op.execute(
        """
        revoke select on migrations.alembic_version from countroom_service;
        revoke usage on schema migrations from countroom_service;
        revoke select (landed_at) on raw.app_watermarks from countroom_service;
        revoke usage on schema raw from countroom_service;
        drop table app.request_keys;
        """
    )
