{{ config(materialized='ephemeral') }}

with postings as (
    select * from {{ ref('int_ledger__postings_enriched') }}
),

kinds as (
    select * from {{ source('catalogues', 'money_kind_catalogue') }}
),

accounts as (
    select * from {{ ref('int_core__merchant_accounts_dated') }}
),

psps as (
    select * from {{ ref('int_core__psps_described') }}
),

-- a debit of the receivable is money towards us; a payout leaves the PSP, so in transit the sign turns
movements as (
    select
        postings.*,
        kinds.family = 'payout' as is_payout,
        case when kinds.family = 'payout' then -postings.amount_minor else postings.amount_minor end as item_minor
    from postings
    inner join kinds
        on postings.moved_kind = kinds.kind
    where
        (postings.account_class = 'psp_receivable' and kinds.family = 'player')
        or (postings.account_class = 'psp_payout_in_transit' and kinds.family = 'payout')
),

dated as (
    {{ with_the_book_that_cuts_the_day('movements') }}
),

int_reconciliation__ledger_items_selected as (
    select
        'ledger:' || {{ hex_id('entry_id') }} || ':' || {{ text_id('line') }} as item_key,
        'ledger' as source,
        psp,
        merchant_account as account,
        moved_kind as kind,
        entry_kind as raw_kind,
        currency,
        item_minor as amount_minor,
        cast(null as {{ dbt.type_string() }}) as net_currency,
        cast(null as bigint) as net_minor,
        cast(null as bigint) as commission_minor,
        cast(null as bigint) as markup_minor,
        cast(null as bigint) as scheme_fee_minor,
        cast(null as bigint) as interchange_minor,
        cast(null as {{ dbt.type_string() }}) as exchange_rate,
        case when is_payout then null else psp_reference end as psp_reference,
        modification_reference,
        merchant_reference,
        cast(null as {{ dbt.type_string() }}) as ext_id,
        case when is_payout then psp_reference end as batch_id,
        cast(null as {{ dbt.type_string() }}) as bank_reference,
        payment_method,
        effective_at as occurred_at,
        {{ business_date('effective_at', 'local_zone', 'day_shift_seconds') }} as booked_on,
        cast(null as {{ dbt.type_string() }}) as file_name,
        cast(null as integer) as file_version,
        cast(null as integer) as line_no,
        recorded_at as known_at,
        -- a reversal keeps the line numbers of the entry that it takes back
        case when reverses_id is not null then 'ledger:' || {{ hex_id('reverses_id') }} || ':' || {{ text_id('line') }} end as voids_item_key
    from dated
)

select * from int_reconciliation__ledger_items_selected
