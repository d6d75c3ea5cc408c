with funds as (
    select * from {{ ref('agg_player_funds_daily') }}
),

resources as (
    select * from {{ ref('agg_resource_balances_daily') }}
),

bases as (
    select 'books' as basis
    union all
    select 'statement' as basis
),

requirements as (
    select
        funds.business_date,
        funds.currency,
        bases.basis,
        'requirement' as side,
        funds.liability_component as component,
        funds.amount_minor
    from funds
    cross join bases
),

covering as (
    select
        resources.business_date,
        resources.currency,
        bases.basis,
        'resource' as side,
        resources.component,
        {{ sum_minor("case when bases.basis = 'books' then resources.books_minor else resources.statement_minor end") }} as amount_minor
    from resources
    cross join bases
    where resources.is_designated
    group by resources.business_date, resources.currency, bases.basis, resources.component
),

lines as (
    select * from requirements
    union all
    select * from covering
),

surplus as (
    select
        business_date,
        currency,
        basis,
        'surplus' as side,
        'surplus_shortfall' as component,
        {{ sum_minor("case when side = 'resource' then amount_minor else -amount_minor end") }} as amount_minor
    from lines
    group by business_date, currency, basis
),

agg_safeguarding_daily as (
    select * from lines
    union all
    select * from surplus
)

select
    business_date,
    currency,
    basis,
    side,
    component,
    amount_minor
from agg_safeguarding_daily
