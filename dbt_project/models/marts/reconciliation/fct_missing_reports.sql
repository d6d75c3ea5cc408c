with reports_missing as (
    select * from {{ ref('int_reconciliation__reports_missing') }}
),

fct_missing_reports as (
    select
        psp,
        account,
        business_date,
        has_own_movements
    from reports_missing
)

select * from fct_missing_reports
