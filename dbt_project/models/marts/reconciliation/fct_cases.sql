with cases_assembled as (
    select * from {{ ref('int_reconciliation__cases_assembled') }}
),

fct_cases as (
    select
        case_id,
        status,
        layer,
        case_kind,
        break_class,
        psp,
        account,
        currency,
        amount_minor,
        residue_minor,
        batch_id,
        event_date,
        hops,
        item_currency,
        item_count,
        ledger_count,
        ledger_minor,
        ledger_item_key,
        attempt_count,
        attempt_minor,
        attempt_item_key,
        activity_count,
        activity_minor,
        activity_item_key,
        settlement_count,
        settlement_minor,
        settlement_item_key,
        payout_count,
        payout_minor,
        payout_item_key,
        bank_count,
        bank_minor,
        bank_item_key
    from cases_assembled
)

select * from fct_cases
