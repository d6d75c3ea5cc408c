with breaks_found as (
    select * from {{ ref('int_reconciliation__breaks_found') }}
),

certificate as (
    select * from {{ ref('int_reconciliation__certificate_issued') }}
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
        break_id,
        break_class,
        sub_class,
        counts_as_break,
        coalesce(psp, 'none') as psp,
        account,
        currency,
        amount_minor,
        exposure,
        event_date,
        first_known_at,
        due_on,
        batch_id,
        member_count,
        as_of,
        age_days,
        case
            when age_days <= 1 then '0-1'
            when age_days <= 7 then '2-7'
            when age_days <= 30 then '8-30'
            else 'over 30'
        end as age_bucket,
        explanation
    from aged
)

select * from fct_breaks
