with facts as (
    select * from {{ source('app', 'app__payment_events') }}
),

stg_app__payment_events as (
    select
        {{ text_id('event_id') }} as event_id,
        {{ text_id('attempt_id') }} as attempt_id,
        psp,
        merchant_account,
        event_kind,
        raw_kind,
        money_kind,
        amount_minor,
        currency,
        psp_reference,
        modification_reference,
        merchant_reference,
        effective_at,
        recorded_at,
        {{ text_id('entry_id') }} as entry_id,
        {{ text_id('_batch_id') }} as _batch_id,
        _loaded_at
    from facts
)

select * from stg_app__payment_events
