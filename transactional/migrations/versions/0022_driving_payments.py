"""Driving payments: contexts of attempts, turns, requests to PSPs and their answers, authentications. Append-only.

What the database itself refuses: a second attempt of an intent before the first ended as failed (a turn refers to the failed end of the one before),
a second end, a second answer to one request, a card number where a BIN or a hash belongs.

Revision ID: 0022
Revises: 0021
"""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TABLES = """
create table app.payment_attempt_contexts (
    attempt_id uuid not null, attempt_no smallint not null, country text not null, card_fingerprint text, bin text, scheme text, funding text,
    issuer text, issuer_country text, three_ds_asked text not null, decision_id uuid, retry_of uuid, retry_rule text,
    recorded_at timestamptz not null, txid xid8 not null default pg_current_xact_id(),
    constraint pk_payment_attempt_contexts primary key (attempt_id),
    constraint fk_payment_attempt_contexts_attempt_id_payment_attempts foreign key (attempt_id) references app.payment_attempts (attempt_id),
    constraint fk_payment_attempt_contexts_retry_of_payment_attempts foreign key (retry_of) references app.payment_attempts (attempt_id),
    constraint ck_payment_attempt_contexts_attempt_no check (attempt_no >= 1),
    constraint ck_payment_attempt_contexts_country check (country ~ '^[A-Z]{2}$'),
    constraint ck_payment_attempt_contexts_fingerprint_is_a_hash check (card_fingerprint ~ '^[0-9a-f]{32,64}$'),
    constraint ck_payment_attempt_contexts_bin_is_no_card_number check (bin ~ '^[0-9]{6,8}$'),
    constraint ck_payment_attempt_contexts_funding check (funding in ('credit', 'debit', 'prepaid')),
    constraint ck_payment_attempt_contexts_three_ds_asked check (three_ds_asked in ('no', 'yes', 'exemption')),
    constraint ck_payment_attempt_contexts_a_retry_says_of_what
        check ((attempt_no = 1) = (retry_of is null) and (retry_of is null) = (retry_rule is null))
);
create index ix_payment_attempt_contexts_card_fingerprint on app.payment_attempt_contexts (card_fingerprint);
create index ix_payment_attempt_contexts_txid on app.payment_attempt_contexts (txid);

create table app.payment_turns (
    intent_id uuid not null, attempt_no smallint not null, attempt_id uuid not null, after_no smallint, after_end text,
    opened_at timestamptz not null, txid xid8 not null default pg_current_xact_id(),
    constraint pk_payment_turns primary key (intent_id, attempt_no),
    constraint uq_payment_turns_attempt_id unique (attempt_id),
    constraint fk_payment_turns_intent_id_payment_intents foreign key (intent_id) references app.payment_intents (intent_id),
    constraint fk_payment_turns_attempt_id_payment_attempts foreign key (attempt_id) references app.payment_attempts (attempt_id),
    constraint ck_payment_turns_follows_the_one_before check (
        attempt_no = 1 and after_no is null and after_end is null
        or attempt_no > 1 and after_no is not null and after_no = attempt_no - 1 and after_end is not null and after_end = 'failed'
    )
);
create index ix_payment_turns_opened_at on app.payment_turns (opened_at);
create index ix_payment_turns_txid on app.payment_turns (txid);

create table app.payment_turn_ends (
    intent_id uuid not null, attempt_no smallint not null, ended_as text not null, reason text not null, ended_at timestamptz not null,
    txid xid8 not null default pg_current_xact_id(),
    constraint pk_payment_turn_ends primary key (intent_id, attempt_no),
    constraint uq_payment_turn_ends_intent_id_attempt_no_ended_as unique (intent_id, attempt_no, ended_as),
    constraint fk_payment_turn_ends_turn foreign key (intent_id, attempt_no) references app.payment_turns (intent_id, attempt_no),
    constraint ck_payment_turn_ends_ended_as check (ended_as in ('succeeded', 'failed'))
);
create index ix_payment_turn_ends_txid on app.payment_turn_ends (txid);
alter table app.payment_turns add constraint fk_payment_turns_follows_a_failed_one
    foreign key (intent_id, after_no, after_end) references app.payment_turn_ends (intent_id, attempt_no, ended_as);

create table app.payment_calls (
    call_id uuid not null, attempt_id uuid not null, call text not null, call_no integer not null, idempotency_key text not null,
    amount_minor bigint, currency text, asked_at timestamptz not null, timeout_ms integer not null,
    txid xid8 not null default pg_current_xact_id(),
    constraint pk_payment_calls primary key (call_id),
    constraint fk_payment_calls_attempt_id_payment_attempts foreign key (attempt_id) references app.payment_attempts (attempt_id),
    constraint uq_payment_calls_attempt_id_call_no unique (attempt_id, call_no),
    constraint ck_payment_calls_call check (call in ('authorise', 'complete', 'capture', 'cancel', 'refund', 'payout', 'status')),
    constraint ck_payment_calls_call_no check (call_no >= 1),
    constraint ck_payment_calls_timeout check (timeout_ms > 0),
    constraint ck_payment_calls_amount_has_currency check ((amount_minor is null) = (currency is null)),
    constraint ck_payment_calls_money_has_an_amount check (amount_minor is not null or call in ('complete', 'cancel', 'status')),
    constraint ck_payment_calls_amount check (amount_minor > 0)
);
create index ix_payment_calls_txid on app.payment_calls (txid);

create table app.payment_answers (
    call_id uuid not null, outcome text not null, http_status smallint, raw_code text, network_code text, advice_code text, decline_code text,
    decline_class text, taxonomy_version text, psp_reference text, answered_at timestamptz not null, latency_ms integer not null,
    recorded_at timestamptz not null, txid xid8 not null default pg_current_xact_id(),
    constraint pk_payment_answers primary key (call_id),
    constraint fk_payment_answers_call_id_payment_calls foreign key (call_id) references app.payment_calls (call_id),
    constraint ck_payment_answers_outcome
        check (outcome in ('approved', 'declined', 'pending', 'requires_action', 'unknown', 'not_found', 'error')),
    constraint ck_payment_answers_latency check (latency_ms >= 0),
    constraint ck_payment_answers_decline_is_whole
        check ((decline_code is null) = (decline_class is null) and (decline_code is null) = (taxonomy_version is null)),
    constraint ck_payment_answers_decline_was_declined check (decline_code is null or outcome in ('declined', 'error'))
);
create index ix_payment_answers_txid on app.payment_answers (txid);

create table app.payment_authentications (
    authentication_id uuid not null, attempt_id uuid not null, step text not null, effective_at timestamptz not null,
    recorded_at timestamptz not null, txid xid8 not null default pg_current_xact_id(),
    constraint pk_payment_authentications primary key (authentication_id),
    constraint fk_payment_authentications_attempt_id_payment_attempts foreign key (attempt_id) references app.payment_attempts (attempt_id),
    constraint uq_payment_authentications_attempt_id_step_effective_at unique (attempt_id, step, effective_at),
    constraint ck_payment_authentications_step check (step in ('asked', 'frictionless', 'challenge', 'passed', 'failed', 'abandoned',
                                                               'exemption_asked', 'exemption_granted', 'exemption_refused'))
);
create index ix_payment_authentications_attempt_id on app.payment_authentications (attempt_id);
create index ix_payment_authentications_txid on app.payment_authentications (txid);
"""

