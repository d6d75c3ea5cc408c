"""What PSPs list as still in our balance, line by line.

Revision ID: 0027
Revises: 0026
"""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

TABLE = """
create table raw.psp__balance_lines (
    psp text not null, account text not null, report text not null, kind text not null, raw_kind text not null, gross_currency text,
    gross_minor bigint, net_currency text, net_minor bigint, commission_minor bigint, markup_minor bigint, scheme_fee_minor bigint,
    interchange_minor bigint, exchange_rate text, psp_reference text, modification_reference text, merchant_reference text, ext_id text,
    batch_id text, bank_reference text, payment_method text, occurred_at timestamptz not null, booked_at timestamptz,
    booked_on date not null, zone_label text, psp_fields jsonb not null, balance_on date not null, _file_id uuid not null,
    _source_file text not null, _file_version integer not null, _file_sha256 text not null, _source_line integer not null,
    _row_hash text not null, _loaded_at timestamptz not null,
    constraint pk_psp__balance_lines primary key (_file_id, _source_line)
);
create index ix_psp__balance_lines__loaded_at on raw.psp__balance_lines (_loaded_at);
create trigger append_only before update or delete or truncate on raw.psp__balance_lines execute function raw.refuse_change();
revoke update, delete, truncate on raw.psp__balance_lines from countroom_pipeline;
"""


def upgrade() -> None:
    op.execute(TABLE)


def downgrade() -> None:
    op.execute("drop table raw.psp__balance_lines")
