with facts as (
    select * from {{ source('app', 'app__payment_turn_ends') }}
),

stg_app__payment_turn_ends as (
    select
        {{ text_id('intent_id') }} as intent_id,
        attempt_no,
        ended_as,
        reason,
        ended_at,
        {{ text_id('_batch_id') }} as _batch_id,
        _loaded_at
    from facts
)

select * from stg_app__payment_turn_ends
