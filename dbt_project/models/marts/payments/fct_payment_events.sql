{{ config(materialized='incremental', unique_key='event_id', incremental_strategy='delete+insert', on_schema_change='fail') }}

with enriched as (
    select * from {{ ref('int_payments__events_enriched') }}
),

-- new events, and known ones whose attempt has become known since
events as (
    select enriched.*
    from enriched
    {% if is_incremental() %}
    left join {{ this }} as published
        on enriched.event_id = published.event_id
    where
        published.event_id is null
        or (published.attempt_id is null and enriched.attempt_id is not null)
    {% endif %}
),

fct_payment_events as (
    select
        event_id,
        attempt_id,
        intent_id,
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
        entry_id,
        effective_at,
        recorded_at,
        business_date,
        _batch_id,
        _loaded_at
    from events
)

select * from fct_payment_events
