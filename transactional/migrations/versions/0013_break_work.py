"""The work on breaks: its events (append-only), the threads that carry it from run to run, and the deadlines.

What the database itself refuses: an event out of turn, an approval by the proposer, an approval without the role the proposal needs, a booking that
nobody approved, a second booking of one proposal.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

EVENTS = """
create table app.break_events (
    event_id uuid not null, thread_id text not null, event_no integer not null, kind text not null, actor text not null, owner text,
    root_cause text, words text, proposal_id uuid, proposal_kind text, amount_minor bigint, currency text, needs_role text, role text,
    evidence_key text, entry_id uuid, body jsonb not null default '{}', recorded_at timestamptz not null default clock_timestamp(),
    request_id text not null, txid xid8 not null default pg_current_xact_id(),
    constraint pk_break_events primary key (event_id),
    constraint uq_break_events_thread_id_event_no unique (thread_id, event_no),
    constraint uq_break_events_request_id unique (request_id),
    constraint fk_break_events_proposal_id_break_events foreign key (proposal_id) references app.break_events (event_id),
    constraint fk_break_events_entry_id_journal_entries foreign key (entry_id) references app.journal_entries (entry_id),
    constraint ck_break_events_kind check (kind in ('assigned', 'commented', 'evidence_attached', 'explained', 'proposed', 'approved', 'rejected',
                                                    'posted', 'written_off', 'reopened')),
    constraint ck_break_events_thread check (thread_id ~ '^brk_[0-9a-f]{32}$'),
    constraint ck_break_events_people check (actor ~ '^[a-z0-9._@-]{1,64}$' and coalesce(owner, actor) ~ '^[a-z0-9._@-]{1,64}$'),
    constraint ck_break_events_assigned check ((kind = 'assigned') = (owner is not null)),
    constraint ck_break_events_explained check ((kind = 'explained') = (root_cause is not null)),
    constraint ck_break_events_proposed check ((kind = 'proposed') = (proposal_kind is not null) and (kind = 'proposed') = (amount_minor is not null)
                                               and (kind = 'proposed') = (currency is not null)),
    constraint ck_break_events_proposal check (proposal_kind in ('adjustment', 'write_off') and amount_minor > 0 and currency ~ '^[A-Z]{3}$'),
    constraint ck_break_events_decides check ((kind in ('approved', 'rejected', 'posted', 'written_off')) = (proposal_id is not null)),
    constraint ck_break_events_booked check ((kind in ('posted', 'written_off')) = (entry_id is not null)),
    constraint ck_break_events_evidence check ((kind = 'evidence_attached') = (evidence_key is not null))
);
create unique index uq_break_events_one_approval on app.break_events (proposal_id) where kind = 'approved';
create unique index uq_break_events_one_booking on app.break_events (proposal_id) where entry_id is not null;
create index ix_break_events_txid on app.break_events (txid);
"""

GUARDS = """
create function app.check_break_event() returns trigger language plpgsql as $$
declare
    proposal app.break_events;
begin
    if new.event_no <> (select count(*) from app.break_events e where e.thread_id = new.thread_id) then
        perform app.refuse('out_of_turn', 'the events of a break are numbered 1, 2, 3 without a gap');
    end if;
    if new.proposal_id is null then
        return null;
    end if;
    select * into proposal from app.break_events e where e.event_id = new.proposal_id;
    if proposal.kind is distinct from 'proposed' or proposal.thread_id <> new.thread_id then
        perform app.refuse('unknown_proposal', 'there is no such proposal for this break');
    elsif exists (select from app.break_events e where e.proposal_id = new.proposal_id and e.event_no < new.event_no
                  and e.kind in ('rejected', 'posted', 'written_off')) then
        perform app.refuse('wrong_state', 'the proposal has been rejected or booked already');
    elsif new.kind = 'approved' and proposal.actor = new.actor then
        perform app.refuse('same_actor', 'whoever proposed it may not approve it: another person must');
    elsif new.kind = 'approved' and proposal.needs_role is not null and new.role is distinct from proposal.needs_role then
        perform app.refuse('second_role_needed', format('this approval needs the role %s', proposal.needs_role));
    elsif new.kind in ('posted', 'written_off') then
        if (new.kind = 'posted') <> (proposal.proposal_kind = 'adjustment') then
            perform app.refuse('wrong_state', 'an adjustment is posted, a write-off is written off');
        elsif not exists (select from app.break_events e where e.proposal_id = new.proposal_id and e.kind = 'approved') then
            perform app.refuse('wrong_state', 'nothing is booked before it is approved');
        end if;
    end if;
    return null;
end $$;

create constraint trigger break_events_follow_the_rules after insert on app.break_events
not deferrable for each row execute function app.check_break_event();
alter table app.break_events enable always trigger break_events_follow_the_rules;

create trigger break_events_are_append_only before update or delete or truncate on app.break_events
for each statement execute function app.refuse_change();
alter table app.break_events enable always trigger break_events_are_append_only;

do $$
declare
    columns text;
begin
    select string_agg(quote_ident(attname), ', ' order by attnum) into columns
    from pg_attribute where attrelid = 'app.break_events'::regclass and attnum > 0 and attname not in ('txid', 'recorded_at');
    revoke insert on app.break_events from countroom_service;
    execute format('grant insert (%s) on app.break_events to countroom_service', columns);
end $$;
"""

WAREHOUSE = """
create table raw.app__break_events (
    event_id uuid not null, thread_id text not null, event_no integer not null, kind text not null, actor text not null, owner text,
    root_cause text, words text, proposal_id uuid, proposal_kind text, amount_minor bigint, currency text, entry_id uuid,
    recorded_at timestamptz not null, _batch_id uuid not null, _loaded_at timestamptz not null,
    constraint pk_app__break_events primary key (event_id)
);
create trigger append_only before update or delete or truncate on raw.app__break_events execute function raw.refuse_change();
revoke update, delete, truncate on raw.app__break_events from countroom_pipeline;
create table derived.reconciliation__break_threads (
    thread_id text not null, break_id text not null, break_class text not null, psp text, account text not null, currency text not null,
    amount_minor bigint not null, reporting_currency text not null, reporting_minor bigint, batch_id text, first_seen_at timestamptz not null,
    last_seen_at timestamptz not null, is_open boolean not null, healed_at timestamptz, ended_how text, healed_by text, healed_by_lines text,
    merged_into text, run_id text not null,
    constraint pk_reconciliation__break_threads primary key (thread_id)
);
create table derived.reconciliation__thread_members (
    thread_id text not null, item_key text not null, constraint pk_reconciliation__thread_members primary key (item_key)
);
create table derived.service_level_catalogue (
    min_reporting_minor bigint not null, hours integer not null, valid_from date not null, valid_until date not null,
    constraint pk_service_level_catalogue primary key (min_reporting_minor, valid_from)
);
"""

DROP = """
drop table derived.service_level_catalogue;
drop table derived.reconciliation__thread_members;
drop table derived.reconciliation__break_threads;
drop table raw.app__break_events;
drop table app.break_events;
drop function app.check_break_event();
"""


def upgrade() -> None:
    for script in (EVENTS, GUARDS, WAREHOUSE):
        op.get_bind().exec_driver_sql(script.replace("%", "%%"))


def downgrade() -> None:
    op.execute(DROP)
