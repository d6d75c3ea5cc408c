{{ config(materialized='incremental', unique_key='event_id', incremental_strategy='delete+insert', on_schema_change='fail') }}

with events as (
    select * from {{ ref('int_payments__events_enriched') }}
    -- as in fct_postings: a landing is one batch, whole or not at all
    {% if is_incremental() %}
    where _batch_id not in (select _batch_id from {{ this }} group by _batch_id)
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
