with facts as (
    select * from {{ source('app', 'app__payment_intents') }}
),

stg_app__payment_intents as (
    select
        {{ text_id('intent_id') }} as intent_id,
        {{ text_id('player_id') }} as player_id,
        direction,
        currency,
        amount_minor,
        created_at,
        recorded_at,
        {{ text_id('_batch_id') }} as _batch_id,
        _loaded_at
    from facts
)

select * from stg_app__payment_intents
