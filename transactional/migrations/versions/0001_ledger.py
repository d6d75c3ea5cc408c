"""The ledger: chart, accounts, entries, postings, holds; the guards that keep them true; the functions that write them.

The SQL stands beside, in migrations/sql/0001_*.sql: tables, guards (append-only, balance, grants), posting, holds. Once released those files are
history like this one and are not edited; a later revision replaces a function.

Revision ID: 0001
Revises: 0000
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = "0000"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"

DROP = """
-- takes a row of app.balances, so it goes before the table
drop function app.kept_minor;
drop table app.open_holds, app.hold_events, app.holds, app.balances, app.postings, app.journal_entries, app.accounts, app.account_classes;
drop function app.expire_holds, app.release_hold, app.capture_hold, app.reduce_hold, app.place_hold, app.hold_state, app.hold_id_of,
    app.reverse_entry, app.post_batch, app.is_plain, app.post_entry, app.drafts_of, app.first_answer, app.check_reversal,
    app.check_reversal_times, app.book_entry,
    app.least_funds_since, app.open_missing, app.open_accounts, app.account_id_of, app.new_id, app.check_entry,
    app.check_new_postings, app.refuse_change, app.refuse;
drop type app.posting_draft;
"""


def upgrade() -> None:
    for part in ("tables", "guards", "posting", "holds"):
        op.get_bind().exec_driver_sql((SQL / f"0001_{part}.sql").read_text().replace("%", "%%"))


def downgrade() -> None:
    op.execute(DROP)
