{{ config(materialized='ephemeral') }}

with bands as (
    select * from {{ source('scoring', 'payments__amount_bands') }}
),

int_payments__amount_bands_stated as (
    select
        amount_band,
        exponent,
        from_minor,
        below_minor
    from bands
)

select * from int_payments__amount_bands_stated
