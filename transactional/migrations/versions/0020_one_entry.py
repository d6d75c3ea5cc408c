"""An entry is booked with one look at its accounts and one update (sql/0020_one_entry.sql says when), and only reversals are in the index of reversals.

Measured: 4,500 transfers a second by 4 clients over 4 house accounts instead of 3,000, beside 5,000 of pgbench's TPC-B-like script (2 cores).

Revision ID: 0020
Revises: 0019
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    op.get_bind().exec_driver_sql((SQL / "0020_one_entry.sql").read_text().replace("%", "%%"))
    op.drop_constraint("uq_journal_entries_reverses_id", "journal_entries", schema="app")
    op.execute("create unique index uq_journal_entries_reverses_id on app.journal_entries (reverses_id) where reverses_id is not null")


def downgrade() -> None:
    op.execute("drop index app.uq_journal_entries_reverses_id")
    op.create_unique_constraint("uq_journal_entries_reverses_id", "journal_entries", ["reverses_id"], schema="app")
    script = (SQL / "0001_posting.sql").read_text()
    start = script.index("create function app.post_entry(")
    function = script[start : script.index("end $$;", start) + len("end $$;")].replace("create function", "create or replace function", 1)
    op.get_bind().exec_driver_sql(function.replace("%", "%%"))
