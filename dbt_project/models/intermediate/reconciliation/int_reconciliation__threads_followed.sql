{{ config(materialized='ephemeral') }}

with threads as (
    select * from {{ source('derived', 'reconciliation__break_threads') }}
),

members as (
    select
        thread_id,
        count(*) as item_count
    from {{ source('derived', 'reconciliation__thread_members') }}
    group by thread_id
),

levels as (
    select * from {{ source('catalogues', 'service_level_catalogue') }}
),

-- an amount that nobody can convert is taken for a large one: every level is reached, the shortest counts
deadlines as (
    select
        threads.thread_id,
        min(levels.hours) as hours_allowed
    from threads
    inner join levels
        on
            {{ utc_date('threads.first_seen_at') }} >= levels.valid_from
            and {{ utc_date('threads.first_seen_at') }} < levels.valid_until
            and (threads.reporting_minor is null or levels.min_reporting_minor <= abs(threads.reporting_minor))
    group by threads.thread_id
),

int_reconciliation__threads_followed as (
    select
        threads.thread_id,
        threads.break_id,
        threads.break_class,
        threads.psp,
        threads.account,
        threads.currency,
        threads.amount_minor,
        threads.reporting_currency,
        threads.reporting_minor,
        threads.batch_id,
        threads.first_seen_at,
        threads.last_seen_at,
        threads.is_open,
        threads.healed_at,
        threads.ended_how,
        threads.healed_by,
        threads.healed_by_lines,
        threads.merged_into,
        coalesce(members.item_count, 0) as item_count,
        {{ dbt.dateadd('hour', 'deadlines.hours_allowed', 'threads.first_seen_at') }} as due_at
    from threads
    left join members on threads.thread_id = members.thread_id
    left join deadlines on threads.thread_id = deadlines.thread_id
)

select * from int_reconciliation__threads_followed
