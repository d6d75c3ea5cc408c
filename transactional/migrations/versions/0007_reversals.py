"""A reversal is final: what was taken back by mistake is booked anew, so that one entry has at most one other that voids it.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_BEFORE = """
declare
    early_id uuid;
begin
    select r.entry_id into early_id
    from app.journal_entries r join app.journal_entries o on o.entry_id = r.reverses_id
    where r.entry_id = any (entry_ids) and r.effective_at < o.effective_at limit 1;
    if found then
        perform app.refuse('reversal_too_early', 'a reversal cannot take effect before the entry it reverses', jsonb_build_object('entry_id', early_id));
    end if;
end """

_FINAL = """
    select o.entry_id into early_id
    from app.journal_entries r join app.journal_entries o on o.entry_id = r.reverses_id
    where r.entry_id = any (entry_ids) and o.reverses_id is not null limit 1;
    if found then
        perform app.refuse('reversal_of_reversal', 'a reversal is final: book the entry anew', jsonb_build_object('entry_id', early_id));
    end if;
end """


def _replace(body: str) -> None:
    op.execute(f"create or replace function app.check_reversal_times(entry_ids uuid[]) returns void language plpgsql as $${body}$$")


def upgrade() -> None:
    _replace(_BEFORE.removesuffix("end ").rstrip() + _FINAL)


def downgrade() -> None:
    _replace(_BEFORE)
