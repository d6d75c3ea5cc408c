"""Catalogues (registries of Python as tables) and the history of day ends.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = """
create table derived.psp_catalogue (
    psp text not null, zone text not null, day_shift_seconds integer not null, activity_lag_days integer not null,
    settles_after_days integer not null, settlement_grace_days integer not null, bank_lag_days integer not null,
    batch_numbering text not null, source text not null,
    constraint pk_psp_catalogue primary key (psp)
);
create table derived.merchant_account_catalogue (
    psp text not null, account text not null, zone text not null, day_shift_seconds integer not null, has_activity_reports boolean not null,
    settlement_currencies text not null, valid_from date not null, valid_until date not null,
    constraint pk_merchant_account_catalogue primary key (psp, account, valid_from)
);
create table derived.fee_rule_catalogue (
    psp text not null, account text not null, rule_id text not null, rule_order integer not null, kinds text not null, methods text not null,
    charges text not null, valid_from date not null, valid_until date not null,
    constraint pk_fee_rule_catalogue primary key (psp, account, rule_id)
);
create table derived.money_kind_catalogue (
    kind text not null, family text not null, expected_sign integer,
    constraint pk_money_kind_catalogue primary key (kind)
);
create table derived.fact_kind_catalogue (
    event_kind text not null, money_kind text,
    constraint pk_fact_kind_catalogue primary key (event_kind)
);
create table derived.account_class_catalogue (
    account_class text not null, normal_side text not null, subject text not null, floor_minor bigint,
    constraint pk_account_class_catalogue primary key (account_class)
);
create table derived.currency_catalogue (
    currency text not null, exponent integer not null, valid_from date not null, valid_until date not null,
    constraint pk_currency_catalogue primary key (currency, valid_from)
);
create table derived.break_class_catalogue (
    break_class text not null, exposure_sign integer not null, sentence text not null,
    constraint pk_break_class_catalogue primary key (break_class)
);
create table derived.reconciliation__day_ends (
    day_end_date date not null, as_of timestamptz not null, psp text not null, account text not null, currency text not null,
    matched_count bigint not null, matched_minor bigint not null, broken_count bigint not null, broken_minor bigint not null,
    open_count bigint not null, open_minor bigint not null,
    constraint pk_reconciliation__day_ends primary key (day_end_date, psp, account, currency)
);
"""

DROP = """
drop table derived.reconciliation__day_ends;
drop table derived.break_class_catalogue;
drop table derived.currency_catalogue;
drop table derived.account_class_catalogue;
drop table derived.fact_kind_catalogue;
drop table derived.money_kind_catalogue;
drop table derived.fee_rule_catalogue;
drop table derived.merchant_account_catalogue;
drop table derived.psp_catalogue;
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    op.execute(DROP)
