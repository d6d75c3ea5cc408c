"""What the matching engine writes: groups, breaks, where each item ended, the certificate and the gates.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = """
create table derived.reconciliation__groups (
    group_id text not null, layer text not null, case_kind text not null, psp text, account text not null, currency text not null,
    amount_minor bigint not null, residue_minor bigint not null, batch_id text, event_date date not null, item_count integer not null,
    hops text not null, constraint pk_reconciliation__groups primary key (group_id)
);
create table derived.reconciliation__dispositions (
    item_key text not null, disposition text not null, group_id text, break_id text, reason text, source text not null,
    currency text not null, amount_minor bigint not null, booked_on date not null,
    constraint pk_reconciliation__dispositions primary key (item_key)
);
create table derived.reconciliation__breaks (
    break_id text not null, break_class text not null, sub_class text, counts_as_break boolean not null, psp text,
    account text not null, currency text not null, amount_minor bigint not null, exposure text not null, event_date date not null,
    first_known_at timestamptz not null, due_on date, batch_id text, member_count integer not null, explanation text not null,
    constraint pk_reconciliation__breaks primary key (break_id)
);
create table derived.reconciliation__certificate (
    run_id text not null, as_of timestamptz not null, source text not null, currency text not null, booked_on date not null,
    in_count bigint not null, in_minor bigint not null, matched_count bigint not null, matched_minor bigint not null,
    broken_count bigint not null, broken_minor bigint not null, ignored_count bigint not null, ignored_minor bigint not null,
    closes boolean not null, constraint pk_reconciliation__certificate primary key (source, currency, booked_on)
);
create table derived.reconciliation__gates (
    gate text not null, subject text not null, checked_count bigint not null, failed_count bigint not null, passed boolean not null,
    constraint pk_reconciliation__gates primary key (gate, subject)
);
"""

DROP = """
drop table derived.reconciliation__gates;
drop table derived.reconciliation__certificate;
drop table derived.reconciliation__breaks;
drop table derived.reconciliation__dispositions;
drop table derived.reconciliation__groups;
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    op.execute(DROP)
