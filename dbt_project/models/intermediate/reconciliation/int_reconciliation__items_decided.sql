with items as (
    select * from {{ ref('int_reconciliation__items') }}
),

dispositions as (
    select * from {{ source('derived', 'reconciliation__dispositions') }}
),

kinds as (
    select * from {{ source('catalogues', 'money_kind_catalogue') }}
),

int_reconciliation__items_decided as (
    select
        items.*,
        kinds.family,
        dispositions.disposition,
        coalesce(dispositions.group_id, dispositions.break_id) as case_id,
        dispositions.group_id,
        dispositions.break_id,
        dispositions.reason
    from items
    inner join dispositions
        on items.item_key = dispositions.item_key
    left join kinds
        on items.kind = kinds.kind
)

select * from int_reconciliation__items_decided
