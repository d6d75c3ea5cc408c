with digits as (
    select 0 as digit
    union all
    select 1 as digit
    union all
    select 2 as digit
    union all
    select 3 as digit
    union all
    select 4 as digit
    union all
    select 5 as digit
    union all
    select 6 as digit
    union all
    select 7 as digit
    union all
    select 8 as digit
    union all
    select 9 as digit
),

numbers as (
    select ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit as number
    from digits as ones
    cross join digits as tens
    cross join digits as hundreds
    cross join digits as thousands
),

-- 2010-01-01 and ten thousand days more
days as (
    select cast({{ dbt.dateadd('day', 'number', "cast('2010-01-01' as date)") }} as date) as date_day
    from numbers
),

dim_date as (
    select
        date_day,
        cast(extract(year from date_day) as integer) as year_number,
        cast(extract(month from date_day) as integer) as month_number,
        cast({{ dbt.date_trunc('month', 'date_day') }} as date) as month_start_date,
        cast({{ dbt.date_trunc('week', 'date_day') }} as date) as week_start_date,
        {{ days_between("cast(" ~ dbt.date_trunc('week', 'date_day') ~ " as date)", 'date_day') }} + 1 as weekday_number,
        {{ days_between("cast(" ~ dbt.date_trunc('week', 'date_day') ~ " as date)", 'date_day') }} >= 5 as is_weekend
    from days
)

select * from dim_date
