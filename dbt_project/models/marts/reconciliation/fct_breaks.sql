with breaks_found as (
    select * from {{ ref('int_reconciliation__breaks_found') }}
),

certificate as (
    select * from {{ ref('int_reconciliation__certificate_issued') }}
),

threads as (
    select * from {{ ref('fct_break_threads') }}
    where is_open
),

-- all rows of a run carry the same as-of moment
run as (
    select
        max(as_of) as as_of,
        {{ utc_date('max(as_of)') }} as as_of_date
    from certificate
),

aged as (
    select
        breaks_found.*,
        run.as_of,
        case
            when run.as_of_date > breaks_found.event_date then {{ days_between('breaks_found.event_date', 'run.as_of_date') }}
            else 0
        end as age_days
    from breaks_found
    cross join run
),

fct_breaks as (
    select
        aged.break_id,
        aged.break_class,
        aged.sub_class,
        aged.counts_as_break,
        coalesce(aged.psp, 'none') as psp,
        aged.account,
        aged.currency,
        aged.amount_minor,
        aged.exposure,
        aged.event_date,
        aged.first_known_at,
        aged.due_on,
        aged.batch_id,
        aged.member_count,
        aged.as_of,
        aged.age_days,
        case
            when aged.age_days <= 1 then '0-1'
            when aged.age_days <= 7 then '2-7'
            when aged.age_days <= 30 then '8-30'
            else 'over 30'
        end as age_bucket,
        threads.thread_id,
        threads.state,
        threads.owner,
        threads.due_at,
        aged.explanation
    from aged
    left join threads on aged.break_id = threads.break_id
)

select * from fct_breaks
