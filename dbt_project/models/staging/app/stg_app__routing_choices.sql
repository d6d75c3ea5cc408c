with facts as (
    select * from {{ source('app', 'app__routing_choices') }}
),

stg_app__routing_choices as (
    select
        {{ text_id('decision_id') }} as decision_id,
        psp,
        place,
        merchant_account,
        propensity,
        breaker,
        level,
        sr_mean,
        sr_lo,
        sr_hi,
        rank,
        worth_minor,
        excluded_by,
        {{ text_id('_batch_id') }} as _batch_id,
        _loaded_at
    from facts
)

select * from stg_app__routing_choices
