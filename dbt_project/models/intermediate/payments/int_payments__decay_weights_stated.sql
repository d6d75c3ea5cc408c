{{ config(materialized='ephemeral') }}

with weights as (
    select * from {{ source('scoring', 'payments__decay_weights') }}
),

int_payments__decay_weights_stated as (
    select
        second_of_hour,
        weight,
        weight_squared
    from weights
)

select * from int_payments__decay_weights_stated
