"""A repeated request gets the answer of the first, word for word: it is kept with the effect. What an answer says of a player is not for the warehouse.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table app.request_answers (
            idempotency_key text not null, body text not null,
            constraint pk_request_answers primary key (idempotency_key),
            constraint fk_request_answers_idempotency_key_request_keys foreign key (idempotency_key) references app.request_keys (idempotency_key)
        );
        create trigger request_answers_are_append_only before update or delete or truncate on app.request_answers
        for each statement execute function app.refuse_change();
        alter table app.request_answers enable always trigger request_answers_are_append_only;
        alter table app.request_keys enable always trigger request_keys_are_append_only;
        revoke select on app.request_answers, app.request_keys from countroom_pipeline;
        """
    )


def downgrade() -> None:
    op.execute(
        """
        grant select on app.request_keys to countroom_pipeline;
        alter table app.request_keys enable trigger request_keys_are_append_only;
        drop table app.request_answers;
        """
    )
