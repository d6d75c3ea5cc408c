{{ config(materialized='ephemeral') }}

with events as (
    select * from {{ ref('int_payments__events_enriched') }}
),

accounts as (
    select * from {{ ref('int_core__merchant_accounts_dated') }}
),

psps as (
    select * from {{ ref('int_core__psps_described') }}
),

moved as (
    select *
    from events
    where
        money_kind is not null
        and amount_minor is not null
),

dated as (
    {{ with_the_book_that_cuts_the_day('moved') }}
),

int_reconciliation__attempt_items_selected as (
    select
        'attempt:' || {{ hex_id('event_id') }} as item_key,
        'attempt' as source,
        psp,
        merchant_account as account,
        money_kind as kind,
        raw_kind,
        currency,
        amount_minor,
        cast(null as {{ dbt.type_string() }}) as net_currency,
        cast(null as bigint) as net_minor,
        cast(null as bigint) as commission_minor,
        cast(null as bigint) as markup_minor,
        cast(null as bigint) as scheme_fee_minor,
        cast(null as bigint) as interchange_minor,
        cast(null as {{ dbt.type_string() }}) as exchange_rate,
        psp_reference,
        modification_reference,
        merchant_reference,
        cast(null as {{ dbt.type_string() }}) as ext_id,
        cast(null as {{ dbt.type_string() }}) as batch_id,
        cast(null as {{ dbt.type_string() }}) as bank_reference,
        payment_method,
        effective_at as occurred_at,
        {{ business_date('effective_at', 'local_zone', 'day_shift_seconds') }} as booked_on,
        cast(null as {{ dbt.type_string() }}) as file_name,
        cast(null as integer) as file_version,
        cast(null as integer) as line_no,
        recorded_at as known_at,
        cast(null as {{ dbt.type_string() }}) as voids_item_key
    from dated
)

select * from int_reconciliation__attempt_items_selected
