with facts as (
    select * from {{ source('app', 'app__payment_attempt_contexts') }}
),

stg_app__payment_attempt_contexts as (
    select
        {{ text_id('attempt_id') }} as attempt_id,
        attempt_no,
        country,
        card_fingerprint,
        bin,
        scheme,
        funding,
        issuer,
        issuer_country,
        three_ds_asked,
        {{ text_id('decision_id') }} as decision_id,
        {{ text_id('retry_of') }} as retry_of,
        retry_rule,
        recorded_at,
        {{ text_id('_batch_id') }} as _batch_id,
        _loaded_at
    from facts
)

select * from stg_app__payment_attempt_contexts
