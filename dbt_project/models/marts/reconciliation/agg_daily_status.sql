with cases as (
    select * from {{ ref('fct_cases') }}
),

agg_daily_status as (
    select
        event_date,
        psp,
        account,
        currency,
        cast(count(*) as bigint) as case_count,
        {{ count_where("status = 'matched'") }} as matched_count,
        {{ sum_minor("case when status = 'matched' then amount_minor end") }} as matched_minor,
        {{ count_where("status = 'broken'") }} as broken_count,
        {{ sum_minor("case when status = 'broken' then abs(amount_minor) end") }} as broken_minor,
        {{ count_where("status = 'open'") }} as open_count,
        {{ sum_minor("case when status = 'open' then amount_minor end") }} as open_minor
    from cases
    group by event_date, psp, account, currency
)

select * from agg_daily_status
