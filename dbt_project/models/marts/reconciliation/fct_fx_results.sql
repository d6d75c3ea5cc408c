with conversions as (
    select * from {{ ref('int_reconciliation__conversions_measured') }}
),

fct_fx_results as (
    select
        item_key,
        case_id,
        psp,
        account,
        batch_id,
        booked_on,
        rate_date,
        currency,
        amount_minor,
        net_currency,
        converted_minor,
        reference_minor,
        markup_minor,
        variance_minor,
        fx_result_minor
    from conversions
)

select * from fct_fx_results
