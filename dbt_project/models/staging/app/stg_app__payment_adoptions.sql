with facts as (
    select * from {{ source('app', 'app__payment_adoptions') }}
),

stg_app__payment_adoptions as (
    select
        {{ text_id('event_id') }} as event_id,
        {{ text_id('attempt_id') }} as attempt_id,
        {{ text_id('entry_id') }} as entry_id,
        recorded_at,
        {{ text_id('_batch_id') }} as _batch_id,
        _loaded_at
    from facts
)

select * from stg_app__payment_adoptions
