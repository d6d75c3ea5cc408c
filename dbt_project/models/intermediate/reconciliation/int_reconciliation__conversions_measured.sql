{{ config(materialized='ephemeral') }}

with conversions as (
    select * from {{ source('derived', 'reconciliation__conversions') }}
),

dispositions as (
    select * from {{ source('derived', 'reconciliation__dispositions') }}
),

-- a line that is ignored (superseded, told again) moved nothing
int_reconciliation__conversions_measured as (
    select
        conversions.item_key,
        coalesce(dispositions.group_id, dispositions.break_id) as case_id,
        conversions.psp,
        conversions.account,
        conversions.batch_id,
        conversions.booked_on,
        conversions.rate_date,
        conversions.currency,
        conversions.amount_minor,
        conversions.net_currency,
        conversions.converted_minor,
        conversions.reference_minor,
        conversions.markup_minor,
        conversions.variance_minor,
        conversions.fx_result_minor
    from conversions
    inner join dispositions
        on conversions.item_key = dispositions.item_key
    where dispositions.disposition <> 'ignored'
)

select * from int_reconciliation__conversions_measured
