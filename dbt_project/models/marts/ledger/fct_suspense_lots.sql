with lots as (
    select * from {{ ref('int_ledger__suspense_lots_followed') }}
    where open_minor <> 0
),

newest as (
    select max(business_date) as as_of_date from {{ ref('fct_postings') }}
),

aged as (
    select
        lots.*,
        newest.as_of_date,
        {{ days_between('lots.put_date', 'newest.as_of_date') }} as age_days
    from lots
    cross join newest
),

fct_suspense_lots as (
    select
        account_code,
        psp,
        currency,
        lot_reference,
        open_minor,
        put_date,
        put_by_entry_id,
        net_minor,
        set_off_minor,
        released_by_entry_id,
        posting_count,
        as_of_date,
        age_days,
        case
            when age_days <= 1 then '0-1'
            when age_days <= 7 then '2-7'
            when age_days <= 30 then '8-30'
            else 'over 30'
        end as age_bucket
    from aged
)

select * from fct_suspense_lots
