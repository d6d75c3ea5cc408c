with groups_found as (
    select * from {{ ref('int_reconciliation__groups_found') }}
),

fct_match_groups as (
    select
        group_id,
        layer,
        case_kind,
        coalesce(psp, 'none') as psp,
        account,
        currency,
        amount_minor,
        residue_minor,
        batch_id,
        event_date,
        item_count,
        hops
    from groups_found
)

select * from fct_match_groups
