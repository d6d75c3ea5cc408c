"""Suggested matches: what people said of them (append-only), what the engine suggests, and what it made of those that were confirmed.

What the database itself refuses: an event out of turn, an acceptance of what is accepted, a confirmation of what is not, a confirmation by who
accepted, a decline without words.

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

EVENTS = """
create table app.match_events (
    event_id uuid not null, suggestion_id text not null, event_no integer not null, kind text not null, actor text not null, words text,
    layer text, item_keys text, recorded_at timestamptz not null default clock_timestamp(), request_id text not null,
    txid xid8 not null default pg_current_xact_id(),
    constraint pk_match_events primary key (event_id),
    constraint uq_match_events_suggestion_id_event_no unique (suggestion_id, event_no),
    constraint uq_match_events_request_id unique (request_id),
    constraint ck_match_events_kind check (kind in ('accepted', 'confirmed', 'declined')),
    constraint ck_match_events_suggestion check (suggestion_id ~ '^sug_[0-9a-f]{32}$'),
    constraint ck_match_events_actor check (actor ~ '^[a-z0-9._@-]{1,64}$'),
    constraint ck_match_events_accepted check ((kind = 'accepted') = (item_keys is not null) and (kind = 'accepted') = (layer is not null)),
    constraint ck_match_events_layer check (layer in ('L7', 'L8')),
    constraint ck_match_events_words check (kind <> 'declined' or coalesce(btrim(words), '') <> '')
);
create index ix_match_events_txid on app.match_events (txid);
"""

GUARDS = """
create function app.check_match_event() returns trigger language plpgsql as $$
declare
    last app.match_events;
begin
    if new.event_no <> (select count(*) from app.match_events e where e.suggestion_id = new.suggestion_id) then
        perform app.refuse('out_of_turn', 'the events of a suggestion are numbered 1, 2, 3 without a gap');
    end if;
    select * into last from app.match_events e where e.suggestion_id = new.suggestion_id and e.event_no = new.event_no - 1;
    if new.kind = 'accepted' and last.kind in ('accepted', 'confirmed') then
        perform app.refuse('wrong_state', format('this suggestion is %s already', last.kind));
    elsif new.kind = 'confirmed' and last.kind is distinct from 'accepted' then
        perform app.refuse('wrong_state', 'a suggestion is confirmed after another person accepted it');
    elsif new.kind = 'confirmed' and last.actor = new.actor then
        perform app.refuse('same_actor', 'whoever accepted it may not confirm it: another person must');
    elsif new.kind = 'declined' and last.kind = 'declined' then
        perform app.refuse('wrong_state', 'this suggestion is declined already');
    end if;
    return null;
end $$;

create constraint trigger match_events_follow_the_rules after insert on app.match_events
not deferrable for each row execute function app.check_match_event();
alter table app.match_events enable always trigger match_events_follow_the_rules;

create trigger match_events_are_append_only before update or delete or truncate on app.match_events
for each statement execute function app.refuse_change();
alter table app.match_events enable always trigger match_events_are_append_only;

do $$
declare
    columns text;
begin
    select string_agg(quote_ident(attname), ', ' order by attnum) into columns
    from pg_attribute where attrelid = 'app.match_events'::regclass and attnum > 0 and attname not in ('txid', 'recorded_at');
    revoke insert on app.match_events from countroom_service;
    execute format('grant insert (%s) on app.match_events to countroom_service', columns);
end $$;
"""

WAREHOUSE = """
create table raw.app__match_events (
    event_id uuid not null, suggestion_id text not null, event_no integer not null, kind text not null, actor text not null, words text,
    layer text, item_keys text, recorded_at timestamptz not null, _batch_id uuid not null, _loaded_at timestamptz not null,
    constraint pk_app__match_events primary key (event_id)
);
create trigger append_only before update or delete or truncate on raw.app__match_events execute function raw.refuse_change();
revoke update, delete, truncate on raw.app__match_events from countroom_pipeline;
create table derived.reconciliation__suggestions (
    suggestion_id text not null, layer text not null, finding text not null, psp text, account text not null, currency text not null,
    amount_minor bigint not null, residue_minor bigint not null, rivals_count bigint not null, rivals_capped boolean not null,
    pool_count bigint not null, score_bps integer not null, break_id text not null, other_break_ids text not null, item_keys text not null,
    item_count integer not null, why text not null,
    constraint pk_reconciliation__suggestions primary key (suggestion_id)
);
create table derived.reconciliation__accepted_matches (
    suggestion_id text not null, layer text not null, accepted_by text not null, confirmed_by text not null, confirmed_at timestamptz not null,
    group_id text, not_held_because text,
    constraint pk_reconciliation__accepted_matches primary key (suggestion_id)
);
"""

DROP = """
drop table derived.reconciliation__accepted_matches;
drop table derived.reconciliation__suggestions;
drop table raw.app__match_events;
drop table app.match_events;
drop function app.check_match_event();
"""


def upgrade() -> None:
    for script in (EVENTS, GUARDS, WAREHOUSE):
        op.get_bind().exec_driver_sql(script.replace("%", "%%"))


def downgrade() -> None:
    op.execute(DROP)