GUARDS = """
do $$
declare
    fact text;
    columns text;
begin
    foreach fact in array array['payment_attempt_contexts', 'payment_turns', 'payment_turn_ends', 'payment_calls', 'payment_answers',
                                'payment_authentications'] loop
        execute format('create trigger %I before update or delete or truncate on app.%I
                        for each statement execute function app.refuse_change()', fact || '_are_append_only', fact);
        execute format('alter table app.%I enable always trigger %I', fact, fact || '_are_append_only');
        select string_agg(quote_ident(attname), ', ' order by attnum) into columns
        from pg_attribute where attrelid = format('app.%I', fact)::regclass and attnum > 0 and attname <> 'txid';
        execute format('revoke insert on app.%I from countroom_service', fact);
        execute format('grant insert (%s) on app.%I to countroom_service', columns, fact);
    end loop;
end $$;
"""

WAREHOUSE = """
create table raw.app__payment_attempt_contexts (
    attempt_id uuid not null, attempt_no integer not null, country text not null, card_fingerprint text, bin text, scheme text,
    funding text, issuer text, issuer_country text, three_ds_asked text not null, decision_id uuid, retry_of uuid, retry_rule text,
    recorded_at timestamptz not null, _batch_id uuid not null, _loaded_at timestamptz not null,
    constraint pk_app__payment_attempt_contexts primary key (attempt_id)
);
create index ix_app__payment_attempt_contexts__loaded_at on raw.app__payment_attempt_contexts (_loaded_at);
create table raw.app__payment_turn_ends (
    intent_id uuid not null, attempt_no integer not null, ended_as text not null, reason text not null, ended_at timestamptz not null,
    _batch_id uuid not null, _loaded_at timestamptz not null,
    constraint pk_app__payment_turn_ends primary key (intent_id, attempt_no)
);
create table raw.app__payment_calls (
    call_id uuid not null, attempt_id uuid not null, call text not null, call_no integer not null, amount_minor bigint, currency text,
    asked_at timestamptz not null, timeout_ms integer not null, _batch_id uuid not null, _loaded_at timestamptz not null,
    constraint pk_app__payment_calls primary key (call_id)
);
create index ix_app__payment_calls__loaded_at on raw.app__payment_calls (_loaded_at);
create table raw.app__payment_answers (
    call_id uuid not null, outcome text not null, http_status integer, raw_code text, network_code text, advice_code text,
    decline_code text, decline_class text, taxonomy_version text, psp_reference text, answered_at timestamptz not null,
    latency_ms integer not null, recorded_at timestamptz not null, _batch_id uuid not null, _loaded_at timestamptz not null,
    constraint pk_app__payment_answers primary key (call_id)
);
create index ix_app__payment_answers__loaded_at on raw.app__payment_answers (_loaded_at);
create table raw.app__payment_authentications (
    authentication_id uuid not null, attempt_id uuid not null, step text not null, effective_at timestamptz not null,
    recorded_at timestamptz not null, _batch_id uuid not null, _loaded_at timestamptz not null,
    constraint pk_app__payment_authentications primary key (authentication_id)
);
create trigger append_only before update or delete or truncate on raw.app__payment_attempt_contexts execute function raw.refuse_change();
revoke update, delete, truncate on raw.app__payment_attempt_contexts from countroom_pipeline;
create trigger append_only before update or delete or truncate on raw.app__payment_turn_ends execute function raw.refuse_change();
revoke update, delete, truncate on raw.app__payment_turn_ends from countroom_pipeline;
create trigger append_only before update or delete or truncate on raw.app__payment_calls execute function raw.refuse_change();
revoke update, delete, truncate on raw.app__payment_calls from countroom_pipeline;
create trigger append_only before update or delete or truncate on raw.app__payment_answers execute function raw.refuse_change();
revoke update, delete, truncate on raw.app__payment_answers from countroom_pipeline;
create trigger append_only before update or delete or truncate on raw.app__payment_authentications execute function raw.refuse_change();
revoke update, delete, truncate on raw.app__payment_authentications from countroom_pipeline;
"""

DROP = """
drop table raw.app__payment_authentications, raw.app__payment_answers, raw.app__payment_calls, raw.app__payment_turn_ends, raw.app__payment_attempt_contexts;
alter table app.payment_turns drop constraint fk_payment_turns_follows_a_failed_one;
drop table app.payment_authentications, app.payment_answers, app.payment_calls, app.payment_turn_ends, app.payment_turns,
    app.payment_attempt_contexts;
"""


def upgrade() -> None:
    for script in (TABLES, GUARDS, WAREHOUSE):
        op.get_bind().exec_driver_sql(script.replace("%", "%%"))


def downgrade() -> None:
    op.execute(DROP)
