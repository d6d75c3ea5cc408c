with facts as (
    select * from {{ source('app', 'app__payment_answers') }}
),

stg_app__payment_answers as (
    select
        {{ text_id('call_id') }} as call_id,
        outcome,
        http_status,
        raw_code,
        network_code,
        advice_code,
        decline_code,
        decline_class,
        taxonomy_version,
        psp_reference,
        answered_at,
        latency_ms,
        recorded_at,
        {{ text_id('_batch_id') }} as _batch_id,
        _loaded_at
    from facts
)

select * from stg_app__payment_answers
