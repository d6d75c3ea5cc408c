"""Two sessions that open one account at the same moment both succeed, whichever of its two unique keys the second one meets.

An account's id is a function of its name, so a rival shows up at the primary key as well; `on conflict (code, currency)` heeds the other key only.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ONE_KEY, ANY_KEY = "on conflict (code, currency) do nothing", "on conflict do nothing"


def _open_accounts(heeding: str) -> None:
    script = (Path(__file__).parents[1] / "sql" / "0001_posting.sql").read_text()
    start = script.index("create function app.open_accounts(")
    function = script[start : script.index("end $$;", start) + len("end $$;")]
    function = function.replace("create function", "create or replace function", 1).replace(ONE_KEY, heeding)
    op.get_bind().exec_driver_sql(function.replace("%", "%%"))


def upgrade() -> None:
    _open_accounts(ANY_KEY)


def downgrade() -> None:
    _open_accounts(ONE_KEY)
