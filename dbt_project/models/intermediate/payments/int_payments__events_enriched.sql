with events as (
    select * from {{ ref('stg_app__payment_events') }}
),

adoptions as (
    select * from {{ ref('stg_app__payment_adoptions') }}
),

attempts as (
    select * from {{ ref('stg_app__payment_attempts') }}
),

-- an event may be known before its attempt: the adoption says later whose it was
owned as (
    select
        events.*,
        coalesce(events.attempt_id, adoptions.attempt_id) as owner_id
    from events
    left join adoptions
        on events.event_id = adoptions.event_id
),

int_payments__events_enriched as (
    select
        owned.event_id,
        owned.owner_id as attempt_id,
        attempts.intent_id,
        owned.psp,
        owned.merchant_account,
        attempts.payment_method,
        owned.event_kind,
        owned.raw_kind,
        owned.money_kind,
        owned.amount_minor,
        owned.currency,
        owned.psp_reference,
        owned.modification_reference,
        coalesce(owned.merchant_reference, attempts.merchant_reference) as merchant_reference,
        owned.entry_id,
        owned.effective_at,
        owned.recorded_at,
        {{ utc_date('owned.effective_at') }} as business_date,
        owned._batch_id,
        owned._loaded_at
    from owned
    left join attempts
        on owned.owner_id = attempts.attempt_id
)

select * from int_payments__events_enriched
