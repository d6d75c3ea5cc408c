with lines as (
    select * from {{ ref('int_reconciliation__wallet_lines_paid') }}
),

items as (
    select * from {{ ref('int_reconciliation__items_decided') }}
),

days as (
    select * from {{ ref('dim_date') }}
),

printed as (
    select * from {{ ref('int_reconciliation__wallets_printed') }}
),

-- what the PSP lists as open on a day that it lists, and how many lines are not the same as ours
listed as (
    select
        business_date,
        psp,
        account,
        currency,
        {{ sum_minor('coalesce(listed_minor, 0)') }} as listed_minor,
        {{ count_where("finding <> 'agrees'") }} as listed_difference_count
    from {{ ref('int_reconciliation__wallet_items_compared') }}
    group by business_date, psp, account, currency
),

-- every change of a balance on its day: a line is told, a line leaves the open items because its batch is paid, a payout leaves
changes as (
    select
        begins_on as business_date,
        psp,
        account,
        currency,
        amount_minor as movement_minor,
        0 as payout_minor,
        amount_minor as open_minor,
        1 as open_count
    from lines
    union all
    select
        case when paid_on > begins_on then paid_on else begins_on end as business_date,
        psp,
        account,
        currency,
        0 as movement_minor,
        0 as payout_minor,
        -amount_minor as open_minor,
        -1 as open_count
    from lines
    where paid_on is not null
    union all
    select
        booked_on as business_date,
        psp,
        account,
        currency,
        0 as movement_minor,
        -amount_minor as payout_minor,
        0 as open_minor,
        0 as open_count
    from items
    where source = 'payout' and kind = 'payout' and disposition <> 'ignored'
),

summed as (
    select
        business_date,
        psp,
        account,
        currency,
        {{ sum_minor('movement_minor') }} as movement_minor,
        {{ sum_minor('payout_minor') }} as payout_minor,
        {{ sum_minor('open_minor') }} as open_minor,
        {{ sum_minor('open_count') }} as open_count
    from changes
    group by business_date, psp, account, currency
),

wallets as (
    select
        psp,
        account,
        currency,
        min(business_date) as first_date
    from summed
    group by psp, account, currency
),

last_day as (
    select max(business_date) as last_date
    from summed
),

calendar as (
    select
        days.date_day as business_date,
        wallets.psp,
        wallets.account,
        wallets.currency
    from wallets
    cross join last_day
    inner join days
        on days.date_day between wallets.first_date and last_day.last_date
),

running as (
    select
        calendar.business_date,
        calendar.psp,
        calendar.account,
        calendar.currency,
        coalesce(summed.movement_minor, 0) as movement_minor,
        coalesce(summed.payout_minor, 0) as payout_minor,
        cast(sum(coalesce(summed.movement_minor, 0) - coalesce(summed.payout_minor, 0)) over (
            partition by calendar.psp, calendar.account, calendar.currency
            order by calendar.business_date
            rows between unbounded preceding and current row
        ) as bigint) as closing_minor,
        cast(sum(coalesce(summed.open_minor, 0)) over (
            partition by calendar.psp, calendar.account, calendar.currency
            order by calendar.business_date
            rows between unbounded preceding and current row
        ) as bigint) as open_items_minor,
        cast(sum(coalesce(summed.open_count, 0)) over (
            partition by calendar.psp, calendar.account, calendar.currency
            order by calendar.business_date
            rows between unbounded preceding and current row
        ) as bigint) as open_item_count
    from calendar
    left join summed
        on
            calendar.business_date = summed.business_date
            and calendar.psp = summed.psp
            and calendar.account = summed.account
            and calendar.currency = summed.currency
),

agg_psp_wallets as (
    select
        running.business_date,
        running.psp,
        running.account,
        running.currency,
        running.closing_minor - running.movement_minor + running.payout_minor as opening_minor,
        running.movement_minor,
        running.payout_minor,
        running.closing_minor,
        running.open_items_minor,
        running.open_item_count,
        running.closing_minor - running.open_items_minor as difference_minor,
        printed.closing_minor as printed_minor,
        printed.closing_minor - running.closing_minor as printed_difference_minor,
        listed.listed_minor,
        listed.listed_difference_count
    from running
    left join printed
        on
            running.psp = printed.psp
            and running.account = printed.account
            and running.currency = printed.currency
            and running.business_date = printed.closing_date
    left join listed
        on
            running.psp = listed.psp
            and running.account = listed.account
            and running.currency = listed.currency
            and running.business_date = listed.business_date
)

select * from agg_psp_wallets
