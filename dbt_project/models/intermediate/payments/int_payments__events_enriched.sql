with events as (
    select * from {{ ref('stg_app__payment_events') }}
),

attempts as (
    select * from {{ ref('stg_app__payment_attempts') }}
),

int_payments__events_enriched as (
    select
        events.event_id,
        events.attempt_id,
        attempts.intent_id,
        events.psp,
        events.merchant_account,
        attempts.payment_method,
        events.event_kind,
        events.money_kind,
        events.amount_minor,
        events.currency,
        events.psp_reference,
        events.modification_reference,
        coalesce(events.merchant_reference, attempts.merchant_reference) as merchant_reference,
        events.entry_id,
        events.effective_at,
        events.recorded_at,
        {{ utc_date('events.effective_at') }} as business_date,
        events._batch_id,
        events._loaded_at
    from events
    left join attempts
        on events.attempt_id = attempts.attempt_id
)

select * from int_payments__events_enriched
