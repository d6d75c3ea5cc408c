{{ config(materialized='ephemeral') }}

with settlement_lines as (
    select * from {{ ref('stg_psp__settlement_lines') }}
),

activity_lines as (
    select * from {{ ref('stg_psp__activity_lines') }}
),

kinds as (
    select * from {{ source('catalogues', 'money_kind_catalogue') }}
),

all_lines as (
    select
        'activity' as role,
        activity_lines.*
    from activity_lines
    union all
    select
        'settlement' as role,
        settlement_lines.*
    from settlement_lines
),

-- a payout row is compared by what leaves the balance; any other line by what the player paid or got, where the report says so
told as (
    select
        all_lines.*,
        case when all_lines.role = 'settlement' and kinds.family = 'payout' then 'payout' else all_lines.role end as source,
        coalesce(kinds.family = 'payout' and all_lines.net_minor is not null, false) or all_lines.gross_minor is null as is_told_by_net
    from all_lines
    left join kinds
        on all_lines.kind = kinds.kind
),

-- a line without any money is still a line: zero of no currency (XXX), which the engine ignores with a reason
lines as (
    select
        told.*,
        coalesce(case when is_told_by_net then net_currency else gross_currency end, gross_currency, net_currency, 'XXX') as item_currency,
        coalesce(case when is_told_by_net then net_minor else gross_minor end, 0) as item_minor
    from told
),

int_reconciliation__psp_items_selected as (
    select
        source || ':' || substr(_file_sha256, 1, 12) || ':' || {{ text_id('_source_line') }} as item_key,
        source,
        psp,
        account,
        kind,
        raw_kind,
        item_currency as currency,
        item_minor as amount_minor,
        net_currency,
        net_minor,
        commission_minor,
        markup_minor,
        scheme_fee_minor,
        interchange_minor,
        exchange_rate,
        psp_reference,
        modification_reference,
        merchant_reference,
        ext_id,
        batch_id,
        bank_reference,
        payment_method,
        occurred_at,
        booked_on,
        _source_file as file_name,
        _file_version as file_version,
        _source_line as line_no,
        _loaded_at as known_at,
        cast(null as {{ dbt.type_string() }}) as voids_item_key
    from lines
)

select * from int_reconciliation__psp_items_selected
