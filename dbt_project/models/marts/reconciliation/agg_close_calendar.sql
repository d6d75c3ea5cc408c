with days_blocked as (
    select * from {{ ref('int_reconciliation__days_blocked') }}
),

live as (
    select *
    from {{ ref('fct_closes') }}
    where state <> 'reopened'
),

reopened as (
    select distinct
        psp,
        business_date
    from {{ ref('fct_closes') }}
    where state = 'reopened'
),

days as (
    select
        psp,
        business_date
    from days_blocked
    union
    select
        psp,
        business_date
    from {{ ref('fct_closes') }}
),

agg_close_calendar as (
    select
        days.psp,
        days.business_date,
        case
            when live.close_id is not null then live.state
            when reopened.psp is not null then 'reopened'
            else 'open'
        end as state,
        live.close_id,
        live.watermark_at,
        coalesce(days_blocked.missing_file_count, 0) as missing_file_count,
        coalesce(days_blocked.open_gate_count, 0) as open_gate_count,
        coalesce(days_blocked.break_above_limit_count, 0) as break_above_limit_count,
        coalesce(days_blocked.missing_file_count + days_blocked.open_gate_count + days_blocked.break_above_limit_count, 0) > 0 as is_blocked
    from days
    left join days_blocked
        on
            days.psp = days_blocked.psp
            and days.business_date = days_blocked.business_date
    left join live
        on
            days.psp = live.psp
            and days.business_date = live.business_date
    left join reopened
        on
            days.psp = reopened.psp
            and days.business_date = reopened.business_date
)

select * from agg_close_calendar
