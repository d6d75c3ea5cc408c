with balances as (
    select * from {{ ref('agg_daily_account_balances') }}
),

classes as (
    select * from {{ ref('int_ledger__account_classes_described') }}
),

-- every component in every currency, the empty ones too
currencies as (
    select
        business_date,
        currency
    from balances
    group by business_date, currency
),

components as (
    select
        currencies.business_date,
        currencies.currency,
        classes.account_class,
        classes.funds_component
    from currencies
    cross join classes
    where classes.funds_side = 'liability'
),

agg_player_funds_daily as (
    select
        components.business_date,
        components.currency,
        components.funds_component as liability_component,
        {{ sum_minor('-balances.balance_minor') }} as amount_minor
    from components
    left join balances
        on
            components.business_date = balances.business_date
            and components.currency = balances.currency
            and components.account_class = balances.account_class
    group by components.business_date, components.currency, components.funds_component
)

select * from agg_player_funds_daily
