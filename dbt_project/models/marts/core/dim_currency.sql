with currencies as (
    select * from {{ ref('int_core__currencies_dated') }}
),

dim_currency as (
    select
        currency,
        exponent,
        valid_from,
        valid_until
    from currencies
)

select * from dim_currency
