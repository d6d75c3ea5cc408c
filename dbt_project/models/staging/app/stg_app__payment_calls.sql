with facts as (
    select * from {{ source('app', 'app__payment_calls') }}
),

stg_app__payment_calls as (
    select
        {{ text_id('call_id') }} as call_id,
        {{ text_id('attempt_id') }} as attempt_id,
        call,
        call_no,
        amount_minor,
        currency,
        asked_at,
        timeout_ms,
        {{ text_id('_batch_id') }} as _batch_id,
        _loaded_at
    from facts
)

select * from stg_app__payment_calls
