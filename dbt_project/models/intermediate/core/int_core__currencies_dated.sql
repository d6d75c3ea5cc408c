{{ config(materialized='ephemeral') }}

with currencies as (
    select * from {{ source('catalogues', 'currency_catalogue') }}
),

int_core__currencies_dated as (
    select
        currency,
        exponent,
        valid_from,
        valid_until
    from currencies
)

select * from int_core__currencies_dated
