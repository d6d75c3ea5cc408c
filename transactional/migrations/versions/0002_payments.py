"""Payments: intents, attempts, events, adoptions; deliveries of webhooks and what was refused of them.

Every table is append-only: app.refuse_change (revision 0001) refuses UPDATE, DELETE and TRUNCATE, and the service may insert only. Bodies of webhooks
hold personal data: the pipeline, which reads the rest of app, has no right to them.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = """
create table app.payment_intents (
    intent_id uuid not null, player_id uuid not null, direction text not null, currency text not null, amount_minor bigint not null,
    idempotency_key text not null, payload_hash bytea not null, created_at timestamptz not null, recorded_at timestamptz not null,
    txid xid8 not null default pg_current_xact_id(),
    constraint pk_payment_intents primary key (intent_id),
    constraint uq_payment_intents_idempotency_key unique (idempotency_key),
    constraint ck_payment_intents_direction check (direction in ('deposit', 'withdrawal')),
    constraint ck_payment_intents_amount check (amount_minor > 0),
    constraint ck_payment_intents_currency check (currency ~ '^[A-Z]{3}$')
);
create index ix_payment_intents_player_id on app.payment_intents (player_id);
create index ix_payment_intents_txid on app.payment_intents (txid);

create table app.payment_attempts (
    attempt_id uuid not null, intent_id uuid not null, psp text not null, merchant_account text not null, merchant_reference text not null,
    payment_method text, idempotency_key text not null, payload_hash bytea not null, created_at timestamptz not null,
    recorded_at timestamptz not null, txid xid8 not null default pg_current_xact_id(),
    constraint pk_payment_attempts primary key (attempt_id),
    constraint fk_payment_attempts_intent_id_payment_intents foreign key (intent_id) references app.payment_intents (intent_id),
    constraint uq_payment_attempts_idempotency_key unique (idempotency_key),
    constraint uq_payment_attempts_psp_merchant_account_merchant_reference unique (psp, merchant_account, merchant_reference)
);
create index ix_payment_attempts_intent_id on app.payment_attempts (intent_id);
create index ix_payment_attempts_txid on app.payment_attempts (txid);

create table app.webhook_deliveries (
    webhook_id uuid not null, psp text not null, received_at timestamptz not null, body bytea not null, body_sha256 bytea not null,
    signature_verified boolean not null, state text not null, txid xid8 not null default pg_current_xact_id(),
    constraint pk_webhook_deliveries primary key (webhook_id),
    constraint uq_webhook_deliveries_psp_body_sha256 unique (psp, body_sha256),
    constraint ck_webhook_deliveries_state check (state in ('recorded', 'partly_refused', 'refused'))
);

create table app.webhook_refusals (
    webhook_id uuid not null, item integer not null, code text not null, reason text not null, recorded_at timestamptz not null,
    txid xid8 not null default pg_current_xact_id(),
    constraint pk_webhook_refusals primary key (webhook_id, item),
    constraint fk_webhook_refusals_webhook_id_webhook_deliveries foreign key (webhook_id) references app.webhook_deliveries (webhook_id)
);

create table app.payment_events (
    event_id uuid not null, attempt_id uuid, psp text not null, merchant_account text not null, event_kind text not null, raw_kind text not null,
    money_kind text, amount_minor bigint, currency text, psp_reference text, modification_reference text, merchant_reference text,
    effective_at timestamptz not null, recorded_at timestamptz not null, dedupe_key text not null, payload_hash bytea not null,
    webhook_id uuid, entry_id uuid, books_event_id uuid, txid xid8 not null default pg_current_xact_id(),
    constraint pk_payment_events primary key (event_id),
    constraint fk_payment_events_attempt_id_payment_attempts foreign key (attempt_id) references app.payment_attempts (attempt_id),
    constraint uq_payment_events_dedupe_key unique (dedupe_key),
    constraint fk_payment_events_webhook_id_webhook_deliveries foreign key (webhook_id) references app.webhook_deliveries (webhook_id)
        deferrable initially deferred,
    constraint fk_payment_events_entry_id_journal_entries foreign key (entry_id) references app.journal_entries (entry_id),
    constraint fk_payment_events_books_event_id_payment_events foreign key (books_event_id) references app.payment_events (event_id),
    constraint ck_payment_events_amount_has_currency check ((amount_minor is null) = (currency is null)),
    constraint ck_payment_events_money_is_booked check (money_kind is null or (amount_minor is not null and entry_id is not null))
);
create index ix_payment_events_attempt_id on app.payment_events (attempt_id);
create index ix_payment_events_books_event_id on app.payment_events (books_event_id) where books_event_id is not null;
create index ix_payment_events_psp_psp_reference on app.payment_events (psp, psp_reference);
create index ix_payment_events_without_attempt on app.payment_events (psp, merchant_account, merchant_reference)
    where attempt_id is null and merchant_reference is not null;
create index ix_payment_events_txid on app.payment_events (txid);

create table app.payment_adoptions (
    event_id uuid not null, attempt_id uuid not null, entry_id uuid, recorded_at timestamptz not null,
    txid xid8 not null default pg_current_xact_id(),
    constraint pk_payment_adoptions primary key (event_id),
    constraint fk_payment_adoptions_event_id_payment_events foreign key (event_id) references app.payment_events (event_id),
    constraint fk_payment_adoptions_attempt_id_payment_attempts foreign key (attempt_id) references app.payment_attempts (attempt_id),
    constraint fk_payment_adoptions_entry_id_journal_entries foreign key (entry_id) references app.journal_entries (entry_id)
);
create index ix_payment_adoptions_attempt_id on app.payment_adoptions (attempt_id);
create index ix_payment_adoptions_txid on app.payment_adoptions (txid);
"""

GUARDS = """
do $$
declare
    fact text;
    columns text;
begin
    foreach fact in array array['payment_intents', 'payment_attempts', 'payment_events', 'payment_adoptions',
                                'webhook_deliveries', 'webhook_refusals'] loop
        execute format('create trigger %I before update or delete or truncate on app.%I
                        for each statement execute function app.refuse_change()', fact || '_are_append_only', fact);
        execute format('alter table app.%I enable always trigger %I', fact, fact || '_are_append_only');
        select string_agg(quote_ident(attname), ', ' order by attnum) into columns
        from pg_attribute where attrelid = format('app.%I', fact)::regclass and attnum > 0 and attname <> 'txid';
        execute format('revoke insert on app.%I from countroom_service', fact);
        execute format('grant insert (%s) on app.%I to countroom_service', columns, fact);
    end loop;
end $$;
revoke select on app.webhook_deliveries from countroom_pipeline;
"""

DROP = """
drop table app.payment_adoptions, app.payment_events, app.webhook_refusals, app.webhook_deliveries, app.payment_attempts, app.payment_intents;
"""


def upgrade() -> None:
    for script in (TABLES, GUARDS):
        op.get_bind().exec_driver_sql(script.replace("%", "%%"))


def downgrade() -> None:
    op.execute(DROP)
