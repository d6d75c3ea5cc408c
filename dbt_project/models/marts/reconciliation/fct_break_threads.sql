with threads as (
    select * from {{ ref('int_reconciliation__threads_followed') }}
),

work as (
    select * from {{ ref('int_reconciliation__work_folded') }}
),

-- all rows of a run carry the same as-of moment
run as (
    select max(as_of) as as_of from {{ ref('int_reconciliation__certificate_issued') }}
),

worked as (
    select
        threads.*,
        coalesce(work.work_state, 'open') as work_state,
        work.owner,
        work.root_cause,
        coalesce(work.note_count, 0) as note_count,
        coalesce(work.evidence_count, 0) as evidence_count,
        work.adjustment_entry_id,
        work.last_event_at,
        run.as_of
    from threads
    left join work on threads.thread_id = work.thread_id
    cross join run
),

fct_break_threads as (
    select
        thread_id,
        break_id,
        break_class,
        coalesce(psp, 'none') as psp,
        account,
        currency,
        amount_minor,
        reporting_currency,
        reporting_minor,
        batch_id,
        item_count,
        case
            when is_open then work_state
            when work_state in ('posted', 'written_off') then 'cleared'
            else 'auto_cleared'
        end as state,
        is_open,
        owner,
        root_cause,
        note_count,
        evidence_count,
        adjustment_entry_id,
        first_seen_at,
        last_seen_at,
        last_event_at,
        due_at,
        coalesce(is_open and work_state not in ('posted', 'written_off') and due_at < as_of, false) as is_overdue,
        healed_at,
        ended_how,
        healed_by,
        healed_by_lines,
        merged_into
    from worked
)

select * from fct_break_threads
