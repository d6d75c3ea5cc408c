{{ config(materialized='ephemeral') }}

with groups as (
    select * from {{ source('derived', 'reconciliation__groups') }}
),

int_reconciliation__groups_found as (
    select
        group_id,
        layer,
        case_kind,
        psp,
        account,
        currency,
        amount_minor,
        residue_minor,
        batch_id,
        event_date,
        item_count,
        hops
    from groups
)

select * from int_reconciliation__groups_found
