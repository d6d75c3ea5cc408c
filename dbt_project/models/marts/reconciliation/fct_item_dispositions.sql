with items_decided as (
    select * from {{ ref('int_reconciliation__items_decided') }}
),

fct_item_dispositions as (
    select
        item_key,
        source,
        disposition,
        case_id,
        group_id,
        break_id,
        reason,
        psp,
        account,
        kind,
        raw_kind,
        currency,
        amount_minor,
        net_currency,
        net_minor,
        psp_reference,
        modification_reference,
        merchant_reference,
        ext_id,
        batch_id,
        occurred_at,
        booked_on,
        file_name,
        file_version,
        line_no,
        known_at
    from items_decided
)

select * from fct_item_dispositions
