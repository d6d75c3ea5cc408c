with facts as (
    select * from {{ source('app', 'app__payment_authentications') }}
),

stg_app__payment_authentications as (
    select
        {{ text_id('authentication_id') }} as authentication_id,
        {{ text_id('attempt_id') }} as attempt_id,
        step,
        effective_at,
        recorded_at,
        {{ text_id('_batch_id') }} as _batch_id,
        _loaded_at
    from facts
)

select * from stg_app__payment_authentications
