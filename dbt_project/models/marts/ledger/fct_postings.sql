{{ config(materialized='incremental', unique_key=['entry_id', 'line'], incremental_strategy='delete+insert', on_schema_change='fail') }}

with postings as (
    select * from {{ ref('int_ledger__postings_enriched') }}
    -- a landing is one batch, whole or not at all: what is not here yet is known exactly, without comparing times
    {% if is_incremental() %}
    where _batch_id not in (select _batch_id from {{ this }} group by _batch_id)
    {% endif %}
),

fct_postings as (
    select
        entry_id,
        line,
        entry_kind,
        effective_at,
        recorded_at,
        business_date,
        reverses_id,
        account_code,
        account_class,
        player_id,
        psp,
        merchant_account,
        currency,
        amount_minor,
        cast(debit_minor as bigint) as debit_minor,
        cast(credit_minor as bigint) as credit_minor,
        intent_id,
        attempt_id,
        psp_reference,
        modification_reference,
        _batch_id,
        _loaded_at
    from postings
)

select * from fct_postings
