"""The raw schema: files and the lines they brought, bank statements, rates, and the app facts that landed.

What landed is never changed: a trigger and the grants refuse UPDATE, DELETE and TRUNCATE. Two tables move: app_watermarks (how far the app
tables have landed) and source_files, where a refused file may be offered again; a landed file's row is as fixed as its lines.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = """
create table raw.source_files (
    file_id uuid not null, sha256 text not null, name text not null, folder text not null, source text not null, report text not null,
    account text, version integer not null, size_bytes bigint not null, received_at timestamptz not null, object_key text not null,
    state text not null, rows_in integer not null, rows_landed integer not null, rows_rejected integer not null,
    rows_duplicate integer not null, refusal text,
    constraint pk_source_files primary key (file_id)
);
create index ix_source_files_received_at on raw.source_files (received_at);
create table raw.file_sightings (
    sighting_id uuid not null, file_id uuid not null, name text not null, folder text not null, rows_duplicate integer not null,
    seen_at timestamptz not null,
    constraint pk_file_sightings primary key (sighting_id)
);
create index ix_file_sightings_file_id on raw.file_sightings (file_id);
create table raw.rejected_rows (
    file_id uuid not null, rejection_no integer not null, line integer not null, column_name text, code text not null,
    expected text not null, content text not null, rejected_at timestamptz not null,
    constraint pk_rejected_rows primary key (file_id, rejection_no)
);
create table raw.psp__settlement_lines (
    psp text not null, account text not null, report text not null, kind text not null, raw_kind text not null, gross_currency text,
    gross_minor bigint, net_currency text, net_minor bigint, commission_minor bigint, markup_minor bigint, scheme_fee_minor bigint,
    interchange_minor bigint, exchange_rate text, psp_reference text, modification_reference text, merchant_reference text, ext_id text,
    batch_id text, bank_reference text, payment_method text, occurred_at timestamptz not null, booked_at timestamptz,
    booked_on date not null, zone_label text, psp_fields jsonb not null, _file_id uuid not null, _source_file text not null,
    _file_version integer not null, _file_sha256 text not null, _source_line integer not null, _row_hash text not null,
    _loaded_at timestamptz not null,
    constraint pk_psp__settlement_lines primary key (_file_id, _source_line)
);
create index ix_psp__settlement_lines__loaded_at on raw.psp__settlement_lines (_loaded_at);
create index ix_psp__settlement_lines_psp_account_batch_id on raw.psp__settlement_lines (psp, account, batch_id);
create table raw.psp__activity_lines (
    psp text not null, account text not null, report text not null, kind text not null, raw_kind text not null, gross_currency text,
    gross_minor bigint, net_currency text, net_minor bigint, commission_minor bigint, markup_minor bigint, scheme_fee_minor bigint,
    interchange_minor bigint, exchange_rate text, psp_reference text, modification_reference text, merchant_reference text, ext_id text,
    batch_id text, bank_reference text, payment_method text, occurred_at timestamptz not null, booked_at timestamptz,
    booked_on date not null, zone_label text, psp_fields jsonb not null, _file_id uuid not null, _source_file text not null,
    _file_version integer not null, _file_sha256 text not null, _source_line integer not null, _row_hash text not null,
    _loaded_at timestamptz not null,
    constraint pk_psp__activity_lines primary key (_file_id, _source_line)
);
create index ix_psp__activity_lines__loaded_at on raw.psp__activity_lines (_loaded_at);
create table raw.bank__statement_lines (
    bank_account text not null, currency text not null, report text not null, statement_id text not null, statement_no integer not null,
    amount_minor bigint not null, is_booked boolean not null, is_reversal boolean not null, status text not null,
    booking_date date not null, value_date date, bank_reference text, end_to_end_id text, description text not null,
    counterparty_account text, return_reason text, transaction_code text, transaction_count integer not null, details jsonb not null,
    _file_id uuid not null, _source_file text not null, _file_version integer not null, _file_sha256 text not null,
    _source_line integer not null, _row_hash text not null, _loaded_at timestamptz not null,
    constraint pk_bank__statement_lines primary key (_file_id, _source_line)
);
create index ix_bank__statement_lines__loaded_at on raw.bank__statement_lines (_loaded_at);
create index ix_bank__statement_lines_bank_account_booking_date on raw.bank__statement_lines (bank_account, booking_date);
create table raw.bank__statements (
    bank_account text not null, currency text not null, report text not null, statement_id text not null, sequence text,
    opening_minor bigint, closing_minor bigint, opening_date date, closing_date date, entry_count integer not null,
    moves_minor bigint not null, difference_minor bigint, _file_id uuid not null, _source_file text not null,
    _file_version integer not null, _file_sha256 text not null, _source_line integer not null, _row_hash text not null,
    _loaded_at timestamptz not null,
    constraint pk_bank__statements primary key (_file_id, _source_line)
);
create index ix_bank__statements_bank_account_closing_date on raw.bank__statements (bank_account, closing_date);
create table raw.fx__rates (
    provider text not null, rate_date date not null, base_currency text not null, currency text not null, rate numeric not null,
    _file_id uuid not null, _source_file text not null, _file_version integer not null, _file_sha256 text not null,
    _source_line integer not null, _row_hash text not null, _loaded_at timestamptz not null,
    constraint pk_fx__rates primary key (provider, rate_date, base_currency, currency, _file_id)
);
create table raw.app__accounts (
    account_id uuid not null, code text not null, account_class text not null, currency text not null, player_id uuid, psp text,
    merchant_account text, floor_minor bigint, created_at timestamptz not null, _batch_id uuid not null, _loaded_at timestamptz not null,
    constraint pk_app__accounts primary key (account_id)
);
create table raw.app__journal_entries (
    entry_id uuid not null, idempotency_key text not null, kind text not null, effective_at timestamptz not null,
    recorded_at timestamptz not null, reverses_id uuid, description text, _batch_id uuid not null, _loaded_at timestamptz not null,
    constraint pk_app__journal_entries primary key (entry_id)
);
create index ix_app__journal_entries__loaded_at on raw.app__journal_entries (_loaded_at);
create table raw.app__postings (
    entry_id uuid not null, line integer not null, account_id uuid not null, currency text not null, amount_minor bigint not null,
    intent_id uuid, attempt_id uuid, psp_reference text, modification_reference text, _batch_id uuid not null,
    _loaded_at timestamptz not null,
    constraint pk_app__postings primary key (entry_id, line)
);
create index ix_app__postings__loaded_at on raw.app__postings (_loaded_at);
create table raw.app__payment_intents (
    intent_id uuid not null, player_id uuid not null, direction text not null, currency text not null, amount_minor bigint not null,
    created_at timestamptz not null, recorded_at timestamptz not null, _batch_id uuid not null, _loaded_at timestamptz not null,
    constraint pk_app__payment_intents primary key (intent_id)
);
create table raw.app__payment_attempts (
    attempt_id uuid not null, intent_id uuid not null, psp text not null, merchant_account text not null, merchant_reference text not null,
    payment_method text, created_at timestamptz not null, recorded_at timestamptz not null, _batch_id uuid not null,
    _loaded_at timestamptz not null,
    constraint pk_app__payment_attempts primary key (attempt_id)
);
create table raw.app__payment_events (
    event_id uuid not null, attempt_id uuid, psp text not null, merchant_account text not null, event_kind text not null, raw_kind text not null,
    money_kind text, amount_minor bigint, currency text, psp_reference text, modification_reference text, merchant_reference text,
    effective_at timestamptz not null, recorded_at timestamptz not null, entry_id uuid, _batch_id uuid not null,
    _loaded_at timestamptz not null,
    constraint pk_app__payment_events primary key (event_id)
);
create index ix_app__payment_events__loaded_at on raw.app__payment_events (_loaded_at);
create table raw.app__payment_adoptions (
    event_id uuid not null, attempt_id uuid not null, entry_id uuid, recorded_at timestamptz not null, _batch_id uuid not null,
    _loaded_at timestamptz not null,
    constraint pk_app__payment_adoptions primary key (event_id)
);
create table raw.app_batches (
    table_name text not null, snapshot text not null, previous_snapshot text, rows_landed bigint not null, _batch_id uuid not null,
    _loaded_at timestamptz not null,
    constraint pk_app_batches primary key (_batch_id, table_name)
);
create table raw.app_watermarks (
    table_name text not null, snapshot text not null, landed_at timestamptz not null,
    constraint pk_app_watermarks primary key (table_name)
);
"""

# rows in = landed + rejected + duplicate, always; one row per content, since the id is the first 128 bits of the hash
CHECKS = """
alter table raw.source_files add constraint ck_source_files_rows_add_up check (rows_in = rows_landed + rows_rejected + rows_duplicate);
alter table raw.source_files add constraint ck_source_files_counts check (least(rows_in, rows_landed, rows_rejected, rows_duplicate) >= 0);
alter table raw.source_files add constraint ck_source_files_state check (state in ('landed', 'refused'));
alter table raw.source_files add constraint ck_source_files_refusal check ((state = 'refused') = (refusal is not null));
alter table raw.source_files add constraint ck_source_files_refused_is_empty check (state = 'landed' or rows_in = rows_rejected);
alter table raw.source_files add constraint ck_source_files_sha256 check (sha256 ~ '^[0-9a-f]{64}$');
alter table raw.source_files add constraint ck_source_files_id_is_content check (file_id = left(sha256, 32)::uuid);
"""

# everything but app_watermarks; source_files has its own rule
APPEND_ONLY = (
    "file_sightings",
    "rejected_rows",
    "psp__settlement_lines",
    "psp__activity_lines",
    "bank__statement_lines",
    "bank__statements",
    "fx__rates",
    "app__accounts",
    "app__journal_entries",
    "app__postings",
    "app__payment_intents",
    "app__payment_attempts",
    "app__payment_events",
    "app__payment_adoptions",
    "app_batches",
)
ALL_TABLES = ("source_files", *APPEND_ONLY, "app_watermarks")

REFUSE = """
create function raw.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'raw.% is append-only: what landed is never changed', tg_table_name using errcode = 'restrict_violation';
end $$;
create function raw.refuse_change_of_landed_file() returns trigger language plpgsql as $$
begin
    if old.state = 'landed' then
        raise exception 'raw.source_files: a landed file is never changed' using errcode = 'restrict_violation';
    end if;
    return case when tg_op = 'DELETE' then old else new end;
end $$;
create trigger landed_file_is_fixed before update or delete on raw.source_files
    for each row execute function raw.refuse_change_of_landed_file();
create trigger no_truncate before truncate on raw.source_files execute function raw.refuse_change();
revoke delete, truncate on raw.source_files from countroom_pipeline;
"""

PROTECT = """
create trigger append_only before update or delete or truncate on raw.{table} execute function raw.refuse_change();
revoke update, delete, truncate on raw.{table} from countroom_pipeline;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(CHECKS)
    op.execute(REFUSE)
    for table in APPEND_ONLY:
        op.execute(PROTECT.format(table=table))
    op.execute("grant select on raw.app_watermarks to countroom_service")  # /health says how old the landing is


def downgrade() -> None:
    for table in reversed(ALL_TABLES):
        op.execute(f"drop table raw.{table}")
    op.execute("drop function raw.refuse_change(); drop function raw.refuse_change_of_landed_file();")
