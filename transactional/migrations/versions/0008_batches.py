"""A batch of entries is read once into arrays, and every look-up is one step into an index (sql/0008_batches.sql says why).

Measured: 1,000 entries with all references take 95 ms instead of 112 (median of 30, three interleaved rounds, 2 shared cores).

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"
REPLACED = {"post_batch": "posting", "is_plain": "posting", "check_new_postings": "guards"}


def as_first_released(name: str, part: str) -> str:
    """The statement that puts a function of revision 0001 back."""
    script = (SQL / f"0001_{part}.sql").read_text()
    start = script.index(f"create function app.{name}(")
    end = min(found + 3 for mark in ("\n$$;", "end $$;") if (found := script.find(mark, start)) >= 0)
    return script[start : script.index(";", end) + 1].replace("create function", "create or replace function", 1)


def upgrade() -> None:
    op.get_bind().exec_driver_sql((SQL / "0008_batches.sql").read_text().replace("%", "%%"))


def downgrade() -> None:
    for name, part in REPLACED.items():
        op.get_bind().exec_driver_sql(as_first_released(name, part).replace("%", "%%"))
    op.execute("drop function app.book_drafts, app.posting_drafts_of, app.entry_drafts_of; drop type app.entry_draft")
