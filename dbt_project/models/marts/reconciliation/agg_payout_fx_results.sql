with fx_results as (
    select * from {{ ref('fct_fx_results') }}
),

agg_payout_fx_results as (
    select
        psp,
        account,
        coalesce(batch_id, 'none') as batch_id,
        net_currency,
        currency,
        cast(count(*) as bigint) as line_count,
        {{ sum_minor('amount_minor') }} as amount_minor,
        {{ sum_minor('converted_minor') }} as converted_minor,
        {{ sum_minor('reference_minor') }} as reference_minor,
        {{ sum_minor('markup_minor') }} as markup_minor,
        {{ sum_minor('variance_minor') }} as variance_minor,
        {{ sum_minor('fx_result_minor') }} as fx_result_minor
    from fx_results
    group by psp, account, coalesce(batch_id, 'none'), net_currency, currency
)

select * from agg_payout_fx_results
