with day_ends as (
    select * from {{ ref('int_reconciliation__day_ends_kept') }}
),

agg_day_end_status as (
    select
        day_end_date,
        as_of,
        psp,
        account,
        currency,
        matched_count,
        matched_minor,
        broken_count,
        broken_minor,
        open_count,
        open_minor,
        broken_count - lag(broken_count, 1, 0) over (partition by psp, account, currency order by day_end_date) as broken_change_count
    from day_ends
)

select * from agg_day_end_status
