with postings as (
    select * from {{ ref('fct_postings') }}
),

days as (
    select * from {{ ref('dim_date') }}
),

moves as (
    select
        business_date,
        account_class,
        currency,
        {{ sum_minor('debit_minor') }} as debit_minor,
        {{ sum_minor('credit_minor') }} as credit_minor,
        cast(count(*) as bigint) as posting_count
    from postings
    group by business_date, account_class, currency
),

classes as (
    select
        account_class,
        currency
    from moves
    group by account_class, currency
),

span as (
    select
        min(business_date) as first_date,
        max(business_date) as last_date
    from moves
),

-- every class on every day, so that a day's balances add up to nothing also where a class rested
calendar as (
    select
        days.date_day as business_date,
        classes.account_class,
        classes.currency
    from span
    inner join days
        on days.date_day between span.first_date and span.last_date
    cross join classes
),

agg_daily_account_balances as (
    select
        calendar.business_date,
        calendar.account_class,
        calendar.currency,
        coalesce(moves.debit_minor, 0) as debit_minor,
        coalesce(moves.credit_minor, 0) as credit_minor,
        coalesce(moves.debit_minor, 0) - coalesce(moves.credit_minor, 0) as delta_minor,
        cast(sum(coalesce(moves.debit_minor, 0) - coalesce(moves.credit_minor, 0)) over (
            partition by calendar.account_class, calendar.currency
            order by calendar.business_date
            rows between unbounded preceding and current row
        ) as bigint) as balance_minor,
        coalesce(moves.posting_count, 0) as posting_count
    from calendar
    left join moves
        on
            calendar.business_date = moves.business_date
            and calendar.account_class = moves.account_class
            and calendar.currency = moves.currency
)

select * from agg_daily_account_balances
