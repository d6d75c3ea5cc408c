"""Closes of days: frozen, signed by two, re-opened for a reason; all as facts.

What the database itself refuses: a second live close of a day, the same signer twice, a third signature, a signature or a re-opening of what is not
live, a re-opening without a reason. `generation` is counted by the trigger and unique, so that two sessions which cannot see each other both freezing
a day is refused too.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

EVENTS = """
create table app.close_events (
    event_id uuid not null, close_id uuid not null, psp text not null, business_date date not null, generation integer not null,
    kind text not null, actor text not null, reason text, watermark_at timestamptz, rule_set text, config_hash text, run_id text,
    checksum text, object_key text, payload jsonb, recorded_at timestamptz not null, request_id text not null,
    txid xid8 not null default pg_current_xact_id(),
    constraint pk_close_events primary key (event_id),
    constraint uq_close_events_request_id unique (request_id),
    constraint ck_close_events_kind check (kind in ('frozen', 'signed', 'reopened')),
    constraint ck_close_events_actor check (actor ~ '^[a-z0-9._@-]{1,64}$'),
    constraint ck_close_events_frozen check (
        case when kind = 'frozen' then close_id = event_id and num_nulls(watermark_at, rule_set, config_hash, checksum, object_key, payload) = 0
             else num_nonnulls(watermark_at, rule_set, config_hash, run_id, checksum, object_key, payload) = 0 end),
    constraint ck_close_events_watermark check (watermark_at <= recorded_at),
    constraint ck_close_events_checksum check (checksum ~ '^[0-9a-f]{64}$'),
    constraint ck_close_events_reason check (kind <> 'reopened' or coalesce(btrim(reason), '') <> '')
);
create unique index uq_close_events_one_generation on app.close_events (psp, business_date, generation) where kind = 'frozen';
create unique index uq_close_events_one_signature on app.close_events (close_id, actor) where kind = 'signed';
create unique index uq_close_events_one_reopening on app.close_events (close_id) where kind = 'reopened';
create index ix_close_events_txid on app.close_events (txid);
"""

GUARDS = """
create function app.check_close_event() returns trigger language plpgsql as $$
declare
    live app.close_events;
    generations integer;
begin
    perform pg_advisory_xact_lock(hashtextextended('close:' || new.psp || ':' || new.business_date, 0));
    select * into live from app.close_events f
    where f.psp = new.psp and f.business_date = new.business_date and f.kind = 'frozen'
      and not exists (select from app.close_events r where r.close_id = f.close_id and r.kind = 'reopened');
    if new.kind = 'frozen' then
        if live.close_id is not null then
            perform app.refuse('already_closed', format('%s of %s is closed already: re-open it first', new.business_date, new.psp));
        end if;
        select count(*) + 1 into generations from app.close_events f
        where f.psp = new.psp and f.business_date = new.business_date and f.kind = 'frozen';
        new.generation := generations;
        return new;
    end if;
    if live.close_id is distinct from new.close_id then
        perform app.refuse('not_closed', format('%s of %s is not held by this close', new.business_date, new.psp));
    elsif new.kind = 'signed' and exists (select from app.close_events s where s.close_id = new.close_id and s.kind = 'signed' and s.actor = new.actor) then
        perform app.refuse('same_signer', format('%s has signed this close: the other signature is another person''s', new.actor));
    elsif new.kind = 'signed' and (select count(*) from app.close_events s where s.close_id = new.close_id and s.kind = 'signed') >= 2 then
        perform app.refuse('already_signed', 'this close has its two signatures');
    end if;
    new.generation := live.generation;
    return new;
end $$;

create trigger close_events_follow_the_rules before insert on app.close_events
for each row execute function app.check_close_event();
alter table app.close_events enable always trigger close_events_follow_the_rules;

create trigger close_events_are_append_only before update or delete or truncate on app.close_events
for each statement execute function app.refuse_change();
alter table app.close_events enable always trigger close_events_are_append_only;

do $$
declare
    columns text;
begin
    select string_agg(quote_ident(attname), ', ' order by attnum) into columns
    from pg_attribute where attrelid = 'app.close_events'::regclass and attnum > 0 and attname not in ('txid', 'generation');
    revoke insert on app.close_events from countroom_service;
    execute format('grant insert (%s) on app.close_events to countroom_service', columns);
end $$;
"""

WAREHOUSE = """
create table raw.app__close_events (
    event_id uuid not null, close_id uuid not null, psp text not null, business_date date not null, generation integer not null,
    kind text not null, actor text not null, reason text, watermark_at timestamptz, rule_set text, config_hash text, run_id text,
    checksum text, object_key text, recorded_at timestamptz not null, _batch_id uuid not null, _loaded_at timestamptz not null,
    constraint pk_app__close_events primary key (event_id)
);
create trigger append_only before update or delete or truncate on raw.app__close_events execute function raw.refuse_change();
revoke update, delete, truncate on raw.app__close_events from countroom_pipeline;
create table derived.close_limit_catalogue (
    currency text not null, limit_minor bigint not null, valid_from date not null, valid_until date not null,
    constraint pk_close_limit_catalogue primary key (currency, valid_from)
);
"""

DROP = """
drop table derived.close_limit_catalogue;
drop table raw.app__close_events;
drop table app.close_events;
drop function app.check_close_event();
"""


def upgrade() -> None:
    for script in (EVENTS, GUARDS, WAREHOUSE):
        op.get_bind().exec_driver_sql(script.replace("%", "%%"))


def downgrade() -> None:
    op.execute(DROP)
