{{ config(materialized='ephemeral') }}

with lines as (
    select * from {{ ref('stg_bank__statement_lines') }}
),

-- pending, intraday and notified entries repeat money that an end-of-day statement books
booked as (
    select *
    from lines
    where is_booked
),

int_reconciliation__bank_items_selected as (
    select
        'bank:' || substr(_file_sha256, 1, 12) || ':' || {{ text_id('_source_line') }} as item_key,
        'bank' as source,
        cast(null as {{ dbt.type_string() }}) as psp,
        bank_account as account,
        'bank_movement' as kind,
        coalesce(transaction_code, report) as raw_kind,
        currency,
        amount_minor,
        currency as net_currency,
        amount_minor as net_minor,
        cast(null as bigint) as commission_minor,
        cast(null as bigint) as markup_minor,
        cast(null as bigint) as scheme_fee_minor,
        cast(null as bigint) as interchange_minor,
        cast(null as {{ dbt.type_string() }}) as exchange_rate,
        cast(null as {{ dbt.type_string() }}) as psp_reference,
        cast(null as {{ dbt.type_string() }}) as modification_reference,
        cast(null as {{ dbt.type_string() }}) as merchant_reference,
        cast(null as {{ dbt.type_string() }}) as ext_id,
        cast(null as {{ dbt.type_string() }}) as batch_id,
        description as bank_reference,
        cast(null as {{ dbt.type_string() }}) as payment_method,
        {{ start_of_utc_day('booking_date') }} as occurred_at,
        booking_date as booked_on,
        _source_file as file_name,
        _file_version as file_version,
        _source_line as line_no,
        _loaded_at as known_at,
        cast(null as {{ dbt.type_string() }}) as voids_item_key
    from booked
)

select * from int_reconciliation__bank_items_selected
