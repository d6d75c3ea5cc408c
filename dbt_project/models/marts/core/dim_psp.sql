with psps as (
    select * from {{ ref('int_core__psps_described') }}
),

dim_psp as (
    select
        psp,
        zone,
        activity_lag_days,
        settles_after_days,
        settlement_grace_days,
        bank_lag_days,
        batch_numbering,
        source
    from psps
)

select * from dim_psp
