{{ config(materialized='ephemeral') }}

with items as (
    select * from {{ ref('int_reconciliation__items') }}
),

activity_lines as (
    select * from {{ ref('stg_psp__activity_lines') }}
),

files as (
    select * from {{ ref('stg_landing__source_files') }}
),

accounts as (
    select * from {{ ref('int_core__merchant_accounts_dated') }}
),

days as (
    select
        psp,
        account,
        booked_on as business_date,
        -- payouts are in no activity report: a day with nothing else needs none
        {{ count_where("source = 'ledger' and kind not in ('payout', 'payout_returned')") }} as ledger_count,
        {{ count_where("source = 'activity'") }} as activity_count
    from items
    where psp is not null
    group by psp, account, booked_on
),

told as (
    select
        psp,
        account,
        business_date
    from days
    where activity_count > 0
),

-- a day that something later is known of is over
over as (
    select max(booked_on) as last_day
    from items
),

-- a day that misses a report and had one on all but one of the days before lies one or two days behind one that had
behind as (
    select
        psp,
        account,
        cast({{ dbt.dateadd('day', 1, 'business_date') }} as date) as business_date
    from told
    union
    select
        psp,
        account,
        cast({{ dbt.dateadd('day', 2, 'business_date') }} as date) as business_date
    from told
),

-- nothing of the day on either side
quiet as (
    select
        behind.psp,
        behind.account,
        behind.business_date
    from behind
    cross join over
    left join days
        on
            behind.psp = days.psp
            and behind.account = days.account
            and behind.business_date = days.business_date
    where
        behind.business_date < over.last_day
        and coalesce(days.ledger_count, 0) = 0
        and coalesce(days.activity_count, 0) = 0
),

-- the account's report came on at least 27 of the 28 days before: it comes daily
awaited as (
    select
        quiet.psp,
        quiet.account,
        quiet.business_date
    from quiet
    inner join told
        on
            quiet.psp = told.psp
            and quiet.account = told.account
            and {{ days_between('told.business_date', 'quiet.business_date') }} between 1 and 28
    group by quiet.psp, quiet.account, quiet.business_date
    having count(*) >= 27
),

activity_reports as (
    select distinct
        psp,
        report
    from activity_lines
),

-- a report without a line says that nothing happened; its day stands in its name
said_nothing as (
    select distinct
        awaited.psp,
        awaited.account,
        awaited.business_date
    from awaited
    inner join files
        on
            awaited.psp = files.source
            and awaited.account = files.account
            and files.state = 'landed'
            and files.rows_in = 0
            and replace(replace(files.name, '_', ''), '-', '')
            like '%' || replace(cast(awaited.business_date as {{ dbt.type_string() }}), '-', '') || '%'
    inner join activity_reports
        on
            files.source = activity_reports.psp
            and files.report = activity_reports.report
),

without as (
    select
        psp,
        account,
        business_date,
        true as has_own_movements
    from days
    where
        ledger_count > 0
        and activity_count = 0
    union all
    select
        awaited.psp,
        awaited.account,
        awaited.business_date,
        false as has_own_movements
    from awaited
    left join said_nothing
        on
            awaited.psp = said_nothing.psp
            and awaited.account = said_nothing.account
            and awaited.business_date = said_nothing.business_date
    where said_nothing.psp is null
),

int_reconciliation__reports_missing as (
    select
        without.psp,
        without.account,
        without.business_date,
        without.has_own_movements
    from without
    inner join accounts
        on
            without.psp = accounts.psp
            and without.account = accounts.account
            and without.business_date >= accounts.valid_from
            and without.business_date < accounts.valid_until
    where accounts.has_activity_reports
)

select * from int_reconciliation__reports_missing
