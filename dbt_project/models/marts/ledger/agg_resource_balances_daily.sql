with changes as (
    select * from {{ ref('int_ledger__resource_changes') }}
),

designated as (
    select * from {{ ref('int_ledger__designated_accounts_dated') }}
),

postings as (
    select * from {{ ref('int_ledger__postings_enriched') }}
),

days as (
    select * from {{ ref('dim_date') }}
),

accounts as (
    select
        component,
        holder,
        account,
        currency,
        min(business_date) as first_date
    from changes
    group by component, holder, account, currency
),

-- a balance stands on the days on which it does not move, up to the last day of the ledger: players bet on a day when no PSP or bank says anything
last_days as (
    select max(business_date) as last_date
    from changes
    union all
    select max(business_date) as last_date
    from postings
),

last_day as (
    select max(last_date) as last_date
    from last_days
),

calendar as (
    select
        days.date_day as business_date,
        accounts.component,
        accounts.holder,
        accounts.account,
        accounts.currency
    from accounts
    cross join last_day
    inner join days
        on days.date_day between accounts.first_date and last_day.last_date
),

moves as (
    select
        business_date,
        component,
        holder,
        account,
        currency,
        {{ sum_minor("case when basis = 'books' then amount_minor end") }} as books_minor,
        {{ sum_minor("case when basis = 'statement' then amount_minor end") }} as statement_minor
    from changes
    group by business_date, component, holder, account, currency
),

balances as (
    select
        calendar.business_date,
        calendar.component,
        calendar.holder,
        calendar.account,
        calendar.currency,
        cast(sum(coalesce(moves.books_minor, 0)) over (
            partition by calendar.component, calendar.holder, calendar.account, calendar.currency
            order by calendar.business_date
            rows between unbounded preceding and current row
        ) as bigint) as books_minor,
        cast(sum(coalesce(moves.statement_minor, 0)) over (
            partition by calendar.component, calendar.holder, calendar.account, calendar.currency
            order by calendar.business_date
            rows between unbounded preceding and current row
        ) as bigint) as statement_minor
    from calendar
    left join moves
        on
            calendar.business_date = moves.business_date
            and calendar.component = moves.component
            and calendar.holder = moves.holder
            and calendar.account = moves.account
            and calendar.currency = moves.currency
),

agg_resource_balances_daily as (
    select
        balances.business_date,
        balances.component,
        balances.holder,
        balances.account,
        balances.currency,
        balances.books_minor,
        balances.statement_minor,
        balances.statement_minor - balances.books_minor as difference_minor,
        designated.account is not null as is_designated
    from balances
    left join designated
        on
            balances.holder = designated.holder
            and balances.account = designated.account
            and balances.business_date >= designated.valid_from
            and balances.business_date < designated.valid_until
)

select * from agg_resource_balances_daily
