with batches as (
    select * from {{ ref('int_reconciliation__payout_batches_summed') }}
),

cases as (
    select * from {{ ref('fct_cases') }}
),

fct_payout_batches as (
    select
        batches.psp,
        batches.account,
        batches.batch_id,
        batches.currency,
        batches.line_count,
        batches.payout_count,
        batches.payment_net_minor,
        batches.account_net_minor,
        batches.other_net_minor,
        batches.payout_minor,
        batches.residue_minor,
        batches.commission_minor,
        batches.markup_minor,
        batches.scheme_fee_minor,
        batches.interchange_minor,
        batches.first_booked_on,
        batches.last_booked_on,
        batches.paid_out_on,
        batches.bank_reference,
        batches.payout_case_id,
        coalesce(cases.status, 'unpaid') as status,
        cases.break_class,
        cases.bank_minor,
        cases.bank_item_key
    from batches
    left join cases
        on batches.payout_case_id = cases.case_id
)

select * from fct_payout_batches
