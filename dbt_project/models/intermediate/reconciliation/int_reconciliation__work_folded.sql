-- the fold of transactional/reconciliation/work.py: the service refuses what may not come, so the last decision says the state
with events as (
    select * from {{ ref('stg_app__break_events') }}
),

decisions as (
    select
        thread_id,
        kind,
        entry_id,
        row_number() over (partition by thread_id order by event_no desc) as nth_last
    from events
    where kind in ('proposed', 'approved', 'rejected', 'posted', 'written_off', 'reopened')
),

owners as (
    select
        thread_id,
        owner,
        row_number() over (partition by thread_id order by event_no desc) as nth_last
    from events
    where owner is not null
),

causes as (
    select
        thread_id,
        root_cause,
        row_number() over (partition by thread_id order by event_no desc) as nth_last
    from events
    where root_cause is not null
),

counted as (
    select
        thread_id,
        {{ count_where("kind in ('commented', 'explained')") }} as note_count,
        {{ count_where("kind = 'evidence_attached'") }} as evidence_count,
        count(*) as event_count,
        max(recorded_at) as last_event_at
    from events
    group by thread_id
),

int_reconciliation__work_folded as (
    select
        counted.thread_id,
        case
            when decisions.kind in ('proposed', 'approved', 'posted', 'written_off') then decisions.kind
            when causes.root_cause is not null then 'explained'
            when owners.owner is not null then 'assigned'
            else 'open'
        end as work_state,
        owners.owner,
        causes.root_cause,
        counted.note_count,
        counted.evidence_count,
        counted.event_count,
        counted.last_event_at,
        decisions.entry_id as adjustment_entry_id
    from counted
    left join decisions
        on
            counted.thread_id = decisions.thread_id
            and decisions.nth_last = 1
    left join owners
        on
            counted.thread_id = owners.thread_id
            and owners.nth_last = 1
    left join causes
        on
            counted.thread_id = causes.thread_id
            and causes.nth_last = 1
)

select * from int_reconciliation__work_folded
