{{ config(materialized='ephemeral') }}

with psps as (
    select * from {{ source('catalogues', 'psp_catalogue') }}
),

int_core__psps_described as (
    select
        psp,
        zone,
        day_shift_seconds,
        activity_lag_days,
        settles_after_days,
        settlement_grace_days,
        bank_lag_days,
        batch_numbering,
        source
    from psps
)

select * from int_core__psps_described
