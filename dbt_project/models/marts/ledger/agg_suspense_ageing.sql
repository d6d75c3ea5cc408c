with lots as (
    select * from {{ ref('fct_suspense_lots') }}
),

-- an account that is at zero is told too: its silence would look like a missing account
accounts as (
    select
        account_code,
        psp,
        currency,
        max(business_date) as last_moved_date,
        cast(count(*) as bigint) as posting_count
    from {{ ref('fct_postings') }}
    where account_class = 'suspense'
    group by account_code, psp, currency
),

oldest as (
    select
        account_code,
        currency,
        put_date,
        put_by_entry_id,
        row_number() over (partition by account_code, currency order by put_date, put_by_entry_id, lot_reference) as nth
    from lots
),

summed as (
    select
        account_code,
        currency,
        {{ sum_minor('open_minor') }} as open_minor,
        {{ sum_minor("case when age_bucket = '0-1' then open_minor end") }} as days_0_1_minor,
        {{ sum_minor("case when age_bucket = '2-7' then open_minor end") }} as days_2_7_minor,
        {{ sum_minor("case when age_bucket = '8-30' then open_minor end") }} as days_8_30_minor,
        {{ sum_minor("case when age_bucket = 'over 30' then open_minor end") }} as over_30_minor,
        cast(count(*) as bigint) as lot_count,
        max(age_days) as oldest_days
    from lots
    group by account_code, currency
),

agg_suspense_ageing as (
    select
        accounts.account_code,
        accounts.psp,
        accounts.currency,
        coalesce(summed.open_minor, 0) as open_minor,
        coalesce(summed.days_0_1_minor, 0) as days_0_1_minor,
        coalesce(summed.days_2_7_minor, 0) as days_2_7_minor,
        coalesce(summed.days_8_30_minor, 0) as days_8_30_minor,
        coalesce(summed.over_30_minor, 0) as over_30_minor,
        coalesce(summed.lot_count, 0) as lot_count,
        oldest.put_date as oldest_date,
        oldest.put_by_entry_id as oldest_entry_id,
        summed.oldest_days,
        accounts.last_moved_date,
        accounts.posting_count
    from accounts
    left join summed
        on
            accounts.account_code = summed.account_code
            and accounts.currency = summed.currency
    left join oldest
        on
            accounts.account_code = oldest.account_code
            and accounts.currency = oldest.currency
            and oldest.nth = 1
)

select * from agg_suspense_ageing
