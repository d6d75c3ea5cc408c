"""What the engine follows beside breaks: rolling reserves, and exchanges against the reference rate.

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLES = """
create table derived.reconciliation__reserves (
    psp text not null, account text not null, batch_id text not null, currency text not null, held_on date not null,
    held_minor bigint not null, released_minor bigint not null, open_minor bigint not null, due_on date, state text not null,
    constraint pk_reconciliation__reserves primary key (psp, account, batch_id, currency)
);
create table derived.reconciliation__conversions (
    item_key text not null, psp text not null, account text not null, batch_id text, booked_on date not null, rate_date date not null,
    currency text not null, amount_minor bigint not null, net_currency text not null, converted_minor bigint not null,
    reference_minor bigint not null, markup_minor bigint not null, variance_minor bigint not null, fx_result_minor bigint not null,
    constraint pk_reconciliation__conversions primary key (item_key)
);
"""

DROP = """
drop table derived.reconciliation__conversions;
drop table derived.reconciliation__reserves;
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    op.execute(DROP)
