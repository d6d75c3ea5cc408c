"""Closes that are asked for over HTTP and carried out by the pipeline, as facts.

What the database itself refuses: a second open request of a day, an end of what is not open, an end under another day than was asked for, a request that
is said to be carried out by a close that is not of its day.

Revision ID: 0023
Revises: 0022
"""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

EVENTS = """
create table app.close_request_events (
    event_id uuid not null, close_request_id uuid not null, psp text not null, business_date date not null, kind text not null, actor text not null,
    reason text, code text, close_id uuid, recorded_at timestamptz not null default clock_timestamp(), request_id text not null,
    txid xid8 not null default pg_current_xact_id(),
    constraint pk_close_request_events primary key (event_id),
    constraint uq_close_request_events_request_id unique (request_id),
    constraint fk_close_request_events_close_id_close_events foreign key (close_id) references app.close_events (event_id),
    constraint ck_close_request_events_kind check (kind in ('requested', 'carried_out', 'refused', 'withdrawn')),
    constraint ck_close_request_events_actor check (actor ~ '^[a-z0-9._@-]{1,64}$'),
    constraint ck_close_request_events_asked check ((kind = 'requested') = (close_request_id = event_id)),
    constraint ck_close_request_events_close check ((kind = 'carried_out') = (close_id is not null)),
    constraint ck_close_request_events_code check ((kind = 'refused') = (code is not null)),
    constraint ck_close_request_events_reason check (kind not in ('refused', 'withdrawn') or coalesce(btrim(reason), '') <> '')
);
create unique index uq_close_request_events_one_end on app.close_request_events (close_request_id) where kind <> 'requested';
create index ix_close_request_events_close_request_id on app.close_request_events (close_request_id);
create index ix_close_request_events_txid on app.close_request_events (txid);
"""

GUARDS = """
create function app.check_close_request() returns trigger language plpgsql as $$
declare
    asked app.close_request_events;
begin
    perform pg_advisory_xact_lock(hashtextextended('close request:' || new.psp || ':' || new.business_date, 0));
    if new.kind = 'requested' then
        if exists (
            select from app.close_request_events r
            where r.psp = new.psp and r.business_date = new.business_date and r.kind = 'requested'
              and not exists (select from app.close_request_events e where e.close_request_id = r.close_request_id and e.kind <> 'requested')
        ) then
            perform app.refuse('already_requested', format('%s of %s is asked for already', new.business_date, new.psp));
        end if;
        return new;
    end if;
    select * into asked from app.close_request_events r where r.event_id = new.close_request_id and r.kind = 'requested';
    if asked.event_id is null or (asked.psp, asked.business_date) is distinct from (new.psp, new.business_date)
       or exists (select from app.close_request_events e where e.close_request_id = new.close_request_id and e.kind <> 'requested') then
        perform app.refuse('not_open', 'this request is not open');
    elsif new.close_id is not null and not exists (
        select from app.close_events c
        where c.event_id = new.close_id and c.kind = 'frozen' and c.psp = new.psp and c.business_date = new.business_date) then
        perform app.refuse('not_closed', 'that is no close of the day that was asked for');
    end if;
    return new;
end $$;

create trigger close_request_events_follow_the_rules before insert on app.close_request_events
for each row execute function app.check_close_request();
alter table app.close_request_events enable always trigger close_request_events_follow_the_rules;

create trigger close_request_events_are_append_only before update or delete or truncate on app.close_request_events
for each statement execute function app.refuse_change();
alter table app.close_request_events enable always trigger close_request_events_are_append_only;

do $$
declare
    columns text;
begin
    select string_agg(quote_ident(attname), ', ' order by attnum) into columns
    from pg_attribute where attrelid = 'app.close_request_events'::regclass and attnum > 0 and attname not in ('txid', 'recorded_at');
    revoke insert on app.close_request_events from countroom_service;
    execute format('grant insert (%s) on app.close_request_events to countroom_service', columns);
end $$;
"""

DROP = """
drop table app.close_request_events;
drop function app.check_close_request();
"""


def upgrade() -> None:
    for script in (EVENTS, GUARDS):
        op.get_bind().exec_driver_sql(script.replace("%", "%%"))


def downgrade() -> None:
    op.execute(DROP)
