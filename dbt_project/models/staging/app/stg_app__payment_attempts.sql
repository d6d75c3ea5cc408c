with facts as (
    select * from {{ source('app', 'app__payment_attempts') }}
),

stg_app__payment_attempts as (
    select
        {{ text_id('attempt_id') }} as attempt_id,
        {{ text_id('intent_id') }} as intent_id,
        psp,
        merchant_account,
        merchant_reference,
        payment_method,
        created_at,
        recorded_at,
        {{ text_id('_batch_id') }} as _batch_id,
        _loaded_at
    from facts
)

select * from stg_app__payment_attempts
